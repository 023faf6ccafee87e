"""Faces that are means of those who look as a voice tells."""

import numpy as np
import pytest
from generators.face_space_samples import DIM, arrays, people

from voice2face.generators.face_space import FaceSpace, FaceSpacePart
from voice2face.generators.neighbours import Neighbours, comparable
from voice2face.training.face_space.nearest import Identities, fit_nearest

N, READ = 60, 8


@pytest.fixture(scope="module")
def world():
    """People whose looks a network reads in 8 numbers, two of which their voices tell."""
    rng = np.random.default_rng(0)
    faces = people(N, 0)
    reading = rng.standard_normal((N, READ)).astype(np.float32)
    voice = np.zeros((N, DIM), np.float32)
    voice[:, 0] = 2
    voice[:, 1:3] = reading[:, :2] + 0.1 * rng.standard_normal((N, 2))
    names = np.array([f"p{i}" for i in range(N)])
    codes = np.column_stack([reading, np.zeros((N, 2))]).astype(np.float32)
    made = fit_nearest(Identities(voice, reading, codes, names), faces, reading, codes)
    return faces, reading, voice, codes, made


def test_those_who_are_averaged_look_as_the_voice_tells_and_are_of_its_gender(world):
    faces, reading, voice, _, made = world
    assert not made["identity_rectified"] and made["near_many"] == N // 2 // 4
    near = Neighbours(made)
    found, ages = near(voice, faces.male)
    assert np.corrcoef(found[:, 0], reading[:, 0])[0, 1] > 0.7  # told
    assert abs(np.corrcoef(found[:, 5], reading[:, 5])[0, 1]) < 0.5  # not told
    assert faces.age.min() <= ages.min() and ages.max() <= faces.age.max()
    of_men = {tuple(row) for row in near(voice, np.ones(N, bool))[0].round(4).tolist()}
    of_women = {tuple(row) for row in near(voice, np.zeros(N, bool))[0].round(4).tolist()}
    assert not of_men & of_women
    alone = near(voice[3:4], faces.male[3:4])[0]
    np.testing.assert_array_equal(alone[0], found[3])


def test_what_a_rectifier_takes_out_is_taken_out_where_that_tells_more(world):
    faces, reading, voice, codes, _ = world
    noisy = voice.copy()
    noisy[:, 1:3] += 4  # positive, so that it passes
    noisy[:, 3:] = -np.abs(np.random.default_rng(1).standard_normal((N, DIM - 3))) * 9
    names = np.array([f"p{i}" for i in range(N)])
    made = fit_nearest(Identities(noisy, reading, codes, names), faces, reading, codes)
    assert made["identity_rectified"]
    np.testing.assert_array_equal(comparable(noisy, True)[:, 3:], 0)
    np.testing.assert_allclose(np.linalg.norm(comparable(noisy, False), axis=1), 1, rtol=1e-5)


def test_a_face_space_draws_the_mean_of_its_neighbours(world):
    *_, made = world
    whole = arrays(heads=False)
    k = whole["deviation"].shape[1]
    near = made | {"near_code": np.full((N, k), 0.5, np.float32)}
    voice = np.zeros((2, DIM), np.float32)
    voice[:, 0] = (1, -1)
    spaces = [
        FaceSpace(FaceSpacePart(px=32, embedding_dim=DIM, nearness=share), whole | near)
        for share in (0.0, 0.5, 1.0)
    ]
    none, half, all_ = (space.told(voice) for space in spaces)
    np.testing.assert_allclose(half.codes, (none.codes + all_.codes) / 2, atol=1e-5)
    men = (none.male > 0).astype(int)
    ages = Neighbours(near)(voice, none.male > 0)[1]
    moved = ((none.age - ages) / 10)[:, None] * whole["age_code"][men]
    np.testing.assert_allclose(all_.codes, 0.5 + moved, atol=1e-5)
    np.testing.assert_array_equal(none.age, all_.age)
