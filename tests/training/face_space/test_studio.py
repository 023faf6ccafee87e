import numpy as np
from generators.face_space_samples import PX, people

from voice2face.faces.layout import Layout
from voice2face.training.face_space.studio import (
    EXPOSURE,
    chosen,
    evened_exposure,
    presentable,
    relit,
    shades,
)

INSIDE = Layout.read().inside(PX) > 0.5


def lit(texture, rows, amount):
    """The faces of some rows lighter at the top and darker below."""
    fall = np.exp(amount * np.linspace(1, -1, PX))[:, None, None]
    changed = texture.astype(np.float64)
    changed[rows] *= fall
    return np.clip(changed, 0, 255).astype(np.uint8)


def test_closed_eyes_and_hard_light_are_left_out():
    some = people(20, 0)
    shape = some.shape.copy()
    shape[3, [159, 158, 160, 386, 387, 385]] = shape[3, [145, 153, 144, 374, 373, 380]]
    texture = lit(some.texture, [5], 1.5)
    some = type(some)(texture, shape, some.male, some.age, some.weight)
    good = presentable(some)
    assert not good[[3, 5]].any()
    assert good.sum() > 10


def test_light_comes_nearer_to_the_studio_s_and_the_skin_stays_as_light():
    texture = lit(people(20, 0).texture, [4], 0.4)
    shade = shades(texture)
    made = relit(texture, shade, shade.mean(axis=0, dtype=np.float32), np.ones(20, np.float32))

    def off(pictures):
        light = shades(pictures).astype(np.float32)
        return np.abs(light - shade.mean(axis=0, dtype=np.float32))[4][INSIDE].mean()

    assert off(made) < 0.7 * off(texture)
    before, after = (one[4][INSIDE].mean() for one in (texture, made))
    assert abs(after / before - 1) < 0.05


def test_exposure_is_evened_within_a_group_and_not_between_groups():
    texture = np.full((4, PX, PX, 3), 100, np.uint8)
    texture[1], texture[2:] = 50, 200
    gain = evened_exposure(texture, np.array(["a", "a", "b", "b"]))
    np.testing.assert_allclose(gain[1] / gain[0], 2**EXPOSURE, rtol=1e-4)
    np.testing.assert_allclose(gain[2:], 1, rtol=1e-5)


def test_some_of_the_people_count_for_one_together():
    some = chosen(people(10, 0, hair=True), np.arange(10) < 4)
    assert len(some.texture) == len(some.person) == 4
    assert np.isclose(some.weight.sum(), 1)
