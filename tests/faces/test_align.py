import numpy as np
import pytest
from PIL import Image

from voice2face.faces.align import GEOMETRIES, align, similarity, widened

RELEASED = GEOMETRIES["released"]


def _map(angle: float, scale: float, shift: tuple[float, float]) -> np.ndarray:
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    return np.array(((cos, -sin, shift[0]), (sin, cos, shift[1])))


def _moved(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    return points @ matrix[:, :2].T + matrix[:, 2]


def _umeyama(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The published recipe: singular values of the covariance, a reflection undone."""
    a, b = source - source.mean(0), target - target.mean(0)
    u, singular, vt = np.linalg.svd(b.T @ a / len(a))
    sign = np.array((1, np.sign(np.linalg.det(u) * np.linalg.det(vt))))
    turn = u @ np.diag(sign) @ vt
    scale = (singular * sign).sum() / a.var(0).sum()
    return np.column_stack((scale * turn, target.mean(0) - scale * turn @ source.mean(0)))


def test_a_similarity_is_found_back() -> None:
    for angle, scale in ((0, 1), (0.4, 0.2), (-2.5, 7), (np.pi, 1)):
        matrix = _map(angle, scale, (3, -8))
        np.testing.assert_allclose(
            similarity(RELEASED, _moved(RELEASED, matrix)), matrix, atol=1e-9
        )


def test_least_squares_as_published_even_towards_a_mirrored_face() -> None:
    rng = np.random.default_rng(0)
    for mirrored in (1, -1):
        for _ in range(50):
            points = 100 * RELEASED + rng.normal(0, 8, (5, 2))
            target = RELEASED * (mirrored, 1)
            found = similarity(points, target)
            np.testing.assert_allclose(found, _umeyama(points, target), atol=1e-12)
            assert np.linalg.det(found[:, :2]) > 0  # never mirrors


@pytest.mark.parametrize("points", [np.ones((5, 2)), np.full((5, 2), np.nan)])
def test_points_that_say_nothing(points: np.ndarray) -> None:
    with pytest.raises(ValueError, match="points in one place, or not finite"):
        similarity(points, RELEASED)


def _scene(width: int, height: int, seed: int = 0) -> np.ndarray:
    """Fine detail and coarse: what an aliased crop would get wrong."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3), np.uint8)).resize((width, height))
    fine = rng.integers(-60, 60, (height, width, 1))
    return np.clip(np.asarray(coarse) + fine, 0, 255).astype(np.uint8)


def _supersampled(picture: np.ndarray, to_crop: np.ndarray, px: int, n: int) -> np.ndarray:
    """Each pixel of the crop as the mean of n × n exact bilinear samples of the picture."""
    at = (np.arange(px * n) + 0.5) / n
    places = np.stack(np.meshgrid(at, at), -1).reshape(-1, 2) - to_crop[:, 2]
    x, y = np.linalg.solve(to_crop[:, :2], places.T) - 0.5
    x, y = x.clip(0, picture.shape[1] - 1.001), y.clip(0, picture.shape[0] - 1.001)
    left, top = x.astype(int), y.astype(int)
    u, v = (x - left)[:, None], (y - top)[:, None]
    rows = picture.astype(float)
    upper = rows[top, left] * (1 - u) + rows[top, left + 1] * u
    lower = rows[top + 1, left] * (1 - u) + rows[top + 1, left + 1] * u
    samples = (upper * (1 - v) + lower * v).reshape(px, n, px, n, 3)
    return samples.mean(axis=(1, 3))


@pytest.mark.parametrize("side", [60, 100, 190, 300, 1000])
def test_the_crop_is_the_mean_of_what_it_shows(side: int) -> None:
    pytest.importorskip("cv2")
    picture = _scene(2 * side + 41, 2 * side)
    points = _moved(RELEASED, _map(0.2, side, (0.6 * side, 0.4 * side)))
    crop, outside = align(picture, points, RELEASED, 64)
    assert outside == 0
    to_crop = similarity(points, 64 * RELEASED)
    reference = _supersampled(picture, to_crop, 64, max(4, side // 64))
    limit = 4 if side < 64 else 2.5  # one sample at a pixel's centre misses by 15 or more
    assert np.abs(crop - reference).mean() < limit
    assert abs((crop - reference).mean()) < 0.6


def test_a_picture_that_fits_exactly_is_not_changed() -> None:
    pytest.importorskip("cv2")
    picture = _scene(64, 64)
    crop, outside = align(picture, 64 * RELEASED, RELEASED, 64)
    np.testing.assert_allclose(crop.astype(int), picture.astype(int), atol=1)
    assert outside == 0
    wide, outside = align(picture, 64 * RELEASED, widened(RELEASED, 2), 64)
    assert outside == pytest.approx(0.75)
    halves = picture.reshape(32, 2, 32, 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(wide[16:48, 16:48].astype(int), halves, atol=2)


@pytest.mark.parametrize(("shift", "share"), [((32, 0), 0.5), ((-16, 16), 7 / 16), ((999, 0), 1)])
def test_share_outside_of_the_picture(shift: tuple[float, float], share: float) -> None:
    pytest.importorskip("cv2")
    points = _moved(RELEASED, _map(0, 64, shift))
    crop, outside = align(_scene(64, 64), points, RELEASED, 32)
    assert crop.shape == (32, 32, 3)
    assert outside == pytest.approx(share)


def test_extreme_pictures_give_a_crop() -> None:
    pytest.importorskip("cv2")
    for height, width in ((1, 1), (1, 5000), (5000, 1), (16, 40_000)):
        picture = np.full((height, width, 3), 77, np.uint8)
        for side in (0.5, 64, 3000, 60_000):
            points = _moved(RELEASED, _map(0.1, side, (0, 0)))
            assert (align(picture, points, RELEASED, 64)[0] == 77).all()
