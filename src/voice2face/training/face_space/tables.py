"""People from tables of pictures: each face normalised, or counted by the reason why not."""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.arrays import Int64s
from voice2face.faces.detect import Detector
from voice2face.faces.normalise import Normalised, Normaliser
from voice2face.faces.pictures import PictureError, read_picture

Row = Mapping[str, str]


def read_rows(table: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with table.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def normalised(
    paths: Iterable[Path],
    normalise: Normaliser,
    detect: Detector,
    look: Callable[[int], None] = lambda row: None,
) -> tuple[Int64s, dict[str, npt.NDArray[Any]], Counter[str]]:
    """The normalised faces of picture files.

    Args:
        paths: The files.
        normalise: How, and which are refused.
        detect: Finds the faces.
        look: Told the number of each row when it is done.

    Returns:
        Numbers of the rows with a face; their ``texture``, ``person`` and ``shape``; and how many
        were refused, by reason.
    """
    kept: list[Normalised] = []
    rows: list[int] = []
    refused: Counter[str] = Counter()
    for row, path in enumerate(paths):
        try:
            picture = read_picture(path.read_bytes())
            if not (found := detect(picture)):
                raise PictureError("no face", "none found")
            kept.append(normalise(picture, found[0]))
            rows.append(row)
        except PictureError as error:
            refused[error.reason] += 1
        look(row)
    names = ("texture", "person", "shape")
    arrays = {name: np.array([getattr(one, name) for one in kept]) for name in names}
    return np.array(rows, np.int64), arrays, refused
