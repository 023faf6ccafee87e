from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageFilter

from voice2face.faces import GEOMETRIES, PictureError
from voice2face.faces.quality import Quality, brightness, check, eye_distance, sharpness, yaw
from voice2face.faces.settings import FaceFilters

from .face_samples import painted

# A head as the model of `yaw` has it: x to the right, y down, z towards the viewer.
HEAD = np.array(((-1, -1, 0), (1, -1, 0), (0, 0.2, 1), (-0.9, 1, 0), (0.9, 1, 0)), float)
GOOD = Quality(0.9, 1, 60.0, 5.0, 0.4, 100.0, 0.05)


def _seen(yaw_deg: float, roll_deg: float = 0, scale: float = 30) -> np.ndarray:
    angle, roll = np.radians((yaw_deg, roll_deg))
    x = HEAD[:, 0] * np.cos(angle) + HEAD[:, 2] * np.sin(angle)
    turn = np.array(((np.cos(roll), -np.sin(roll)), (np.sin(roll), np.cos(roll))))
    return scale * np.stack((x, HEAD[:, 1]), 1) @ turn.T + (200, 100)


@pytest.mark.parametrize("degrees", [-70, -30, 0, 10, 45, 80])
@pytest.mark.parametrize("roll", [0, 25, -120])
def test_yaw_of_a_turned_head(degrees: float, roll: float) -> None:
    assert yaw(_seen(degrees, roll)) == pytest.approx(degrees, abs=1e-6)


def test_yaw_of_the_mirrored_face_is_the_negative() -> None:
    rng = np.random.default_rng(0)
    points = _seen(20) + rng.normal(0, 2, (5, 2))
    mirrored = (points * (-1, 1))[[1, 0, 2, 4, 3]]
    assert yaw(mirrored) == pytest.approx(-yaw(points))
    assert yaw(points) > 0


def test_yaw_of_the_geometries_is_small() -> None:
    for name, points in GEOMETRIES.items():
        assert abs(yaw(points)) < 3, name
    assert yaw(np.zeros((5, 2))) == 0


def test_eye_distance() -> None:
    assert eye_distance(GEOMETRIES["released"]) == pytest.approx(0.296, abs=1e-3)


def _blurred(face: np.ndarray, radius: float) -> np.ndarray:
    return np.asarray(Image.fromarray(face).filter(ImageFilter.GaussianBlur(radius)))


def test_sharpness_falls_with_blur_and_not_with_light() -> None:
    for person in range(4):
        face = painted(person, 64)
        values = [sharpness(_blurred(face, radius)) for radius in (0, 0.5, 1, 2, 4)]
        assert values == sorted(values, reverse=True)
        assert values[0] > FaceFilters().min_sharpness > values[3]
        assert sharpness(face // 2 + 20) == pytest.approx(values[0], rel=0.1)
    assert sharpness(np.full((64, 64, 3), 9, np.uint8)) == 0


def test_brightness_is_the_mean_luma() -> None:
    crop = np.zeros((64, 64, 3), np.uint8)
    crop[:, :32] = (0, 255, 0)
    assert brightness(crop) == pytest.approx(0.587 * 255 / 2)


@pytest.mark.parametrize(
    ("change", "reason", "limit"),
    [
        ({"score": 0.5}, "no face", "at least 0.6"),
        ({"eyes_px": 11.0}, "face too small", "at least 16"),
        ({"yaw_deg": -66.0}, "not frontal", "66 degrees of yaw; at most 65"),
        ({"yaw_deg": 66.0}, "not frontal", "at most 65"),
        ({"sharpness": 0.01}, "blurred", "at least 0.04"),
        ({"brightness": 10.0}, "dark", "at least 20"),
        ({"outside": 0.5}, "cut off", "at most 0.4"),
    ],
)
def test_each_threshold_refuses_with_its_value(
    change: dict[str, float], reason: str, limit: str
) -> None:
    with pytest.raises(PictureError, match=limit) as caught:
        check(replace(GOOD, **change), FaceFilters())
    assert caught.value.reason == reason


def test_good_and_unknown_figures_pass() -> None:
    check(GOOD, FaceFilters())
    check(Quality(), FaceFilters())
    at_the_limit = Quality(0.6, 1, 16.0, 65.0, 0.04, 20.0, 0.4)
    check(at_the_limit, FaceFilters())
