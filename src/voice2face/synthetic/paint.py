"""Anti-aliased painting of smooth shapes in numpy: each shape is a signed distance."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voice2face.arrays import Float64s

Colour = npt.NDArray[np.float64]


@dataclass
class Canvas:
    """A picture under the brush.

    Distances are in sides of the picture, negative inside a shape.

    Attributes:
        rgb: What is painted so far, 0 to 1, shape (px, px, 3); changed by painting.
        x: Where each pixel lies to the right, in sides, shape (px, px).
        y: Where each pixel lies down, in sides, shape (px, px).
        texture: Fixed random grain, standard normal, shape (px, px).
        pixel: Side of a pixel in sides of the picture.
    """

    rgb: Float64s
    x: Float64s
    y: Float64s
    texture: Float64s
    pixel: float

    def around(self, cx: float, cy: float, rx: float, ry: float) -> "Canvas":
        """The part of the canvas near a place; painting on it paints on the whole."""
        near = (np.abs(self.x - cx) < rx) & (np.abs(self.y - cy) < ry)
        rows, columns = np.flatnonzero(near.any(axis=1)), np.flatnonzero(near.any(axis=0))
        if len(rows) == 0:
            rows = columns = np.zeros(1, np.intp)
        box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        return Canvas(self.rgb[box], self.x[box], self.y[box], self.texture[box], self.pixel)

    def coverage(self, distance: Float64s, soft: float = 0.0) -> Float64s:
        """How much of each pixel a shape covers, 0 to 1; ``soft`` blurs its edge."""
        return np.asarray(np.clip(0.5 - distance / (self.pixel + soft), 0, 1))

    def fill(self, coverage: Float64s, colour: Float64s, opacity: float = 1.0) -> None:
        """Paint with a colour, of shape (3,) or (px, px, 3)."""
        self.rgb += (colour - self.rgb) * (opacity * coverage)[..., None]

    def shade(self, coverage: Float64s, gain: float) -> None:
        """Make darker (``gain`` below 1) or lighter."""
        self.rgb *= (1 + (gain - 1) * coverage)[..., None]

    def glow(self, cx: float, cy: float, rx: float, ry: float) -> Float64s:
        """A round soft patch: 1 in the middle, fading as a bell."""
        return np.asarray(np.exp(-(((self.x - cx) / rx) ** 2) - ((self.y - cy) / ry) ** 2))

    def ellipse(self, cx: float, cy: float, rx: float, ry: float) -> Float64s:
        """Signed distance to an ellipse, exact near its edge."""
        u, v = (self.x - cx) / rx, (self.y - cy) / ry
        radius = np.sqrt(u * u + v * v) + 1e-9
        slope = np.sqrt((u / rx) ** 2 + (v / ry) ** 2) / radius + 1e-9
        return np.asarray((radius - 1) / slope)

    def stroke(
        self, start: float, end: float, centre: Float64s, thickness: Float64s | float
    ) -> Float64s:
        """Signed distance to a line that runs across, ``centre`` giving its height at each x."""
        across = np.maximum(start - self.x, self.x - end)
        return np.maximum(np.abs(self.y - centre) - thickness, across)

    def distance(self, level: Float64s) -> Float64s:
        """Signed distance, near its edge, to the shape where a function is negative."""
        down, right = np.gradient(level, self.pixel)
        return np.asarray(level / (np.hypot(down, right) + 1e-6))


def palette(colours: str) -> Float64s:
    """Colours given as ``rrggbb``, with spaces between them, as 0 to 1, shape (colours, 3)."""
    return np.array([list(bytes.fromhex(colour)) for colour in colours.split()]) / 255


def ramp(anchors: Float64s, share: float) -> Colour:
    """A colour between anchors of shape (n, 3), ``share`` from 0 (first) to 1 (last)."""
    at = share * (len(anchors) - 1)
    columns = [np.interp(at, np.arange(len(anchors)), column) for column in anchors.T]
    return np.array(columns)


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """``share`` of the other colour, the rest of the one."""
    return one + (other - one) * share


def smooth(value: Float64s, low: float, high: float) -> Float64s:
    """From 0 at ``low`` to 1 at ``high``, with a smooth start and end."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))
