"""Shapes of normalised faces as a corpus stores them: where the points of their meshes were."""

from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.arrays import Float32s
from voice2face.faces.mesh import N_POINTS

STEPS = 16_384  # of a side of the face: a hundredth of a pixel of a face of 160
N_BYTES = 2 * 2 * N_POINTS
DTYPE = np.dtype("<i2")


def encoded_shape(shape: npt.NDArray[Any]) -> bytes:
    """A shape, in sides of the face, (468, 2), as it is stored."""
    steps = np.rint(np.clip(shape, -1.99, 1.99) * STEPS)
    return bytes(steps.astype(DTYPE).tobytes())


def decoded_shapes(cells: list[bytes | None]) -> Float32s:
    """Shapes from what is stored, in sides of the face; NaN for null.

    Args:
        cells: As :func:`encoded_shape` gives them.

    Returns:
        Shape (n, 468, 2).

    Raises:
        ValueError: A cell of another length.
    """
    shapes = np.full((len(cells), N_POINTS, 2), np.nan, np.float32)
    for row, cell in enumerate(cells):
        if cell is None:
            continue
        if len(cell) != N_BYTES:
            raise ValueError(f"a shape of {len(cell)} bytes instead of {N_BYTES}")
        steps = np.frombuffer(cell, DTYPE).reshape(N_POINTS, 2)
        shapes[row] = steps.astype(np.float32) / np.float32(STEPS)
    return shapes
