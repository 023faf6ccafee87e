"""Reads tiled pictures of faces."""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from voice2face.arrays import UInt8s
from voice2face.errors import CorpusError
from voice2face.evaluation.results import Grid

WHITE = 255
REMEDY = "restore it, or run the experiment again"


@dataclass(frozen=True, eq=False)
class Faces:
    """The faces of a grid.

    Attributes:
        grid: Labels of the grid.
        cells: RGB, uint8, shape (rows, columns, px, px, 3).
    """

    grid: Grid
    cells: UInt8s

    def png(self, row: int, column: int) -> bytes | None:
        """One face as a file; None for an empty cell."""
        cell = self.cells[row, column]
        if (cell == WHITE).all():
            return None
        stream = BytesIO()
        Image.fromarray(cell).save(stream, format="PNG", optimize=True)
        return stream.getvalue()


def read_faces(folder: Path, grid: Grid) -> Faces:
    """Cut the picture of a grid.

    Raises:
        CorpusError: It is missing, damaged, or has another number of faces than labels.
    """
    path, wanted = folder / grid.file, (len(grid.columns) * grid.px, len(grid.rows) * grid.px)
    try:
        with Image.open(path) as picture:
            if picture.size != wanted:
                raise CorpusError(path, _size(picture.size), _size(wanted), REMEDY)
            pixels = np.asarray(picture.convert("RGB"))
    except FileNotFoundError as error:
        raise CorpusError(path, "missing", f"the faces of '{grid.title}'", REMEDY) from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise CorpusError(path, f"damaged ({error})", "a PNG file", REMEDY) from error
    shape = (len(grid.rows), grid.px, len(grid.columns), grid.px, 3)
    return Faces(grid, pixels.reshape(shape).swapaxes(1, 2))


def _size(size: tuple[int, int]) -> str:
    return f"{size[0]}×{size[1]} pixels"
