"""Drawn faces whose skin, eyes and features are as people's are.

Far from the mean, linear components cancel what all faces share: eyes fade into the skin, or turn
into black holes; dark skin turns grey or blue. How much a face has of each of a few measures is
linear in its code; so a code is moved by the least that brings them to where people have them.
"""

from dataclasses import dataclass

import numpy as np

from voice2face.arrays import Bools, Float32s
from voice2face.faces.layout import Layout
from voice2face.faces.luma import LUMA
from voice2face.generators.rows import times
from voice2face.generators.soft import blur_matrix, blurred

Channels = Float32s | tuple[float, float, float]  # how much red, green and blue count

# Bounds of measures in relation to the brightness of the face, by eye, on sheets of drawn faces.
# Contrasts, as shares of the mean face's:
EYES, FEATURES = (0.7, 1.4), (0.85, 1.4)
# Red over the mean of green and blue, and green over blue, in skin: the first of the three numbers
# is added whatever the brightness (of 255), so that darker skin has more of it.
REDDER, YELLOWER = (18.0, 0.28, 0.6), (9.0, 0.06, 0.25)
# Irises: how light they are, and red over blue in them.
IRISES, IRISES_REDDER = (0.15, 0.55), (0.12, 0.6)
# The forehead's brightness, as a share of the mean face's: a fringe's shade is not the head's.
FOREHEAD = (0.92, 1.2)
BROWS = 0.36  # of the side: above it there is forehead
AROUND = (0.35, 0.78), (0.275, 0.725)  # eyebrows to lower lip: rows and columns, of the side
RELIEF = 0.0625  # of the side: what is smoother than that is no feature
IRIS_SIZE, IRIS_RAISED = 0.0106, 0.007  # of the side; raised above the middle of the eye
ROUNDING = 1e-6  # of the change in brightness
LEAST_REACH = 0.01  # share of a measure that its move must keep; what can't be moved alone stays


@dataclass(frozen=True, eq=False)
class Bound:
    """Bounds on one measure of a face.

    Attributes:
        mean: Of the mean face, 0 to 255.
        along: What each component adds to it, shape (texture,).
        move: The direction in which codes are moved; it leaves brightness and the measures before
            this one as they are, shape (texture,).
        floor: The least of a black face, 0 to 255; where it is above the most, the most counts.
        least: Added to it, in relation to brightness.
        most: In relation to brightness.
    """

    mean: float
    along: Float32s
    move: Float32s
    floor: float
    least: float
    most: float

    def lacking(self, codes: Float32s, brightness: Float32s) -> Float32s:
        """What has to be added to codes, in lengths of ``move``, shape (n, 1)."""
        own = self.mean + times(codes, self.along)
        wanted = np.clip(own, self.floor + self.least * brightness, self.most * brightness)
        reach = np.maximum(self.along @ self.move, np.float32(1e-6))
        return np.asarray((wanted - own)[:, None] / reach, np.float32)


