"""Attributes of people, by whatever name a corpus has them, as groups."""

import re
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from voice2face.arrays import Texts
from voice2face.corpus.arrays import Faces
from voice2face.experiments.recordings import Recordings, texts

Attributes = Mapping[str, npt.NDArray[np.object_] | Texts]

COLUMNS = {
    "gender": ("gender", "seen_sex", "sex"),
    "age": ("age", "seen_age", "age_group", "age_band"),
    "ethnicity": ("ethnicity", "race"),
    "language": ("language", "lang"),
    "native English": ("native_english", "native"),
}
STRATA = ((), ("gender",), ("gender", "age"), ("gender", "age", "ethnicity"))
# Lower ends of age bands in years.
BANDS = ((60, "60 and over"), (40, "40 to 59"), (0, "under 40"))


def groups_of(attributes: Attributes, n: int) -> dict[str, Texts]:
    """Columns of ``COLUMNS`` that are not empty; ages in years become bands.

    Args:
        attributes: Columns of a corpus, None or "" where a cell is empty, each (n,).
        n: Number of rows.

    Returns:
        Columns by the names of ``COLUMNS``, each (n,); "" where a cell is empty.
    """
    columns = {name: column(attributes, name, n) for name in COLUMNS}
    known = {name: cells for name, cells in columns.items() if (cells != "").any()}
    return {n: age_bands(cells) if n == "age" else cells for n, cells in known.items()}


def column(attributes: Attributes, name: str, n: int) -> Texts:
    """A column of ``COLUMNS`` as a corpus has it, (n,); "" where a cell is empty."""
    cells = next((attributes[s] for s in COLUMNS[name] if s in attributes), None)
    return np.full(n, "", str) if cells is None else texts(np.asarray(cells, object))


def group_of(what: Recordings | Faces, name: str) -> Texts:
    """One column of ``COLUMNS`` as groups, (n,); "" where a cell is empty."""
    return groups_of(what.attributes, len(what)).get(name, np.full(len(what), "", str))


def age_bands(cells: Texts) -> Texts:
    """Ages in years as bands; other cells, such as "20-39", stay as they are."""
    return np.array([_band(cell) for cell in cells], str)


def _band(cell: str) -> str:
    if not re.fullmatch(r"\d+(\.\d*)?", cell):
        return cell
    return next(name for least, name in BANDS if float(cell) >= least)


def strata_of(groups: Mapping[str, Texts]) -> list[tuple[str, ...]]:
    """Strata whose columns are all there."""
    return [strata for strata in STRATA if all(name in groups for name in strata)]
