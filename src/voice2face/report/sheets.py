"""Faces in rows and columns with their labels, for print."""

import textwrap
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

from voice2face.files import atomic_write
from voice2face.markup import line
from voice2face.release.contact_sheet import FAINT, write_line
from voice2face.report.grids import Faces

WIDTH_PX = 2160  # of a sheet of many columns; 300 dots an inch across a text block
MOST_PX, GAP_PX = 240, 12  # side of a face, and between faces
LEFT_PX = 320  # for the rows' labels
TEXT_PX, LINE_PX, LETTER_PX = 28, 34, 15  # height of letters and lines, width of a letter, about
MOST_LINES = 4
DPI = 300


def write_sheet(path: Path, faces: Faces) -> Path:
    """Write a grid with its labels as one picture.

    Args:
        path: A PNG file.
        faces: The grid.

    Raises:
        OutputError: It could not be written.
    """
    grid = faces.grid
    n_rows, n_columns = faces.cells.shape[:2]
    side = min(MOST_PX, (WIDTH_PX - LEFT_PX) // n_columns - GAP_PX)
    step = side + GAP_PX
    columns = [_lines(name, side) for name in grid.columns]
    rows = [_lines(name, LEFT_PX - GAP_PX) for name in grid.rows]
    title_px = LINE_PX * bool(grid.column_title)
    head = title_px + LINE_PX * max(map(len, columns)) + GAP_PX
    size = LEFT_PX + n_columns * step, head + n_rows * step
    sheet = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(sheet)
    for at, title, width in (
        ((LEFT_PX, 0), grid.column_title, n_columns * step),
        ((0, head - GAP_PX - LINE_PX), grid.row_title, LEFT_PX - GAP_PX),
    ):
        write_line(draw, at, title, TEXT_PX, FAINT, width=width)
    for j, lines in enumerate(columns):
        _write(draw, (LEFT_PX + j * step, head - GAP_PX - LINE_PX * len(lines)), lines, side)
    for i, lines in enumerate(rows):
        middle = head + i * step + (side - LINE_PX * len(lines)) // 2
        _write(draw, (0, middle), lines, LEFT_PX - GAP_PX)
        for j in range(n_columns):
            face = Image.fromarray(faces.cells[i, j]).resize((side, side), Image.Resampling.BICUBIC)
            sheet.paste(face, (LEFT_PX + j * step, head + i * step))
    with atomic_write(path) as temporary:
        sheet.save(temporary, format="PNG", dpi=(DPI, DPI), compress_level=1)
    return path


def _lines(name: str, width: int) -> list[str]:
    """A label as lines of that width, in pixels."""
    letters = max(4, width // LETTER_PX)
    return textwrap.wrap(line(name), letters, max_lines=MOST_LINES, placeholder=" …") or [""]


def _write(
    draw: ImageDraw.ImageDraw, at: tuple[int, int], lines: Sequence[str], width: int
) -> None:
    for number, text in enumerate(lines):
        write_line(draw, (at[0], at[1] + number * LINE_PX), text, TEXT_PX, width=width)