class Natural:
    """Bounds on the hue of skin, on features, eyes and irises, and on the forehead.

    Args:
        mean: Texture of the mean face, RGB where the region is, 0 to 255, shape (values,).
        basis: One component a row, shape (texture, values).
        scale: Factor on each, shape (texture,).
        region: Pixels that the texture consists of, shape (side, side).
    """

    def __init__(self, mean: Float32s, basis: Float32s, scale: Float32s, region: Bools) -> None:
        self._texture, self._basis, self._scale, self._region = mean, basis, scale, region
        self._of: list[Bound] = []
        layout, side = Layout.read(), len(region)
        face = layout.inside(side) > 0.9
        skin = np.asarray(face / max(int(face.sum()), 1), np.float32)
        brightness, self._brighter = self._measured(skin, LUMA)
        self._brightness = max(brightness, 1.0)
        self._before = [self._brighter]
        luma = np.full(region.shape, self._brightness, np.float32)
        luma[region] = mean.reshape(-1, 3) @ LUMA
        high = np.where((np.arange(side) < BROWS * side)[:, None], skin, np.float32(0))
        shares = (_features(luma), FEATURES), (_eyes(luma, layout), EYES), (high, FOREHEAD)
        for pattern, bounds in shares:
            share = self._measured(pattern, LUMA)[0] / self._brightness
            self._bound(pattern, LUMA, 0, *(share * bound for bound in bounds))
        self._bound(skin, (1, -0.5, -0.5), *REDDER)
        self._bound(skin, (0, 1, -1), *YELLOWER)
        irises = _irises(layout, side)
        self._bound(irises, LUMA, 0, *IRISES)
        self._bound(irises, (1, 0, -1), 0, *IRISES_REDDER)

    def __call__(self, codes: Float32s) -> Float32s:
        """Codes of texture within the bounds, shape (n, texture)."""
        brightness = np.maximum(self._brightness + times(codes, self._brighter), 1)
        for one in self._of:
            codes = codes + one.lacking(codes, brightness.astype(np.float32)) * one.move
        return codes

    def _measured(self, where: Float32s, channels: Channels) -> tuple[float, Float32s]:
        """A sum over pixels and channels, of the mean face and of each component."""
        weights = where[self._region][:, None] * np.asarray(channels, np.float32)
        values = weights.ravel().astype(np.float32)
        return float(self._texture @ values), self._scale * times(self._basis, values)

    def _bound(
        self, where: Float32s, channels: Channels, floor: float, least: float, most: float
    ) -> None:
        """Keep a measure within bounds, but for one that can't be moved without those before it."""
        own, along = self._measured(where, channels)
        if not (np.isfinite(along).all() and np.isfinite(self._before).all()):
            return  # a damaged space
        before = np.array(self._before, np.float64)
        shares = np.linalg.lstsq(before.T, along.astype(np.float64), rcond=None)[0]
        move = along - shares @ before
        if move @ move > max(LEAST_REACH * along @ along, ROUNDING * before[0] @ before[0]):
            self._of.append(Bound(own, along, move.astype(np.float32), floor, least, most))
            self._before.append(along)


def _features(luma: Float32s) -> Float32s:
    """What a face is multiplied by for the contrast of its features, shape (side, side)."""
    side = len(luma)
    blur = blur_matrix(side, RELIEF * side)
    box = tuple(slice(round(low * side), round(high * side)) for low, high in AROUND)
    relief = _within(luma - blurred(luma[..., None], blur)[..., 0], box)
    return relief - blurred(relief[..., None], np.ascontiguousarray(blur.T))[..., 0]


def _eyes(luma: Float32s, layout: Layout) -> Float32s:
    """What a face is multiplied by for the contrast of its eyes, shape (side, side)."""
    side = len(luma)
    right = layout.around_right_eye(side)
    left = right[0], slice(side - right[1].stop, side - right[1].start)
    return (_within(luma, right) + _within(luma, left)) / np.float32(2)


def _irises(layout: Layout, side: int) -> Float32s:
    """Where irises are; the weights sum to one, shape (side, side)."""
    at = (np.arange(side) + 0.5) / side
    x, y = layout.five[0]  # of the right eye; the left one is its mirror image
    rows = np.exp(-(((at - y + IRIS_RAISED) / IRIS_SIZE) ** 2) / 2)
    columns = np.exp(-(((at - x) / IRIS_SIZE) ** 2) / 2)
    spots = np.outer(rows, columns + columns[::-1])
    return np.asarray(spots / spots.sum(), np.float32)


def _within(luma: Float32s, box: tuple[slice, ...]) -> Float32s:
    """What is inside a box, of mean 0 and length 1; 0 outside."""
    inner = luma[box] - luma[box].mean()
    found = np.zeros_like(luma)
    found[box] = inner / max(float(np.linalg.norm(inner)), 1e-6)
    return np.asarray(found, np.float32)
