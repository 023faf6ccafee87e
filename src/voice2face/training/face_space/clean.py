"""Which faces draws may learn from: in even light, nothing before them, eyes open.

A face in a shadow or with closed eyes is a person all the same, and counts where the mean and the
components of faces are found. Drawn, it looks odd: nobody takes a shadow for a property of a face.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.arrays import Bools, Float64s, UInt8s
from voice2face.faces.evenness import coarse
from voice2face.faces.layout import Layout
from voice2face.faces.luma import LUMA

DARKEST = 8.0  # of 255
FLATTEST = 2.0  # of 255: an eye of less contrast is not to be seen
ROUNDS = 2  # in which the usual open eye is found
# Points of the mesh: outer and inner corner, upper and lower lid, of the right and the left eye.
EYES = (
    (33, 133, (160, 159, 158), (144, 145, 153)), (362, 263, (385, 386, 387), (380, 374, 373))
)  # fmt: skip


@dataclass(frozen=True)
class Clean:
    """Limits, by eye: of FairFace's normalised faces they keep two thirds.

    Attributes:
        max_shadow: Standard deviation over the face of how its light differs from the usual,
            natural logarithm.
        min_eyes: Correlation of an eye's pixels with those of the usual open eye.
        min_opening: Distance of the lids, in the width of the eye.
        usual: Share of faces that are kept of those nearest to the mean.
    """

    max_shadow: float = 0.2
    min_eyes: float = 0.5
    min_opening: float = 0.17
    usual: float = 0.85

    def __call__(self, texture: UInt8s, shape: npt.NDArray[Any], codes: npt.NDArray[Any]) -> Bools:
        """Which faces are clean, shape (n,).

        Args:
            texture: Normalised faces, RGB, shape (n, side, side, 3).
            shape: Their points, shape (n, 468, 2).
            codes: Their codes, in spreads, shape (n, code).
        """
        usual, far = Usual.of(texture), (codes**2).mean(axis=1)
        return np.asarray(
            (usual.shadows(texture) <= self.max_shadow)
            & (usual.open_eyes(texture) >= self.min_eyes)
            & (openings(shape) >= self.min_opening)
            & (far <= np.quantile(far, self.usual))
        )


@dataclass(frozen=True, eq=False)
class Usual:
    """The usual light and the usual open eye of normalised faces: what others are compared with.

    Attributes:
        light: Logarithm of the light on each pixel of the face, less its mean, shape (pixels,).
        eye: Pixels around an open eye, of mean 0 and length 1, shape (pixels,).
    """

    light: Float64s
    eye: Float64s

    @classmethod
    def of(cls, texture: UInt8s) -> "Usual":
        """Mean light of faces, and the mean eye of the half whose eyes are most like it."""
        eyes = _eyes(texture)
        eye = eyes.mean(axis=0)
        for _ in range(ROUNDS):
            alike = eyes @ eye
            eye = eyes[alike >= np.median(alike)].mean(axis=0)
        return cls(_light(texture).mean(axis=0), np.asarray(eye / np.linalg.norm(eye)))

    def shadows(self, texture: UInt8s) -> Float64s:
        """How far the light on each face differs: shadows, a fringe, a hand, shape (n,)."""
        return np.asarray((_light(texture) - self.light).std(axis=1))

    def open_eyes(self, texture: UInt8s) -> Float64s:
        """How much the eyes of each face look like open ones, -1 to 1, shape (n,)."""
        return np.asarray(_eyes(texture) @ self.eye)


def _light(texture: UInt8s) -> Float64s:
    inside = Layout.read().inside(texture.shape[1])
    light = []
    for one in texture:
        smooth = coarse(one.astype(np.float32) @ LUMA, inside)
        light.append(np.log(np.maximum(smooth, DARKEST))[inside > 0.5])
    return np.asarray(np.array(light) - np.mean(light, axis=1, keepdims=True))


def _eyes(texture: UInt8s) -> Float64s:
    """Pixels around the eyes of each face, both in one, of mean 0 and length 1, (n, pixels)."""
    rows, columns = Layout.read().around_right_eye(texture.shape[1])
    luma = (texture.astype(np.float32) + texture[:, :, ::-1]) / 2 @ LUMA
    eyes = luma[:, rows, columns].reshape(len(texture), -1)
    eyes = eyes - eyes.mean(axis=1, keepdims=True)
    contrast = np.maximum(eyes.std(axis=1, keepdims=True), FLATTEST)
    return np.asarray(eyes / (contrast * np.sqrt(eyes.shape[1])), np.float64)


def openings(shape: npt.NDArray[Any]) -> Float64s:
    """Distance of the lids of the eye that is open less, in the width of the eye, shape (n,)."""
    both = []
    for outer, inner, upper, lower in EYES:
        width = np.linalg.norm(shape[:, outer] - shape[:, inner], axis=-1)
        lids = shape[:, list(upper)] - shape[:, list(lower)]
        both.append(np.linalg.norm(lids, axis=-1).mean(axis=1) / width)
    return np.asarray(np.minimum(*both))
