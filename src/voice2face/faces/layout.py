"""The layout of normalised faces: where each point of a face lies, and how pixels get there.

Every pixel belongs to a triangle between points of the mesh (inside the face) or of rings around
its outline (outside), and moves with the corners of that triangle. So one set of points carries a
picture onto the mean shape, and the same points carry it back.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.arrays import Float32s, Float64s, Int64s, Points
from voice2face.faces.align import similarity

FILE = Path(__file__).parents[1] / "assets" / "mesh" / "normalised.npz"
# Outside the face, pixels follow its outline, enlarged about its centre by these factors.
RINGS = (1.35, 1.9, 3.2)
# Half the height and half the width of the square around an eye, in the width of the eye.
AROUND_EYE = (0.45, 0.65)
SOFT = 0.012  # of the side: standard deviation of the border between face and surroundings


@dataclass(frozen=True, eq=False)
class Layout:
    """A mean frontal shape in a square of side one, and its triangles.

    Attributes:
        shape: Points of the mesh, shape (468, 2).
        mirror: Number of each point's mirror image, shape (468,).
        outline: Points around the face, in order, shape (36,).
        triangles: Corners, numbers of points as :meth:`with_rings` has them, shape (n, 3).
        coarse: The grid of 64 pixels, kept because to find it takes longer than to draw a face.
    """

    shape: Points
    mirror: Int64s
    outline: Int64s
    triangles: Int64s
    coarse: "Grid"

    @classmethod
    def read(cls, path: Path = FILE) -> "Layout":
        """The layout that comes with this program.

        It is the mean of 545 frontal FairFace faces with closed mouths, women and men counted
        alike, made symmetric; the eyes lie 0.22 of the side apart, at 0.46 of its height.
        """
        with np.load(path, allow_pickle=False) as stored:
            whole = {name: stored[name].astype(np.int64) for name in ("mirror", "outline")}
            triangles = stored["triangles"].astype(np.int64)
            corners = stored["coarse_corners"].astype(np.int64)
            coarse = Grid(corners, stored["coarse_weights"].astype(np.float64))
            shape = stored["shape"].astype(np.float64)
            return cls(shape, triangles=triangles, coarse=coarse, **whole)

    def with_rings(self, points: npt.NDArray[Any]) -> Points:
        """Points of a mesh, then those of the rings around it.

        Args:
            points: Shape (468, 2).

        Returns:
            Shape (468 + 3 × 36, 2).
        """
        outline = points[self.outline]
        centre = outline.mean(axis=0)
        return np.concatenate([points, *(centre + k * (outline - centre) for k in RINGS)])

    def own_shape(self, points: npt.NDArray[Any]) -> Points:
        """A face's own shape: its points, turned, scaled and moved onto the mean shape at best.

        Args:
            points: Points of a mesh, in any picture, shape (468, 2).

        Returns:
            In sides of the layout, shape (468, 2).

        Raises:
            ValueError: The points are all in one place, or not finite.
        """
        to_layout = similarity(points, self.shape)
        return np.asarray(points @ to_layout[:, :2].T + to_layout[:, 2])

    def mirrored(self, shape: npt.NDArray[Any]) -> Points:
        """The shape of the same face in the mirror, shape (468, 2)."""
        return np.asarray((shape * (-1, 1) + (1, 0))[self.mirror], np.float64)

    def grid(self, px: int) -> "Grid":
        """For each pixel of a square, the corners of its triangle and how much each weighs."""
        points = self.with_rings(self.shape) * px
        corners = np.zeros((px, px, 3), np.int64)
        weights = np.zeros((px, px, 3))
        for triangle in self.triangles:
            a, b, c = points[triangle]
            low = np.clip(np.floor(np.minimum(np.minimum(a, b), c) - 0.5), 0, px).astype(int)
            high = np.clip(np.ceil(np.maximum(np.maximum(a, b), c) + 0.5), 0, px).astype(int)
            x = np.arange(low[0], high[0]) + 0.5
            y = np.arange(low[1], high[1])[:, None] + 0.5
            if x.size == 0 or y.size == 0:
                continue
            (ux, uy), (vx, vy) = b - a, c - a
            area = ux * vy - uy * vx
            of_b = ((x - a[0]) * vy - (y - a[1]) * vx) / area
            of_c = ((y - a[1]) * ux - (x - a[0]) * uy) / area
            inside = (of_b >= -1e-6) & (of_c >= -1e-6) & (of_b + of_c <= 1 + 1e-6)
            block = slice(low[1], high[1]), slice(low[0], high[0])
            corners[block][inside] = triangle
            weights[block][inside] = np.stack((1 - of_b - of_c, of_b, of_c), axis=-1)[inside]
        return Grid(corners, weights)

    def inside(self, px: int) -> Float32s:
        """How much of each pixel lies within the face's outline, soft at the border, (px, px)."""
        from PIL import Image, ImageDraw, ImageFilter

        fine = 4 * px
        image = Image.new("L", (fine, fine))
        corners = [tuple(point) for point in self.shape[self.outline] * fine]
        ImageDraw.Draw(image).polygon(corners, fill=255)
        soft = image.filter(ImageFilter.GaussianBlur(SOFT * fine)).reduce(4)
        return np.asarray(soft, np.float32) / np.float32(255)

    def around_right_eye(self, px: int) -> tuple[slice, slice]:
        """Rows and columns of the pixels around the right eye of the mean shape."""
        from voice2face.faces.mesh import RIGHT_EYE

        corners = self.shape[list(RIGHT_EYE)] * px
        middle, width = corners.mean(axis=0), np.ptp(corners[:, 0])
        rows, columns = (
            slice(round(middle[axis] - reach * width), round(middle[axis] + reach * width) + 1)
            for axis, reach in zip((1, 0), AROUND_EYE, strict=True)
        )
        return rows, columns

    @cached_property
    def five(self) -> Points:
        """Eyes, nose and corners of the mouth of the mean shape, shape (5, 2)."""
        from voice2face.faces.mesh import five_points

        return five_points(self.shape)


