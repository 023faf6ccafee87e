from itertools import combinations

import numpy as np
import pytest

from voice2face.errors import ModelError
from voice2face.generators.face_decoder import FaceDecoder
from voice2face.generators.face_space import FaceSpace, FaceSpacePart
from voice2face.generators.heads import ARRAYS, Heads
from voice2face.training.face_space import Speakers
from voice2face.training.face_space.head_choice import _seen, head_ages, head_places
from voice2face.training.face_space.heads import (
    MIXED,
    _agreed,
    _mean,
    clean_triples,
    usual_outlines,
)

from .face_space_samples import DIM, PX, arrays, people, speakers

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


def test_dark_skin_has_dark_hair(made):
    hair = np.where(np.arange(len(made["head_hair"])) % 2, 130, 30).astype(np.float32)
    heads = Heads(made | {"head_hair": hair}, made["blend"].astype(np.float32)[..., None])
    chance = np.random.default_rng(0).gumbel(size=(50, heads.n)).astype(np.float32)
    for light, most in ((60.0, 30), (220.0, 130)):
        skin = np.full(3, light, np.float32)
        got = {heads.chosen(True, 45, skin, one) % (heads.n // 2) for one in chance}
        assert hair[list(got)].max() == most


def test_the_second_half_are_mirror_images(heads, made):
    face = np.full((PX, PX, 3), 120.0, np.float32)
    own, mirrored = (heads(n, face, made["region"])[..., 3] for n in (3, 3 + heads.n // 2))
    np.testing.assert_allclose(own, mirrored[:, ::-1], atol=1e-4)


def test_heads_are_of_the_gender_and_about_the_age_and_skin(heads, made):
    rng = np.random.default_rng(0)
    n = heads.n // 2

    def some(male: bool, age: float, skin: np.ndarray) -> np.ndarray:
        chance = rng.gumbel(size=(50, heads.n)).astype(np.float32)
        return np.array([heads.chosen(male, age, skin, one) % n for one in chance])

    middle = made["head_skin"].mean(axis=0)
    for male in (False, True):
        young, old = some(male, 25, middle), some(male, 65, middle)
        assert (made["head_male"][np.concatenate([young, old])] == male).all()
        assert made["head_age"][young].mean() < made["head_age"][old].mean() - 5
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


def triples_of(portraits):
    share = portraits.person.astype(np.float32) / np.float32(255)
    around = np.ones(share.shape[1:], np.float32)
    return clean_triples(portraits.texture, share, portraits.male, around)


def test_a_head_is_of_three_portraits_of_one_gender_no_two_of_them_together_twice():
    portraits = people(20, 1, hair=True)
    together = set()
    mixed = triples_of(portraits)
    for numbers in mixed:
        rows = numbers % 20
        assert len(set(rows.tolist())) == MIXED
        assert len(set(portraits.male[rows].tolist())) == 1
        pairs = set(combinations(sorted(rows.tolist()), 2))
        assert not pairs & together
        together |= pairs
    assert set(portraits.male[mixed[:, 0] % 20].tolist()) == {False, True}


def test_portraits_in_other_clothes_make_no_head_together():
    portraits = people(24, 1, hair=True)
    red = np.arange(24) % 8 < 4
    portraits.texture[red, 36:] = (250, 20, 20)
    portraits.person[:, 36:] = 255
    for numbers in triples_of(portraits):
        assert len(set(red[numbers % 24].tolist())) == 1


def test_a_mean_of_three_that_agree_is_their_mean():
    portraits = people(20, 1, hair=True)
    alike = (
        np.repeat(portraits.texture[:1], 3, axis=0)
        + np.array([0, 1, 2], np.uint8)[:, None, None, None]
    )
    colour, opacity = _mean(alike, np.ones(alike.shape[:3], np.float32), np.array([0, 1, 5]))
    wanted = np.mean([*alike[:2], alike[2][:, ::-1]], axis=0)
    assert np.abs(colour - wanted).mean() < 3
    assert (opacity == 1).all()


def test_where_two_of_three_agree_the_third_does_not_shine_through():
    """A collar of one portrait that is no collar in the two others."""
    lit = np.full((3, PX, PX, 3), 100, np.uint8)
    lit[2, 30:] = 220
    lit[:2] += np.array([0, 10], np.uint8)[:, None, None, None]
    colour, _ = _mean(lit, np.ones((3, PX, PX), np.float32), np.arange(3))
    np.testing.assert_allclose(colour[36:], 105, atol=0.5)
    assert abs(float(colour[:20].mean()) - np.mean([100, 110, 100])) < 1


def test_no_portrait_counts_for_more_than_half_of_a_pixel():
    rng = np.random.default_rng(0)
    colours = rng.uniform(0, 255, (3, PX, PX, 3)).astype(np.float32)
    counted = _agreed(rng.uniform(0, 1, (3, PX, PX)).astype(np.float32), colours)
    np.testing.assert_allclose(counted.sum(axis=0), 1, atol=1e-5)
    assert counted.max() <= 0.5 + 1e-6


def test_heads_are_of_the_ages_that_are_seen_with_them(made):
    """Seen is how bright a picture is, whatever the portraits' ages; spread as voices tell."""
    heard = speakers(80, 10).embedding

    def judge(faces, points):
        assert points.shape == (len(faces), 5, 2)
        return faces.mean(axis=(1, 2, 3)) / 2.0

    ages = head_ages(made, PART, heard, judge)["head_age"]
    seen, told = _seen(made, PART, judge), FaceSpace(PART, made).told(heard)
    for gender in (False, True):
        own = made["head_male"] == gender
        assert (np.argsort(ages[own]) == np.argsort(seen[own])).all()
        years = told.age[(told.male > 0) == gender]
        np.testing.assert_allclose(ages[own].mean(), years.mean(), rtol=1e-3)
        np.testing.assert_allclose(ages[own].std(), years.std(), rtol=1e-3)


def test_recordings_of_one_person_mostly_get_one_head_and_people_get_several(made):
    """Voices of one gender and age, each recorded twice: other numbers differ by the recording."""
    rng, n = np.random.default_rng(3), 60
    who = np.tile(np.arange(n), 2)
    own = np.zeros((n, DIM), np.float32)
    own[:, 0] = 1
    own[:, 3:6] = rng.standard_normal((n, 3))
    heard = own[who] + np.concatenate(
        [np.zeros((2 * n, 6)), 1.5 * rng.standard_normal((2 * n, DIM - 6))], axis=1
    ).astype(np.float32)
    heard[n:, 0] *= -1  # women
    heard = np.concatenate([heard, heard * np.r_[-1, np.ones(DIM - 1)].astype(np.float32)])
    male = (heard[:, 0] > 0).astype(np.float64)
    names = np.array([f"{i}{m}" for i, m in zip(np.tile(who, 2), male, strict=True)])
    space = made | {
        "voice_mean": made["voice_mean"] * 0,
        "voice_scale": made["voice_scale"] * 0 + 1,
    }
    voices = Speakers(heard, names, male, np.full(len(heard), np.nan))
    by = head_places(space, voices, heard)["head_by"].astype(np.float64)
    assert by.shape == made["head_by"].shape
    assert (by[3:6] ** 2).mean() > 3 * (by[6:] ** 2).mean()
    assert (by[0] ** 2).mean() < 0.1 * (by[3:6] ** 2).mean()
