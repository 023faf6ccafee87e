import numpy as np
import pytest

from voice2face.faces.layout import Layout
from voice2face.generators.light import MOST, Coarse, Light
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
    assert np.corrcoef(brightness(lit), brightness(drawn))[0, 1] > 0.9  # light ones stay lighter


def test_what_is_finer_than_light_stays_and_is_clearer_where_a_face_gets_darker(fitted):
    _, drawn, light = fitted
    for level, least, most in ((0.95, 0.2, 0.48), (1.3, 0.45, 0.55)):
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


def test_no_face_is_lost_in_the_dark_or_white(fitted):
    _, drawn, light = fitted
    for far, least, most in ((0.05, 40, 75), (0.5, 50, 110), (2.4, 150, 215)):
        found = np.exp(brightness(light(np.minimum(far * drawn[0], 255))[None]))[0]
        assert least < found < most


def test_shading_comes_to_an_end(fitted):
    _, drawn, light = fitted
    face = drawn[0] * np.exp(np.linspace(-1, 1, SIDE))[:, None, None].astype(np.float32)
    change = (light(face) / np.clip(face, 1, 255))[INSIDE[..., 0] > 0.9]
    assert change.max() / change.min() < np.exp(2 * MOST) * 1.1


def test_coarse_light_is_brightness_and_shading():
    coarse = Coarse(INSIDE)
    bright, shading = coarse.of(np.full((SIDE, SIDE, 3), 100, np.float32))
    assert bright == pytest.approx(np.log(100), abs=1e-4)
    np.testing.assert_allclose(shading, 0, atol=1e-4)
    height = np.linspace(1.5, 0.5, SIDE, dtype=np.float32)[:, None, None]
    bright, shading = coarse.of(100 * height * np.ones((SIDE, SIDE, 3), np.float32))
    shading = shading.reshape(12, 12)
    assert shading[0, 0] == 0  # outside
    assert shading[5, 6] > shading[9, 6] + 0.2


def test_faces_that_are_all_alike_can_be_lit():
    seen, drawn = faces(50, 4.4, 0.2, 0), np.full((20, SIDE, SIDE, 3), 100, np.float32)
    made = fit_light(seen.astype(np.uint8), np.full(50, 1 / 50), drawn, INSIDE)
    assert all(np.isfinite(values).all() for values in made.values())
    assert np.isfinite(Light(made, INSIDE)(drawn[0])).all()
    none = {"light_exposure": np.zeros((2, 2), np.float32)}  # damaged
    assert np.isfinite(Light(made | none, INSIDE)(drawn[0])).all()
