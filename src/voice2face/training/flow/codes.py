"""Codes of a corpus' faces: principal components of pixels and, where known, of shapes."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voice2face.arrays import Float32s
from voice2face.parts import Arrays
from voice2face.training.face_space.components import (
    Components,
    points_of,
    principal_components,
    relative_spread,
)

Pixels = npt.NDArray[np.uint8]

MOST_FACES = 4000  # that components are found on
AT_ONCE = 500


@dataclass(frozen=True, eq=False)
class FaceCodes:
    """How faces are written as codes, in spreads.

    Normalised faces, which have shapes, are taken as the mean of themselves and their mirror
    images: what differs between their sides is light, pose and expression.

    Attributes:
        pixels: Components of RGB in [-1, 1], colours last.
        shape: Components of points, in sides of the picture; None where faces have no shape of
            their own.
    """

    pixels: Components
    shape: Components | None

    @classmethod
    def fit(
        cls, pixels: Pixels, shapes: Float32s | None, most: tuple[int, int], seed: int
    ) -> "FaceCodes":
        """Components of pictures (n, px, px, 3), shapes (n, 468, 2); ``most`` of each at most."""
        rows = np.arange(len(pixels))
        if len(rows) > MOST_FACES:
            rows = np.random.default_rng(seed).choice(rows, MOST_FACES, replace=False)
        weight = np.full(len(rows), 1 / len(rows))
        n = min(most[0], len(rows) - 1)
        values = _values(pixels[rows], mirrored=shapes is not None)
        of_pixels = principal_components(values, weight, n)
        of_shape = None
        if shapes is not None:
            known = shapes[rows][np.isfinite(shapes[rows]).all(axis=(1, 2))]
            if len(known) > 1:
                alike = np.full(len(known), 1 / len(known))
                n = min(most[1], len(known) - 1)
                of_shape = principal_components(points_of(known), alike, n)
        return cls(of_pixels, of_shape)

    @property
    def spread(self) -> Float32s:
        """How much each number of a code matters: its spread, over the mean of its kind."""
        kinds = [one for one in (self.pixels, self.shape) if one is not None]
        return np.concatenate([relative_spread(one) for one in kinds])

    def of(self, pixels: Pixels, shapes: Float32s | None) -> Float32s:
        """Codes of faces, shape (n, code)."""
        mirrored = shapes is not None
        starts = range(0, len(pixels), AT_ONCE)
        parts = [
            self.pixels.along(_values(pixels[start : start + AT_ONCE], mirrored=mirrored))
            for start in starts
        ]
        codes = np.concatenate(parts)
        if self.shape is None or shapes is None:
            return codes
        of_shape = self.shape.along(points_of(shapes))
        return np.column_stack([codes, np.nan_to_num(of_shape)])  # no known shape: the mean

    def arrays(self) -> Arrays:
        """As :mod:`voice2face.generators.flow` wants them."""
        arrays: Arrays = {
            "pixel_mean": self.pixels.mean.astype(np.float32),
            "pixel_basis": self.pixels.basis.astype(np.float16),
        }
        if self.shape is not None:
            arrays["shape_mean"] = self.shape.mean.astype(np.float32)
            arrays["shape_basis"] = self.shape.basis.astype(np.float32)
        return arrays


def _values(pixels: Pixels, *, mirrored: bool) -> Float32s:
    whole = pixels.astype(np.float32)
    if mirrored:
        whole = (whole + whole[:, :, ::-1]) / np.float32(2)
    return whole.reshape(len(pixels), -1) / np.float32(127.5) - np.float32(1)
