"""Faces in rows and columns with their labels, for print."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from voice2face.report import figures
from voice2face.report.grids import Faces

LEFT_IN, GAP_IN, LINE_IN = 1.05, 0.04, 0.125
MOST_IN = 0.95  # side of a face
LETTER_IN = 0.062  # width of one, about
TEXT_PT, LEAST_PT = 7.5, 5.0
MOST_LETTERS = 14  # of a word that is not broken
DPI = 200  # of the enlarged faces, which are drawn pixel by pixel


def write_sheet(path: Path, faces: Faces) -> list[Path]:
    """A grid with its labels, as ``path`` with .pdf and .png.

    Raises:
        MissingExtraError: matplotlib is not installed.
        OutputError: They could not be written.
    """
    grid = faces.grid
    side_in = min(MOST_IN, (figures.WIDTH_IN - LEFT_IN) / len(grid.columns) - GAP_IN)
    pixels = _spaced(faces, round(side_in * DPI), max(1, round(GAP_IN * DPI)))
    columns = [_wrapped(name, side_in) for name in grid.columns]
    head_in = LINE_IN * (2 + max(text.count("\n") for text in columns) + bool(grid.column_title))
    width_in, height_in = pixels.shape[1] / DPI, pixels.shape[0] / DPI
    with figures.blank() as figure:
        figure.set_size_inches(LEFT_IN + width_in, head_in + height_in)
        total_in = head_in + height_in
        place = LEFT_IN / (LEFT_IN + width_in), 0, width_in / (LEFT_IN + width_in)
        axis = figure.add_axes((*place, height_in / total_in))
        axis.imshow(pixels, interpolation="none", extent=(0, width_in, height_in, 0))
        axis.set_axis_off()
        _label(axis, faces, columns, side_in)
        return figures.save(figure, path, DPI)


def _label(axis: Any, faces: Faces, columns: list[str], side_in: float) -> None:
    grid, step = faces.grid, side_in + GAP_IN
    rows = [_wrapped(name, LEFT_IN - 0.12) for name in grid.rows]
    size = _size(columns, step)
    for i, name in enumerate(columns):
        axis.text(i * step + side_in / 2, -0.05, name, ha="center", va="bottom", fontsize=size)
    size = _size(rows, LEFT_IN - 0.12)
    for i, name in enumerate(rows):
        axis.text(-0.08, i * step + side_in / 2, name, ha="right", va="center", fontsize=size)
    above = -0.05 - LINE_IN * (1.1 + max(text.count("\n") for text in columns))
    if grid.column_title:
        middle = len(columns) * step / 2
        title = figures.wrapped(grid.column_title, 80, 1)
        axis.text(middle, above, title, ha="center", va="bottom", weight="bold")
    if grid.row_title:
        axis.text(-0.08, -0.05, figures.wrapped(grid.row_title, 18, 1), ha="right", va="bottom",
                  weight="bold")  # fmt: skip


def _spaced(faces: Faces, px: int, gap: int) -> np.ndarray:
    """The faces enlarged and apart, uint8, shape (height, width, 3)."""
    n_rows, n_columns = faces.cells.shape[:2]
    sheet = np.full((n_rows * (px + gap) - gap, n_columns * (px + gap) - gap, 3), 255, np.uint8)
    for i in range(n_rows):
        for j in range(n_columns):
            face = Image.fromarray(faces.cells[i, j]).resize((px, px), Image.Resampling.BICUBIC)
            top, left = i * (px + gap), j * (px + gap)
            sheet[top : top + px, left : left + px] = np.asarray(face)
    return sheet


def _wrapped(name: str, width_in: float) -> str:
    """As many letters a line as have room; a longer word gets smaller letters, up to a point."""
    longest = max(map(len, ["", *name.split()]))
    letters = max(4, int(width_in / LETTER_IN), min(longest, MOST_LETTERS))
    return figures.wrapped(name, letters, 4)


def _size(texts: Sequence[str], width_in: float) -> float:
    """Size of letters with which the longest word fits, in points."""
    longest = max(len(word) for text in texts for word in ["-", *text.split()])
    return max(LEAST_PT, min(TEXT_PT, TEXT_PT * width_in / (longest * LETTER_IN)))
