"""A face of its own shape from a picture in the layout of normalised faces."""

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from voice2face.arrays import Float32s
from voice2face.faces.layout import Layout, sampled

ROUNDS = 4  # of the search for where each pixel comes from; the third moves less than 0.1 pixel


class Drawing:
    """Draws faces of one size.

    Args:
        layout: Where points of a face lie in the pictures that faces are drawn from.
        px: Side of the faces.
    """

    def __init__(self, layout: Layout, px: int) -> None:
        self.px = px
        self._layout = layout
        self._mean = layout.with_rings(layout.shape)

    def __call__(self, picture: npt.NDArray[Any], shape: npt.NDArray[Any]) -> Float32s:
        """The face with its points where they belong.

        A pixel at y shows what the layout has at x, where x + moved(x) = y; it is found by
        repeating x = y - moved(x), which converges because shapes differ little from their mean.

        Args:
            picture: In the layout, shape (side, side, channels).
            shape: Where the points are to be, in sides of the picture, shape (468, 2).

        Returns:
            Shape (px, px, channels), values as in the picture.
        """
        moved = self._layout.coarse.between(self._layout.with_rings(shape) - self._mean)
        coarse = moved.shape[0]
        centres = (np.arange(coarse, dtype=np.float32) + np.float32(0.5)) / np.float32(coarse)
        to = np.stack(np.meshgrid(centres, centres), axis=-1)  # (coarse, coarse, 2), x and y
        place = to
        for _ in range(ROUNDS):
            place = to - sampled(moved, place * coarse)
        return sampled(picture, self._enlarged(place - to, to) * picture.shape[0])

    def _enlarged(self, offset: Float32s, to: Float32s) -> Float32s:
        """Where each pixel of the face comes from, in sides, shape (px, px, 2)."""
        size = (self.px, self.px)
        fine = [
            np.asarray(Image.fromarray(part).resize(size, Image.Resampling.BILINEAR))
            for part in np.moveaxis(offset, -1, 0)
        ]
        centres = (np.arange(self.px, dtype=np.float32) + np.float32(0.5)) / np.float32(self.px)
        places = np.stack(fine, axis=-1) + np.stack(np.meshgrid(centres, centres), axis=-1)
        return np.asarray(places, np.float32)
