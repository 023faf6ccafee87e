"""The numbers of a result as CSV, with all digits."""

import csv
import io
from collections.abc import Iterable, Sequence

import msgspec

from voice2face.evaluation.results import Result, Row
from voice2face.markup import line

FORMULAS = ("=", "+", "-", "@")


def rows_csv(result: Result) -> str:
    """One line a row, its fields as columns; empty where there is no number."""
    fields = [field.name for field in msgspec.structs.fields(Row)]
    return _csv(fields, ([getattr(row, field) for field in fields] for row in result.rows))


def series_csv(result: Result) -> str:
    """One line a point of a curve."""
    head = ["panel", "series", "x_label", "x", "y_label", "y", "low", "high", "chance"]
    points = (
        [
            one.panel, one.name, one.x_label, x, one.y_label, one.y[i],
            one.low[i] if one.low else None, one.high[i] if one.high else None, one.chance,
        ]
        for one in result.series
        for i, x in enumerate(one.x)
    )  # fmt: skip
    return _csv(head, points)


def _csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(head)
    for row in rows:
        writer.writerow([_text(value) if isinstance(value, str) else value for value in row])
    return stream.getvalue()


def _text(value: str) -> str:
    """A name as text: what begins like a formula, spreadsheets would compute."""
    text = line(value)
    return f"'{text}" if text[:1] in FORMULAS else text
