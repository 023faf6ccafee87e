"""Rows of a result, as tests look for them."""

from collections.abc import Sequence

from voice2face.evaluation.results import Row


def find_row(
    rows: Sequence[Row], system: str, measure: str, against: str = "", embedder: str | None = None
) -> Row | None:
    """The first such row; None where there is none."""
    for row in rows:
        same = (row.system, row.measure, row.against) == (system, measure, against)
        if same and embedder in (None, row.embedder):
            return row
    return None
