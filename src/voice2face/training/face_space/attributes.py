"""Gender and age of people: as sources say, or as a network sees them in normalised faces."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.arrays import Float32s, Float64s, UInt8s
from voice2face.evaluation.embedders.face_set import FaceSet
from voice2face.faces.drawing import Drawing
from voice2face.faces.layout import Layout
from voice2face.faces.mesh import five_points

MALE = {"male": 1.0, "m": 1.0, "man": 1.0, "female": 0.0, "f": 0.0, "woman": 0.0}
GENDERS, AGES = ("gender", "sex"), ("age",)  # names of columns
OPEN_END = 5.0  # years that people of "more than 70" are older than that, say
LIKELY_AGES = (1.0, 119.0)


def said_male(columns: Mapping[str, npt.NDArray[np.object_]], n: int) -> Float64s:
    """Whether each is a man by the column of gender: 1, 0, or NaN where it does not say."""
    return _said(columns, GENDERS, n, lambda text: MALE.get(text.casefold(), np.nan))


def said_age(columns: Mapping[str, npt.NDArray[np.object_]], n: int) -> Float64s:
    """Age in years by the column of age, the middle of a band; NaN where it does not say."""
    return _said(columns, AGES, n, years)


def years(text: str) -> float:
    """Age in years of a cell: ``34``, ``20-29``, ``>=60``, ``more than 70``; NaN of any other."""
    numbers = [float(found) for found in re.findall(r"\d+(?:\.\d+)?", text)]
    age = np.nan
    if len(numbers) == 2:
        age = (numbers[0] + numbers[1] + 1) / 2
    elif len(numbers) == 1:
        alone = re.fullmatch(r"\s*\d+(?:\.\d+)?\s*", text) is not None
        age = numbers[0] + (0 if alone else OPEN_END)
    return age if LIKELY_AGES[0] <= age <= LIKELY_AGES[1] else np.nan


def on_own_shapes(texture: UInt8s, shape: Float32s, px: int) -> FaceSet:
    """Normalised faces as they were in their pictures, for networks that look at faces.

    Args:
        texture: RGB, shape (n, side, side, 3).
        shape: Shape (n, 468, 2).
        px: Side of the faces.
    """
    draw = Drawing(Layout.read(), px)
    faces = np.empty((len(texture), px, px, 3), np.uint8)
    for row, (one, points) in enumerate(zip(texture, shape, strict=True)):
        faces[row] = np.rint(np.clip(draw(one, points), 0, 255))
    points = np.array([five_points(one) for one in shape]).reshape(len(shape), 5, 2)
    return FaceSet(faces, px * points)


def _said(
    columns: Mapping[str, npt.NDArray[np.object_]], names: tuple[str, ...], n: int, read: Any
) -> Float64s:
    found = np.full(n, np.nan)
    for name, cells in columns.items():
        if name.casefold() in names:
            known = np.array([np.nan if cell is None else read(str(cell)) for cell in cells])
            found = np.where(np.isnan(found), known.reshape(n), found)
    return found
