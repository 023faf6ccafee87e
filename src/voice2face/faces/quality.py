"""How good a face is to learn from: a few figures, and the thresholds that they must pass."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.arrays import UInt8s
from voice2face.faces.luma import WEIGHTS
from voice2face.faces.pictures import PictureError
from voice2face.faces.settings import FaceFilters

# How far the nose's tip lies before the plane of eyes and mouth, in distances of the eyes: the
# d / e of `yaw`. Its model implies an ellipse, width² + (shift / (d / e))² = constant with both in
# heights of eyes over mouth; fits over 1,146 speakers seen from all sides gave 0.49 to 0.51.
NOSE_DEPTH = 0.5
MEASURED_PX = 64  # side of the crop on which sharpness and brightness are measured
_LUMA = np.array(WEIGHTS)


@dataclass(frozen=True)
class Quality:
    """Figures of a face; None where one is not known.

    Attributes:
        score: Score of the detector, 0 to 1.
        n_faces: How many faces the picture shows.
        eyes_px: Distance of the eyes in the picture as it was read.
        yaw_deg: See :func:`yaw`.
        sharpness: See :func:`sharpness`.
        brightness: See :func:`brightness`.
        outside: Share of the crop that lies outside the picture.
        removed: Share of the crop that was masked.
        time_s: When in the video.
    """

    score: float | None = None
    n_faces: int | None = None
    eyes_px: float | None = None
    yaw_deg: float | None = None
    sharpness: float | None = None
    brightness: float | None = None
    outside: float | None = None
    removed: float | None = None
    time_s: float | None = None


def eye_distance(points: npt.NDArray[Any]) -> float:
    """Of five points, shape (5, 2), in their unit."""
    return float(np.hypot(*(points[1] - points[0]).astype(np.float64)))


def yaw(points: npt.NDArray[Any]) -> float:
    """By how much a head is turned, estimated from its five points.

    The nose's tip lies a depth d before the plane of the eyes, a distance e apart, and of the
    mouth. Seen from afar and turned by a yaw, it moves aside from the line between the middles of
    eyes and mouth by d sin(yaw), while the eyes come together to e cos(yaw). So
    tan(yaw) = (shift / distance of the eyes) / (d / e), both measured at right angles to that
    line, which makes it blind to scale and roll.

    Args:
        points: Right eye, left eye, nose, right and left corner of the mouth, shape (5, 2).

    Returns:
        Degrees; positive where the nose points to the picture's right, 0 if no line can be drawn.
    """
    right_eye, left_eye, nose, right_mouth, left_mouth = np.asarray(points, np.float64)
    eyes, mouth = (right_eye + left_eye) / 2, (right_mouth + left_mouth) / 2
    down = mouth - eyes
    across = np.array((down[1], -down[0]))  # at right angles: to the right if down is down
    shift = float((nose - eyes) @ across)
    width = float((left_eye - right_eye) @ across)
    return math.degrees(math.atan2(shift, NOSE_DEPTH * width))


def sharpness(crop: UInt8s) -> float:
    """Variance of the luma's Laplacian over that of the luma, in the middle two thirds of a crop.

    The ratio does not change with light and contrast. Figures of crops of different sides cannot
    be compared: the released crop at 64 pixels has 0.4 as a rule, 0.1 once it is blurred by 4 % of
    the distance of the eyes (standard deviation), 0.02 by 8 %.

    Args:
        crop: RGB, shape (px, px, 3).

    Returns:
        0 (nothing, or one colour) to about 20 (noise).
    """
    edge = crop.shape[0] // 6
    luma = crop[edge : crop.shape[0] - edge, edge : crop.shape[1] - edge] @ _LUMA  # 0 to 255
    around = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:]
    laplacian = around - 4 * luma[1:-1, 1:-1]
    return float(laplacian.var() / max(luma.var(), 1.0))


def brightness(crop: UInt8s) -> float:
    """Mean luma of a crop, 0 to 255."""
    return float((crop @ _LUMA).mean())


def check(quality: Quality, filters: FaceFilters) -> None:
    """Refuse a face that is not good enough; what is not known is not held against it.

    Raises:
        PictureError: A figure beyond its threshold, both in the detail.
    """
    turned = None if quality.yaw_deg is None else abs(quality.yaw_deg)
    at_most("cut off", quality.outside, "of the crop outside the picture", filters.max_outside)
    at_most("not frontal", turned, "degrees of yaw", filters.max_yaw_deg)
    at_least("no face", quality.score, "score", filters.min_score)
    at_least("face too small", quality.eyes_px, "px between the eyes", filters.min_eyes_px)
    at_least("dark", quality.brightness, "brightness", filters.min_brightness)
    at_least("blurred", quality.sharpness, "sharpness", filters.min_sharpness)


def at_most(reason: str, value: float | None, what: str, limit: float) -> None:
    """Refuse a face with a figure above its threshold.

    Raises:
        PictureError: It is.
    """
    if value is not None and value > limit:
        raise PictureError(reason, f"{value:.3g} {what}; at most {limit:g} wanted")


def at_least(reason: str, value: float | None, what: str, limit: float) -> None:
    """Refuse a face with a figure below its threshold.

    Raises:
        PictureError: It is.
    """
    if value is not None and value < limit:
        raise PictureError(reason, f"{value:.3g} {what}; at least {limit:g} wanted")
