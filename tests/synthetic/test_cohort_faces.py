from dataclasses import fields, replace

import numpy as np
import pytest

from voice2face.synthetic import CohortSettings, make_face
from voice2face.synthetic.faces import draw
from voice2face.synthetic.latent import Seen
from voice2face.synthetic.looks import EYES, random_shot

AVERAGE = Seen(
    sex="male",
    age=0.0,
    size=0.0,
    weight=0.0,
    skin=-0.5,
    warmth=0.0,
    hair_colour=0.0,
    hair_length=0.0,
    parting=0.5,
    hairline=0.0,
    beard=0.5,
    eye_colour=0.0,
    eye_size=0.0,
    brows=0.0,
    nose=0.0,
    lips=0.0,
)


def picture(seen: Seen, px: int = 64, seed: int = 0) -> np.ndarray:
    return draw(seen, np.random.default_rng(seed), px).astype(float)


def face_width(seen: Seen) -> float:
    """Pixels of the row below the eyes that resemble the nose, averaged over pictures."""
    widths = []
    for seed in range(12):
        row = picture(replace(seen, beard=-2.0), 128, seed)[70:76].mean(axis=0)
        widths.append(np.sum(np.abs(row - row[64]).sum(axis=1) < 75))
    return float(np.mean(widths))


@pytest.mark.parametrize("px", [8, 64, 96, 128])
def test_any_size(px):
    pixels = draw(AVERAGE, np.random.default_rng(0), px)
    assert pixels.shape == (px, px, 3)
    assert pixels.dtype == np.uint8


def test_the_same_call_gives_the_same_pixels():
    settings = CohortSettings()
    assert np.array_equal(make_face(settings, 4, 2), make_face(settings, 4, 2))


def test_no_two_pictures_are_alike_and_none_is_flat():
    pictures = np.array([make_face(CohortSettings(), i, k) for i in range(8) for k in range(3)])
    assert len(np.unique(pictures.reshape(24, -1), axis=0)) == 24
    assert pictures.std(axis=(1, 2, 3)).min() > 15


def test_pictures_of_a_person_are_more_alike_than_pictures_of_people():
    pictures = np.array(
        [[make_face(CohortSettings(), i, k) for k in range(4)] for i in range(30)], float
    ).reshape(30, 4, 64, 64, 3)[:, :, 12:60, 16:48]
    within = pictures.var(axis=1).mean()
    between = pictures.mean(axis=1).var(axis=0).mean()
    assert between > 1.5 * within


@pytest.mark.parametrize("field", [f.name for f in fields(Seen)])
def test_every_seen_number_is_seen(field):
    other = "female" if field == "sex" else 2.0
    changed = replace(AVERAGE, **{field: other})
    assert np.abs(picture(changed) - picture(AVERAGE)).max() > 6


def test_larger_people_have_broader_faces():
    assert face_width(replace(AVERAGE, size=2.0)) > 1.15 * face_width(replace(AVERAGE, size=-2.0))


def test_old_people_have_grey_hair():
    young, old = (picture(replace(AVERAGE, age=a))[4:10, 24:40].mean((0, 1)) for a in (-1, 1.8))
    assert np.ptp(old) < 0.5 * np.ptp(young)


def test_darker_skin_is_darker():
    cheeks = [
        np.mean([picture(replace(AVERAGE, skin=s), 64, k)[38:44, 18:24] for k in range(6)])
        for s in (-2, 0, 2)
    ]
    assert cheeks[0] > cheeks[1] + 20 > cheeks[2] + 40


def test_eyes_are_where_the_method_puts_them():
    pictures = np.mean([picture(replace(AVERAGE, age=-1.0), 128, k) for k in range(40)], axis=0)
    grey = pictures.mean(axis=2)
    for x, y in EYES:
        column, row = round(x * 128), round(y * 128)
        around = grey[row - 14 : row + 20, column - 10 : column + 11]
        pupil = grey[row - 1 : row + 2, column - 1 : column + 2].mean()
        assert pupil < 0.75 * around.mean()


def test_circumstances_do_not_know_the_person():
    one, other = (picture(replace(AVERAGE, sex=s, skin=k)) for s, k in (("male", 1), ("male", -1)))
    assert np.array_equal(one[20:30, :2], other[20:30, :2])  # the background
    assert random_shot(np.random.default_rng(0)).yaw == random_shot(np.random.default_rng(0)).yaw
