import numpy as np
import pytest
from generators.face_space_samples import PX, textures_of

from voice2face.faces.layout import Layout
from voice2face.training.face_space.clean import EYES, Clean, Usual, openings

N = 40


@pytest.fixture
def texture():
    rng = np.random.default_rng(0)
    return textures_of(0.3 * rng.standard_normal(N), np.full(N, 45.0), seed=1)


def shapes() -> np.ndarray:
    return np.repeat(Layout.read().shape[None], N, axis=0)


def test_a_shadow_on_part_of_a_face_is_seen_and_dark_skin_is_none(texture):
    texture[0, : PX // 2] //= 3  # a shadow from above
    texture[1] = texture[1] // 2  # darker all over
    found = Usual.of(texture).shadows(texture)
    assert found.argmax() == 0 and found[0] > 0.3
    assert found[1] < 0.1


def test_eyes_that_do_not_look_like_the_others_are_seen(texture):
    closed = textures_of(np.zeros(1), np.full(1, 45.0), seed=2)[0]
    middle = closed[PX // 2, PX // 2]
    rows = np.round(Layout.read().five[:2, 1] * PX).astype(int)
    texture[0, rows.min() - 4 : rows.max() + 5] = middle  # skin in their place
    alike = Usual.of(texture).open_eyes(texture)
    assert alike[0] < 0.5 < np.delete(alike, 0).min()


def test_lids_that_touch_are_seen():
    points = shapes()
    for _, _, upper, lower in EYES:
        points[3, list(upper)] = points[3, list(lower)]
    found = openings(points)
    assert found[3] == 0 and np.delete(found, 3).min() > 0.17


def test_what_is_clean_is_kept(texture):
    points, codes = shapes(), np.random.default_rng(0).uniform(-1, 1, (N, 5))
    for _, _, upper, lower in EYES:
        points[3, list(upper)] = points[3, list(lower)]
    codes[5] = 9.0  # a face like nobody's
    texture[0, : PX // 2] //= 3
    kept = Clean(usual=0.975)(texture, points, codes)
    assert np.flatnonzero(~kept).tolist() == [0, 3, 5]
