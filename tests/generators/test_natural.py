import numpy as np
import pytest

from voice2face.faces.layout import Layout
from voice2face.faces.luma import LUMA
from voice2face.generators.contrast import EYES, FEATURES, Contrasts

SIDE = 64
ROWS, COLUMNS = Layout.read().around_right_eye(SIDE)


def eyes() -> np.ndarray:
    """Two dark spots, 0 to 1, shape (side, side)."""
    found = np.zeros((SIDE, SIDE))
    row = (ROWS.start + ROWS.stop) // 2
    left = COLUMNS.start + 2, COLUMNS.stop - 2
    found[row - 1 : row + 2, slice(*left)] = 1
    return found + found[:, ::-1]


def space(*components: np.ndarray) -> Contrasts:
    """Of a grey face with dark eyes."""
    mean = np.repeat((120 - 60 * eyes()).ravel(), 3).astype(np.float32)
    basis = np.array([np.repeat(one.ravel(), 3) for one in components], np.float32)
    return Contrasts(mean, basis, np.ones(len(basis), np.float32), np.ones((SIDE, SIDE), bool))


def depth(code: float) -> float:
    """How much darker eyes are than the rest, as a share of the mean face's."""
    return 1 - code / 60


def test_eyes_that_fade_come_back_and_black_ones_get_lighter():
    contrasts = space(eyes(), np.ones((SIDE, SIDE)))
    codes = np.array([[0, 0], [6, 0], [60, 0], [-60, 0]], np.float32)
    found = contrasts(codes)
    np.testing.assert_array_equal(found[:2], codes[:2])  # as people's are
    assert depth(found[2, 0]) >= max(EYES[0], FEATURES[0]) - 0.06
    assert depth(found[3, 0]) <= min(EYES[1], FEATURES[1]) + 0.06


def test_brightness_stays_and_contrast_goes_with_it():
    brighter = np.ones((SIDE, SIDE))
    contrasts = space(eyes(), brighter)
    dark, light = contrasts(np.array([[30, -60], [30, 60]], np.float32))
    assert dark[0] > light[0]  # the same depth is more on a dark face
    inside = Layout.read().inside(SIDE) > 0.9
    for code, found in zip(((30, -60), (30, 60)), (dark, light), strict=True):
        change = [(a * eyes() + b * brighter)[inside].mean() for a, b in (code, found)]
        assert change[0] == pytest.approx(change[1], abs=0.2)


def test_a_face_alone_is_the_same_as_among_others():
    contrasts = space(eyes(), np.random.default_rng(0).normal(size=(SIDE, SIDE)))
    codes = np.random.default_rng(1).normal(0, 40, (5, 2)).astype(np.float32)
    np.testing.assert_array_equal(contrasts(codes)[:1], contrasts(codes[:1]))


def test_a_space_without_features_is_left_alone():
    mean = np.full(SIDE * SIDE * 3, 100, np.float32)
    basis = np.ones((1, len(mean)), np.float32)
    contrasts = Contrasts(mean, basis, np.ones(1, np.float32), np.ones((SIDE, SIDE), bool))
    assert np.isfinite(contrasts(np.array([[10]], np.float32))).all()
    assert LUMA.sum() == pytest.approx(1)