@dataclass(frozen=True, eq=False)
class Grid:
    """The pixels of a square layout.

    Attributes:
        corners: Numbers of the three points that each pixel moves with, shape (px, px, 3).
        weights: How much each counts; they sum to one, shape (px, px, 3).
    """

    corners: Int64s
    weights: Float64s

    def between(self, values: npt.NDArray[Any]) -> Float32s:
        """What is known at the points, for every pixel.

        Args:
            values: Shape (points, channels).

        Returns:
            Shape (px, px, channels).
        """
        found = np.einsum("yxk,yxkc->yxc", self.weights, np.asarray(values)[self.corners])
        return np.asarray(found, np.float32)


def sampled(picture: npt.NDArray[Any], places: npt.NDArray[Any]) -> Float32s:
    """A picture's values between its pixels, bilinear; its border goes on outside.

    Args:
        picture: Shape (height, width, channels).
        places: x and y in pixels from the upper left corner, shape (..., 2).

    Returns:
        Shape (..., channels).
    """
    height, width = picture.shape[:2]
    x = np.clip(places[..., 0] - 0.5, 0, width - 1).astype(np.float32)
    y = np.clip(places[..., 1] - 0.5, 0, height - 1).astype(np.float32)
    left = np.minimum(x.astype(np.int32), max(width - 2, 0))
    top = np.minimum(y.astype(np.int32), max(height - 2, 0))
    across, down, at = x - left, y - top, (top * width + left).astype(np.intp)
    right, below = min(1, width - 1), width * min(1, height - 1)  # steps to the neighbours
    found = np.empty((*at.shape, picture.shape[2]), np.float32)
    for channel in range(picture.shape[2]):  # all at once takes three times as long
        plane = picture[..., channel].astype(np.float32).ravel()
        upper, lower = plane.take(at), plane.take(at + below)
        upper += (plane.take(at + right) - upper) * across
        lower += (plane.take(at + below + right) - lower) * across
        found[..., channel] = upper + (lower - upper) * down
    return found
