"""What is known of people, under whatever name a corpus has it, as groups to compare within."""

import re
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from voice2face.corpus.arrays import Faces
from voice2face.experiments.recordings import Recordings, texts

Texts = npt.NDArray[np.str_]

COLUMNS = {
    "gender": ("gender", "seen_sex", "sex"),
    "age": ("age", "seen_age", "age_group", "age_band"),
    "ethnicity": ("ethnicity", "race"),
    "language": ("language", "lang"),
    "native English": ("native_english", "native"),
}
STRATA = ((), ("gender",), ("gender", "age"), ("gender", "age", "ethnicity"))
# Lower ends of bands in years; as coarse as the labels of corpora that have bands.
BANDS = ((60, "60 and over"), (40, "40 to 59"), (0, "under 40"))


def groups_of(
    attributes: Mapping[str, npt.NDArray[np.object_] | Texts], n: int
) -> dict[str, Texts]:
    """The columns of ``COLUMNS`` that hold something; ages that are numbers become bands.

    Args:
        attributes: Columns of a corpus, None or "" where a cell is empty, each (n,).
        n: Rows.

    Returns:
        By this project's name, each (n,); "" where a cell is empty.
    """
    found = {}
    for name, spellings in COLUMNS.items():
        column = next((attributes[s] for s in spellings if s in attributes), None)
        if column is None or len(column) != n:
            continue
        cells = texts(np.asarray(column, object))
        if (cells != "").any():
            found[name] = age_bands(cells) if name == "age" else cells
    return found


def group_of(what: Recordings | Faces, name: str) -> Texts:
    """One column of ``COLUMNS``, (n,); "" where a cell is empty or there is no such column."""
    return groups_of(what.attributes, len(what)).get(name, np.full(len(what), "", str))


def age_bands(cells: Texts) -> Texts:
    """Ages in years as bands; what is no number, such as "20-39", stays as it is."""
    return np.array([_band(cell) for cell in cells], str)


def _band(cell: str) -> str:
    if not re.fullmatch(r"\d+(\.\d*)?", cell):
        return cell
    return next(name for least, name in BANDS if float(cell) >= least)


def strata_of(groups: Mapping[str, Texts]) -> list[tuple[str, ...]]:
    """Those of ``STRATA`` whose columns there are."""
    return [strata for strata in STRATA if all(name in groups for name in strata)]
