"""Drawn faces whose eyes and features show, and no more than on people.

Far from the mean, linear components cancel what all faces share: eyes fade into the skin, or turn
into black holes. How much a face has of the mean face's eyes, and of its features, is linear in its
code; so a code is moved by the least that brings both to where people have them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from voice2face.arrays import Bools, Float32s
from voice2face.faces.layout import Layout
from voice2face.faces.luma import LUMA
from voice2face.generators.rows import times
from voice2face.generators.soft import blur_matrix, blurred

# Least and most contrast, as a share of the mean face's and in relation to brightness: by eye, on
# sheets of drawn faces.
EYES, FEATURES = (0.7, 1.4), (0.85, 1.4)
AROUND = (0.35, 0.78), (0.275, 0.725)  # eyebrows to lower lip: rows and columns, of the side
RELIEF = 0.0625  # of the side: what is smoother than that is no feature


@dataclass(frozen=True, eq=False)
class Contrast:
    """Bounds on one contrast.

    Attributes:
        mean: Of the mean face, 0 to 255.
        along: What each component adds to it, shape (texture,).
        move: The direction in which codes are moved; it leaves a face's brightness, (texture,).
        least: In relation to brightness.
        most: Likewise.
    """

    mean: float
    along: Float32s
    move: Float32s
    least: float
    most: float

    def lacking(self, codes: Float32s, brightness: Float32s) -> Float32s:
        """What has to be added to codes, in lengths of ``move``, shape (n, 1)."""
        own = self.mean + times(codes, self.along)
        wanted = np.clip(own, self.least * brightness, self.most * brightness)
        reach = np.maximum(self.along @ self.move, np.float32(1e-6))
        return np.asarray((wanted - own)[:, None] / reach, np.float32)


class Contrasts:
    """Bounds on the contrast of eyes and features.

    Args:
        mean: Texture of the mean face, RGB where the region is, 0 to 255, shape (values,).
        basis: One component a row, shape (texture, values).
        scale: Factor on each, shape (texture,).
        region: Pixels that the texture consists of, shape (side, side).
    """

    def __init__(self, mean: Float32s, basis: Float32s, scale: Float32s, region: Bools) -> None:
        side = len(region)
        layout = Layout.read()

        def measured(weights: Float32s) -> tuple[float, Float32s]:
            """A sum over the luma, of the mean face and of each component."""
            values = (weights[region][:, None] * LUMA).ravel().astype(np.float32)
            return float(mean @ values), scale * times(basis, values)

        face = layout.inside(side) > 0.9
        self._brightness, self._brighter = measured(face.astype(np.float32) / face.sum())
        luma = np.full(region.shape, self._brightness, np.float32)
        luma[region] = mean.reshape(-1, 3) @ LUMA
        self._of = []
        for pattern, bounds in zip(_patterns(luma), (FEATURES, EYES), strict=True):
            own, along = measured(pattern)
            least, most = (share * own / self._brightness for share in bounds)
            squares = max(float(self._brighter @ self._brighter), 1e-12)
            move = along - (along @ self._brighter) / squares * self._brighter
            self._of.append(Contrast(own, along, move.astype(np.float32), least, most))

    def __call__(self, codes: Float32s) -> Float32s:
        """Codes of texture within the bounds, shape (n, texture)."""
        for one in self._of:
            brightness = np.maximum(self._brightness + times(codes, self._brighter), 1)
            codes = codes + one.lacking(codes, brightness.astype(np.float32)) * one.move
        return codes


def _patterns(luma: Float32s) -> Iterator[Float32s]:
    """What a face is multiplied by for the contrast of its features, and of its eyes."""
    side = len(luma)
    blur = blur_matrix(side, RELIEF * side)
    box = tuple(slice(round(low * side), round(high * side)) for low, high in AROUND)
    relief = _within(luma - blurred(luma[..., None], blur)[..., 0], box)
    yield relief - blurred(relief[..., None], np.ascontiguousarray(blur.T))[..., 0]
    right = Layout.read().around_right_eye(side)
    left = right[0], slice(side - right[1].stop, side - right[1].start)
    yield (_within(luma, right) + _within(luma, left)) / np.float32(2)


def _within(luma: Float32s, box: tuple[slice, ...]) -> Float32s:
    """What is inside a box, of mean 0 and length 1; 0 outside."""
    inner = luma[box] - luma[box].mean()
    found = np.zeros_like(luma)
    found[box] = inner / max(float(np.linalg.norm(inner)), 1e-6)
    return np.asarray(found, np.float32)
