import numpy as np
import pytest

from voice2face.errors import ModelError
from voice2face.generators.face_decoder import FaceDecoder
from voice2face.generators.face_space import FaceSpace, FaceSpacePart
from voice2face.generators.heads import ARRAYS, Heads
from voice2face.training.face_space.heads import (
    MIXED,
    _alike,
    _mean,
    usual_outlines,
)

from .face_space_samples import DIM, PX, arrays, people

PART = FaceSpacePart(px=32, embedding_dim=DIM, sharpening=0.0)
NECK = (slice(40, 46), slice(20, 28))  # below the face


@pytest.fixture(scope="module")
def made():
    return arrays()


@pytest.fixture(scope="module")
def heads(made):
    return Heads(made, made["blend"].astype(np.float32)[..., None])


def voices(man: int, n: int) -> np.ndarray:
    heard = np.zeros((n, DIM), np.float32)
    heard[:, 0] = man
    return heard


def test_a_head_takes_the_colour_of_the_face(heads, made):
    region = made["region"]
    dark, light = (np.full((PX, PX, 3), tone, np.float32) for tone in (70.0, 180.0))
    darker, lighter = heads(0, dark, region), heads(0, light, region)
    assert darker.shape == (PX, PX, 4)
    np.testing.assert_array_equal(darker[..., 3], lighter[..., 3])
    assert (lighter[NECK][..., :3] > darker[NECK][..., :3] + 40).mean() > 0.9


def test_the_second_half_are_mirror_images(heads, made):
    face = np.full((PX, PX, 3), 120.0, np.float32)
    own, mirrored = (heads(n, face, made["region"])[..., 3] for n in (3, 3 + heads.n // 2))
    np.testing.assert_allclose(own, mirrored[:, ::-1], atol=1e-4)


def test_heads_are_of_the_gender_and_about_the_age_and_skin(heads, made):
    rng = np.random.default_rng(0)
    of, n = people(20, 1), heads.n // 2

    def some(male: bool, age: float, skin: np.ndarray) -> np.ndarray:
        chance = rng.gumbel(size=(50, heads.n)).astype(np.float32)
        return np.array([heads.chosen(male, age, skin, one) % n for one in chance])

    middle = made["head_skin"].mean(axis=0)
    for male in (False, True):
        young, old = some(male, 25, middle), some(male, 65, middle)
        assert (of.male[np.concatenate([young, old])] == male).all()
        assert of.age[young].mean() < of.age[old].mean() - 5
    dark, light = (made["head_skin"][some(True, 45, s * middle)].mean() for s in (0.6, 1.4))
    assert dark < light


def test_a_voice_keeps_its_head_and_drawn_people_have_heads_by_chance(made):
    space, heard = FaceSpace(PART, made), voices(1, 6)
    heard[:, 1:] = np.random.default_rng(1).standard_normal((6, DIM - 1))
    usual = space.looks(heard)
    np.testing.assert_array_equal(made["head_male"][usual.heads], usual.male)
    assert len(set(usual.heads.tolist())) > 1
    np.testing.assert_array_equal(usual.heads[2:3], space.looks(heard[2:3]).heads)
    assert not usual.photographed
    drawn = space.looks(heard, np.random.default_rng(0))
    assert len(set(drawn.heads.tolist())) > 2
    alone = space.faces(heard[:1], np.random.default_rng(0))
    np.testing.assert_array_equal(alone, space.faces(heard, np.random.default_rng(0))[:1])


def test_skin_is_the_mean_of_the_face(made):
    decoder = FaceDecoder(made, PX, 0.0)
    codes = made["gender_code"]
    cheeks = made["blend"] > 0.9
    textures = made["texture_mean"] + (
        codes[:, : len(made["texture_basis"])] * made["texture_scale"]
    ) @ made["texture_basis"].astype(np.float32)
    for found, texture in zip(decoder.skins(codes, photographed=False), textures, strict=True):
        whole = np.zeros((PX, PX, 3), np.float32)
        whole[made["region"]] = texture.reshape(-1, 3)
        np.testing.assert_allclose(found, whole[cheeks].mean(axis=0), rtol=1e-3)


def test_nothing_of_the_portraits_own_face_is_kept(heads, made):
    """Where the face goes there is one colour, the mean of the skin."""
    stored = heads._read(0)[..., :3]
    middle = made["blend"] > 0.995
    assert middle.sum() > 50
    assert np.abs(stored[middle] - made["head_skin"][0]).max() < 12


@pytest.mark.parametrize(
    ("harm", "found"),
    [
        (lambda made: {"head_pictures": made["head_pictures"][::-1].copy()}, "cannot identify"),
        (lambda made: {"head_ends": made["head_ends"] * 0}, "cannot identify"),
        (lambda made: {"head_male": np.ones_like(made["head_male"])}, "heads of one gender"),
    ],
)
def test_damaged_heads_are_refused(made, harm, found):
    some = {name: made[name] for name in ARRAYS} | harm(made)
    face = np.full((PX, PX, 3), 120.0, np.float32)
    with pytest.raises(ModelError, match=found):
        Heads(some, made["blend"].astype(np.float32)[..., None])(0, face, made["region"])


def test_heads_of_another_outline_are_left_out():
    some = people(20, 1, hair=True)
    some.person[4] = 255  # a hat as large as the picture
    kept = usual_outlines(some)
    assert not kept[4] and kept.sum() >= 16


def test_a_head_is_of_three_portraits_of_one_gender_never_of_one_alone():
    portraits = people(20, 1, hair=True)
    share = portraits.person.astype(np.float32) / np.float32(255)
    around = np.ones(share.shape[1:], np.float32)
    mixed = _alike(portraits.texture, share, portraits.male, around)
    for own, numbers in enumerate(mixed):
        rows = numbers % 20
        assert numbers[0] == own and len(set(rows.tolist())) == MIXED
        assert (portraits.male[rows] == portraits.male[own]).all()
    colour, opacity = _mean(portraits.texture, np.ones_like(share), np.array([0, 1, 22]))
    wanted = np.mean([*portraits.texture[:2], portraits.texture[2][:, ::-1]], axis=0)
    np.testing.assert_allclose(colour, wanted, atol=1e-3)
    assert (opacity == 1).all()
