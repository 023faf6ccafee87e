"""The light of photographs on drawn faces.

The faces of a space are lit alike, so that a mean has a clear face; people in photographs are not.
A drawn face's brightness, and the coarse shading on it, in a few numbers, are moved to where those
of photographs lie, by the linear map that makes one normal distribution another. Its hue stays: the
tints of photographs make skin grey. No face gets so dark that nothing is seen in it, or so bright
that it is white; where one gets darker, white stays white, as on film.

Source:
    Pitié and Kokaram 2007, "The linear Monge-Kantorovitch linear colour mapping".
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.arrays import Float32s
from voice2face.faces.luma import LUMA
from voice2face.generators.soft import blur_matrix, blurred

# In a face space's file: mean and spread of the logarithm of brightness, of drawn faces and of
# photographs; patterns of shading on a coarse grid, and the shading of a photograph from that of a
# drawn face.
ARRAYS = {
    "light_exposure": "float32 two two",
    "light_patterns": "float32 light coarse",
    "light_drawn": "float32 light",
    "light_seen": "float32 light",
    "light_map": "float32 light light",
}
STEP = 4  # pixels of a layout to one of the coarse grid
REACH = 0.06  # of the side: what is smoother than that is light, not the face's relief
LEAST_SPREAD = np.float32(1e-3)  # of drawn faces, which is divided by
DARKEST = np.float32(8.0)  # of 255
BRIGHTEST = np.float32(250.0)
MOST = np.float32(0.5)  # natural logarithm of shading, which comes softly to its end: by eye
# Factor on the change of shading: photographs differ by more than drawn faces in other respects
# too, for which it makes up; by the Fréchet distance, ``benchmarks.frechet``.
SHADING = np.float32(1.6)
# Of 255, and how softly they are reached, in natural logarithms: by eye.
DARKEST_FACE, BRIGHTEST_FACE, SOFTLY = np.float32(62.0), np.float32(200.0), np.float32(0.1)
STEEPEST = np.float32(1.8)  # factor on what is finer than light, where a face gets darker


class Coarse:
    """Coarse light of faces on the mean shape.

    Args:
        inside: How much of each pixel is the face's, shape (side, side, 1).
    """

    def __init__(self, inside: Float32s) -> None:
        side = len(inside)
        self._inside = inside
        self._down = blur_matrix(side, REACH * side)[STEP // 2 :: STEP]
        self._share = np.maximum(blurred(inside, self._down), np.float32(1e-3))
        back = blur_matrix(side, STEP / 2)[STEP // 2 :: STEP].T
        self._back = back / back.sum(axis=1, keepdims=True)
        self._within = (self._share > 0.3).astype(np.float32)  # (coarse, coarse, 1)

    def of(self, face: Float32s) -> tuple[np.float32, Float32s]:
        """Logarithms of a face's brightness, and of its shading: what is left, zeros outside.

        Args:
            face: RGB, 0 to 255, shape (side, side, 3).

        Returns:
            A number, and shape (numbers,).
        """
        luma = np.maximum(face @ LUMA, 0)[..., None]
        light = blurred(luma * self._inside, self._down) / self._share
        light = np.log(np.maximum(light, DARKEST)) * self._within
        bright = light.sum() / self._within.sum()
        return np.float32(bright), np.asarray(((light - bright) * self._within).ravel())

    def enlarged(self, shading: Float32s) -> Float32s:
        """A shading of :meth:`of` for each pixel, shape (side, side, 1)."""
        n = len(self._share)
        return blurred(shading.reshape(n, n, 1), self._back)


class Light:
    """What gives drawn faces the light of photographs.

    Args:
        arrays: As ARRAYS names them; others are not looked at.
        inside: How much of each pixel is the face's, shape (side, side, 1).
    """

    def __init__(self, arrays: Mapping[str, npt.NDArray[Any]], inside: Float32s) -> None:
        self._coarse = Coarse(inside)
        self._patterns, self._map = arrays["light_patterns"], arrays["light_map"]
        self._drawn, self._seen = arrays["light_drawn"], arrays["light_seen"]
        self._exposure = arrays["light_exposure"]

    def __call__(self, face: Float32s) -> Float32s:
        """A face, RGB, shape (side, side, 3), in the light of a photograph."""
        bright, shading = self._coarse.of(face)
        own = self._patterns @ shading
        wanted = self._seen + self._map @ (own - self._drawn)
        change = SHADING * self._coarse.enlarged((wanted - own) @ self._patterns)
        change = MOST * np.tanh(change / MOST) + (self._exposed(bright) - bright)
        white = np.log(np.float32(255))
        level = np.minimum(bright + self._coarse.enlarged(shading), np.log(BRIGHTEST))
        steeper = np.clip((level + change - white) / (level - white), 1, STEEPEST)
        fine = np.log(np.clip(face @ LUMA, 1, 255))[..., None] - level
        return np.asarray(face * np.exp(change + (steeper - 1) * fine), np.float32)

    def _exposed(self, bright: np.float32) -> np.float32:
        """The brightness that a face gets in a photograph, from its own; logarithms."""
        (own, own_spread), (seen, seen_spread) = self._exposure
        darkest, brightest = np.log(DARKEST_FACE), np.log(BRIGHTEST_FACE)
        wanted = seen + (bright - own) / max(own_spread, LEAST_SPREAD) * seen_spread
        wanted = SOFTLY * np.logaddexp(wanted / SOFTLY, darkest / SOFTLY)
        return np.float32(-SOFTLY * np.logaddexp(-wanted / SOFTLY, -brightest / SOFTLY))
