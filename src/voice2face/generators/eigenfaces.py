"""Faces from weights of principal components, each in its own shape where shapes are known."""

import numpy as np

from voice2face.arrays import Float32s, Floats
from voice2face.faces.drawing import Drawing
from voice2face.faces.layout import Layout
from voice2face.faces.mesh import N_POINTS
from voice2face.generators.rows import times


class Eigenfaces:
    """Draws faces.

    Args:
        px: Side of the faces.
        mean: Mean face, RGB in [-1, 1], shape (values,).
        basis: Components, shape (k, values).
        shape: Mean and components of the points of normalised faces, in sides of the picture,
            shapes (936,) and (s, 936). None: faces have no shape of their own.
        colours_last: Whether ``values`` are (px, px, 3) or (3, px, px).
    """

    def __init__(
        self,
        px: int,
        mean: Float32s,
        basis: Floats,
        shape: tuple[Float32s, Float32s] | None = None,
        *,
        colours_last: bool = False,
    ) -> None:
        self._px, self._mean, self._basis = px, mean, basis.astype(np.float32)
        self._shape, self._colours_last = shape, colours_last
        self._drawing = None if shape is None else Drawing(Layout.read(), px)

    def __call__(self, along: Float32s, shape_along: Float32s | None = None) -> Float32s:
        """Faces in [-1, 1], shape (n, 3, px, px).

        Args:
            along: Weights of the components, shape (n, k).
            shape_along: Weights of those of shape, shape (n, s); not used without shapes.
        """
        pixels = np.clip(self._mean + times(along, self._basis), -1, 1, dtype=np.float32)
        if self._colours_last:
            faces = pixels.reshape(-1, self._px, self._px, 3).transpose(0, 3, 1, 2)
        else:
            faces = pixels.reshape(-1, 3, self._px, self._px)
        if self._drawing is None or self._shape is None or shape_along is None:
            return np.ascontiguousarray(faces)
        mean, basis = self._shape
        shapes = (mean + times(shape_along, basis)).reshape(-1, N_POINTS, 2)
        drawn = np.empty(faces.shape, np.float32)
        for row, (face, shape) in enumerate(zip(faces, shapes, strict=True)):
            drawn[row] = self._drawing(face.transpose(1, 2, 0), shape).transpose(2, 0, 1)
        return drawn
