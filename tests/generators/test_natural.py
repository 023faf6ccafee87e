import numpy as np
import pytest

from voice2face.faces.layout import Layout
from voice2face.faces.luma import LUMA
from voice2face.generators.natural import EYES, FEATURES, IRISES, REDDER, YELLOWER, Natural, _irises

SIDE = 64
ROWS, COLUMNS = Layout.read().around_right_eye(SIDE)


def eyes() -> np.ndarray:
    """Two dark spots, 0 to 1, shape (side, side)."""
    found = np.zeros((SIDE, SIDE))
    row = (ROWS.start + ROWS.stop) // 2
    left = COLUMNS.start + 2, COLUMNS.stop - 2
    found[row - 1 : row + 2, slice(*left)] = 1
    return found + found[:, ::-1]


SKIN = np.array((1.3, 0.95, 0.75))


def space(*components: np.ndarray) -> Natural:
    """Of a face with dark eyes; a component changes all channels, or those of its last axis."""
    mean = ((120 - 60 * eyes())[..., None] * SKIN).ravel().astype(np.float32)
    wide = (one if one.ndim == 3 else np.repeat(one[..., None], 3, -1) for one in components)
    basis = np.array([one.ravel() for one in wide], np.float32)
    return Natural(mean, basis, np.ones(len(basis), np.float32), np.ones((SIDE, SIDE), bool))


def depth(code: float) -> float:
    """How much darker eyes are than the rest, as a share of the mean face's."""
    return 1 - code / 60


def test_eyes_that_fade_come_back_and_black_ones_get_lighter():
    natural = space(eyes(), np.ones((SIDE, SIDE)))
    codes = np.array([[0, 0], [6, 0], [60, 0], [-60, 0]], np.float32)
    found = natural(codes)
    np.testing.assert_array_equal(found[:2], codes[:2])  # as people's are
    assert depth(found[2, 0]) >= max(EYES[0], FEATURES[0]) - 0.06
    assert depth(found[3, 0]) <= min(EYES[1], FEATURES[1]) + 0.06


def test_brightness_stays_and_contrast_goes_with_it():
    brighter = np.ones((SIDE, SIDE))
    natural = space(eyes(), brighter)
    dark, light = natural(np.array([[30, -60], [30, 60]], np.float32))
    assert dark[0] > light[0]  # the same depth is more on a dark face
    inside = Layout.read().inside(SIDE) > 0.9
    for code, found in zip(((30, -60), (30, 60)), (dark, light), strict=True):
        change = [(a * eyes() + b * brighter)[inside].mean() for a, b in (code, found)]
        assert change[0] == pytest.approx(change[1], abs=0.2)


def coloured(*channels: float) -> np.ndarray:
    return np.ones((SIDE, SIDE, 1)) * channels


def test_skin_is_neither_grey_nor_orange():
    natural = space(coloured(1, 0, 0), coloured(0, 1, 0), coloured(0, 0, 1))
    codes = np.random.default_rng(0).normal(0, 40, (50, 3)).astype(np.float32)
    before, after = (120 * SKIN + some for some in (codes, natural(codes)))
    np.testing.assert_allclose(after @ LUMA, np.maximum(before @ LUMA, 1), atol=2)
    for measure, (floor, least, most) in (((1, -0.5, -0.5), REDDER), ((0, 1, -1), YELLOWER)):
        wanted = floor + least * (after @ LUMA), most * (after @ LUMA)
        assert ((before @ measure < wanted[0]) | (before @ measure > wanted[1])).any()
        dark = wanted[0] > wanted[1]  # next to black
        assert (after @ measure > wanted[0] - 2)[~dark].all()
        assert (after @ measure < wanted[1] + 2)[~dark].all()


def test_irises_are_darker_than_skin():
    spots, mouth = _irises(Layout.read(), SIDE), np.zeros((SIDE, SIDE))
    assert spots.sum() == pytest.approx(1) and (spots > 0.5 * spots.max()).sum() < 20
    mouth[44:47, 26:38] = -1
    components = spots / spots.max(), eyes(), mouth, np.ones((SIDE, SIDE))
    codes = np.array([[100, 0, 0, 0], [-100, 0, 0, 0]], np.float32)
    found = space(*components)(codes)
    faces = 120 - 60 * eyes() + np.tensordot(found, np.array(components), 1)
    iris = (spots * faces).sum(axis=(1, 2)) * (SKIN @ LUMA)
    inside = Layout.read().inside(SIDE) > 0.9
    bright = faces[:, inside].mean(axis=1) * (SKIN @ LUMA)
    assert iris[0] == pytest.approx(IRISES[1] * bright[0], abs=2)
    assert iris[1] == pytest.approx(IRISES[0] * bright[1], abs=4)


def test_a_face_alone_is_the_same_as_among_others():
    natural = space(eyes(), np.random.default_rng(0).normal(size=(SIDE, SIDE)))
    codes = np.random.default_rng(1).normal(0, 40, (5, 2)).astype(np.float32)
    np.testing.assert_array_equal(natural(codes)[:1], natural(codes[:1]))


def test_a_space_without_features_is_left_alone():
    mean = np.full(SIDE * SIDE * 3, 100, np.float32)
    basis = np.ones((1, len(mean)), np.float32)
    natural = Natural(mean, basis, np.ones(1, np.float32), np.ones((SIDE, SIDE), bool))
    assert np.isfinite(natural(np.array([[10]], np.float32))).all()
    assert LUMA.sum() == pytest.approx(1)


@pytest.mark.parametrize("mean", [0.0, 100.0])
@pytest.mark.parametrize("scale", [1.0, 1e38])
def test_a_damaged_space_ends_in_no_traceback(mean, scale):
    values = SIDE * SIDE * 3
    basis = np.random.default_rng(0).normal(size=(2, values)).astype(np.float32)
    spread = np.full(2, scale, np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        natural = Natural(
            np.full(values, mean, np.float32), basis, spread, np.ones((SIDE, SIDE), bool)
        )
        assert natural(np.zeros((1, 2), np.float32)).shape == (1, 2)
