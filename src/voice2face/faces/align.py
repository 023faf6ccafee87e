"""From five points of a face to the square crop in which they lie where they should."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.arrays import Bools, Float64s, UInt8s

# Eyes, nose and mouth of the mean frontal shape that normalised faces are laid on (`faces.layout`),
# with hair and shoulders around.
WHOLE_HEAD: Float64s = np.array(
    ((0.390, 0.460), (0.610, 0.460), (0.500, 0.594), (0.408, 0.684), (0.592, 0.684))
)
CLOSER = Fraction(13, 8)  # sides of a normalised face to one of the square that its face fills
CLOSE_AT = Fraction(5, 26), Fraction(1, 4)  # where that square begins, in sides of the first

# Where right eye, left eye, nose, right and left corner of the mouth lie, as fractions of the
# crop's side from its upper left corner, shape (5, 2). "Right" is left in the picture.
GEOMETRIES: dict[str, Float64s] = {
    # The crop that Wen et al. 2019 trained on: means over 330 of their pictures.
    "released": np.array(
        ((0.349, 0.466), (0.645, 0.465), (0.501, 0.642), (0.367, 0.748), (0.634, 0.746))
    ),
    # Without forehead and hair: that of a public collection of aligned frontal faces (FairFace).
    "tight": np.array(
        ((0.322, 0.311), (0.678, 0.311), (0.500, 0.507), (0.341, 0.656), (0.659, 0.656))
    ),
    "normalised": WHOLE_HEAD,
    # The face alone: of a small picture of a whole head three quarters are not the face.
    "normalised-close": (WHOLE_HEAD - [float(at) for at in CLOSE_AT]) * float(CLOSER),
    # What networks for face recognition are fed (Deng et al. 2019), 112×112 pixels there.
    "arcface": np.array(
        ((38.29, 51.70), (73.53, 51.50), (56.03, 71.74), (41.55, 92.37), (70.73, 92.20))
    )
    / 112,
}


def widened(geometry: Float64s, factor: float) -> Float64s:
    """The same face in a crop ``factor`` times as wide about the same centre, shape (5, 2)."""
    return np.asarray(0.5 + (geometry - 0.5) / factor)


def similarity(points: npt.NDArray[Any], target: npt.NDArray[Any]) -> Float64s:
    """Turn, scale and shift, without a reflection, that bring points to a target at best.

    In the complex plane such a map is z → a z + b, and the least squares of a line give a and b.

    Args:
        points: Shape (n, 2), not all in one place.
        target: Where they should be, shape (n, 2).

    Returns:
        Shape (2, 3): ``target ≈ points @ result[:, :2].T + result[:, 2]``.

    Raises:
        ValueError: The points are all in one place, or not finite.

    Source:
        The minimum that Umeyama 1991 finds, in two dimensions.
    """
    z = np.asarray(points, np.float64) @ (1, 1j)
    w = np.asarray(target, np.float64) @ (1, 1j)
    from_mean, to_mean = z - z.mean(), w - w.mean()
    spread = float((np.abs(from_mean) ** 2).sum())
    if not (math.isfinite(spread) and spread > 0):
        raise ValueError("points in one place, or not finite")
    a = (from_mean.conj() * to_mean).sum() / spread
    b = w.mean() - a * z.mean()
    return np.array(((a.real, -a.imag, b.real), (a.imag, a.real, b.imag)))


def align(
    picture: UInt8s, points: npt.NDArray[Any], geometry: Float64s, px: int
) -> tuple[UInt8s, float]:
    """The square crop of a picture in which a face has a given geometry.

    Each pixel of the crop is the mean over the part of the picture that it shows. Beyond its
    border the picture is mirrored.

    Args:
        picture: RGB, uint8, shape (height, width, 3).
        points: Points of the face, in pixels from the picture's upper left corner, shape (5, 2).
        geometry: Where they should lie, a value of ``GEOMETRIES``, shape (5, 2).
        px: Side of the crop.

    Returns:
        RGB, uint8, shape (px, px, 3), and the share of the crop that lies outside the picture.

    Raises:
        ValueError: The points are all in one place, or not finite.
    """
    to_crop = similarity(points, geometry * px)
    outside = 1 - float(_inside(to_crop, px, picture.shape[1], picture.shape[0]).mean())
    return _warp(picture, to_crop, px), outside


def aligned(picture: UInt8s, points: npt.NDArray[Any], geometry: Float64s, px: int) -> UInt8s:
    """The crop of :func:`align` alone, in less time."""
    return _warp(picture, similarity(points, geometry * px), px)


def _warp(picture: UInt8s, to_crop: Float64s, px: int) -> UInt8s:
    import cv2

    picture, corner = _needed(picture, to_crop, px)
    shrink = 1 / math.hypot(
        to_crop[0, 0], to_crop[1, 0]
    )  # pixels of the picture in one of the crop
    factor = max(1, int(shrink / 2))  # whole blocks first, then at least two samples a pixel
    samples = max(1, math.ceil(shrink / factor - 0.01))  # along a side of a pixel
    height, width = picture.shape[:2]
    block = min(factor, width), min(factor, height)
    size = width // block[0], height // block[1]
    if factor > 1:
        picture = picture[: size[1] * block[1], : size[0] * block[0]]
        reduced: Any = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        picture = reduced
    matrix = samples * to_crop
    matrix[:, 2] += matrix[:, :2] @ corner
    matrix[:, :2] *= block
    matrix[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5  # OpenCV counts from the pixels' centres
    crop: Any = cv2.warpAffine(
        picture,
        matrix,
        (samples * px, samples * px),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )
    if samples > 1:
        crop = cv2.resize(crop, (px, px), interpolation=cv2.INTER_AREA)
    return np.asarray(crop, np.uint8)


def _needed(picture: UInt8s, to_crop: Float64s, px: int) -> tuple[UInt8s, Float64s]:
    """The part of the picture that the crop shows, with a margin, and its upper left corner."""
    corners = _to_picture(to_crop, np.array(((0, 0), (px, 0), (0, px), (px, px)), float))
    size = np.array((picture.shape[1], picture.shape[0]))
    margin = 3 + 3 / math.hypot(to_crop[0, 0], to_crop[1, 0])
    low = np.clip(np.floor(corners.min(axis=0) - margin), 0, size - 1).astype(int)
    high = np.clip(np.ceil(corners.max(axis=0) + margin), low + 1, size).astype(int)
    return picture[low[1] : high[1], low[0] : high[0]], low.astype(np.float64)


def inside_picture(
    size: tuple[int, int], points: npt.NDArray[Any], geometry: Float64s, px: int
) -> Bools:
    """Which pixels of the crop of :func:`align` show the picture; the others are mirrored.

    Args:
        size: Width and height of the picture.
        points: As there.
        geometry: As there.
        px: As there.

    Returns:
        Shape (px, px).
    """
    return _inside(similarity(points, geometry * px), px, *size)


def _inside(to_crop: Float64s, px: int, width: int, height: int) -> Bools:
    at = (np.arange(px) + 0.5).astype(np.float64)
    centres = np.stack(np.meshgrid(at, at), axis=-1).reshape(-1, 2)
    x, y = _to_picture(to_crop, centres).T
    inside = (x >= 0) & (x <= width) & (y >= 0) & (y <= height)
    return np.asarray(inside.reshape(px, px), np.bool_)


def _to_picture(to_crop: Float64s, places: Float64s) -> Float64s:
    """Where places of the crop, shape (n, 2), lie in the picture."""
    return np.asarray(np.linalg.solve(to_crop[:, :2], (places - to_crop[:, 2]).T).T)
