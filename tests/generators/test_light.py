import numpy as np
import pytest

from voice2face.faces.layout import Layout
from voice2face.generators.light import Coarse, Light
from voice2face.training.face_space.light import fit_light

SIDE = 48
INSIDE = Layout.read().inside(SIDE)[..., None]


def faces(n: int, middle: float, spread: float, seed: int) -> np.ndarray:
    """Faces of some brightness, lit more or less from above."""
    rng = np.random.default_rng(seed)
    height = np.linspace(1, -1, SIDE)[:, None, None]
    light = middle + spread * rng.standard_normal((n, 1, 1, 1))
    slope = 0.5 * spread * rng.standard_normal((n, 1, 1, 1)) * height
    return np.clip(np.exp(light + slope) * (1.1, 0.9, 0.8) * np.ones((SIDE, SIDE, 1)), 0, 255)


@pytest.fixture(scope="module")
def fitted():
    seen = faces(300, 4.4, 0.2, 0)
    drawn = faces(300, 4.7, 0.08, 1).astype(np.float32)
    weight = np.full(300, 1 / 300)
    return seen, drawn, Light(fit_light(seen.astype(np.uint8), weight, drawn, INSIDE), INSIDE)


def brightness(some: np.ndarray) -> np.ndarray:
    return np.log(some[:, INSIDE[..., 0] > 0.9].mean(axis=(1, 2)))


def test_drawn_faces_are_as_light_and_as_different_as_photographs(fitted):
    seen, drawn, light = fitted
    lit = np.array([light(one) for one in drawn])
    assert brightness(lit).mean() == pytest.approx(brightness(seen).mean(), abs=0.08)
    assert brightness(lit).std() == pytest.approx(brightness(seen).std(), rel=0.25)
    assert np.corrcoef(brightness(lit), brightness(drawn))[0, 1] > 0.95  # light ones stay lighter


def test_what_is_finer_than_light_stays_and_is_clearer_where_a_face_gets_darker(fitted):
    _, drawn, light = fitted
    for level, least, most in ((0.6, 0.2, 0.45), (2.0, 0.45, 0.55)):
        face = np.minimum(level * drawn[0], 240)
        spotted = face.copy()
        spotted[24, 24] *= 0.5
        plain, found = light(face), light(spotted)
        assert least < found[24, 24].mean() / plain[24, 24].mean() < most


def test_hue_stays(fitted):
    _, drawn, light = fitted
    for level in (0.5, 1.0):
        face = level * drawn[0]
        found = light(face) / face
        np.testing.assert_allclose(found, found[..., :1].repeat(3, axis=-1), rtol=1e-5)


def test_a_change_comes_to_an_end(fitted):
    _, drawn, light = fitted
    for far in (0.05, 2.4):
        change = light(far * drawn[0]) / np.clip(far * drawn[0], 1, 255)
        assert change.min() > 0.5 and change.max() < 2


def test_coarse_light_is_zero_outside_the_face():
    coarse = Coarse(INSIDE)
    found = coarse.of(np.full((SIDE, SIDE, 3), 100, np.float32)).reshape(12, 12)
    assert found[0, 0] == 0
    np.testing.assert_allclose(found[6, 6], np.log(100), rtol=1e-4)
