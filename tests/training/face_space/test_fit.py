import numpy as np
import pytest

from voice2face.errors import CorpusError
from voice2face.training.face_space import People, raked
from voice2face.training.face_space.components import Codes
from voice2face.training.face_space.hearing import Middle, Voices, fit_hearing, ridge, shrunk


def made_up(n: int = 40, side: int = 16) -> People:
    rng = np.random.default_rng(0)
    male = np.arange(n) < n // 4
    tone = rng.uniform(60, 200, (n, 1, 1, 1)) * np.ones((1, side, side, 3))
    texture = np.clip(tone + rng.normal(0, 5, tone.shape), 0, 255).astype(np.uint8)
    from voice2face.faces.layout import Layout

    shape = (Layout.read().shape + 0.01 * rng.standard_normal((n, 1, 2))).astype(np.float32)
    return People(texture, shape, male, rng.uniform(20, 70, n), np.full(n, 1 / n))


def test_raking_gives_each_group_its_share():
    gender = np.array(["female"] * 30 + ["male"] * 70)
    age = np.array((["young"] * 9 + ["old"]) * 10)
    weight = raked([(age, {"young": 0.6, "old": 0.4}), (gender, {"female": 0.5, "male": 0.5})])
    assert weight.sum() == pytest.approx(1)
    assert weight[gender == "female"].sum() == pytest.approx(0.5, abs=1e-6)
    assert weight[age == "old"].sum() == pytest.approx(0.4, abs=0.01)


def test_nobody_counts_for_more_than_six():
    gender = np.array(["female"] + ["male"] * 99)
    weight = raked([(gender, {"female": 0.5, "male": 0.5})])
    assert weight.max() < 6.01 / 100


def test_people_of_one_gender_are_refused():
    with pytest.raises(CorpusError, match="no women or no men"):
        people = made_up()
        People(people.texture, people.shape, ~people.male | True, people.age, people.weight)


def test_codes_have_mean_0_and_spread_1_and_give_the_face_back():
    people = made_up()
    region = np.ones((16, 16), bool)
    codes = Codes.fit(people, region, 8, 1)
    found = codes.of(people.texture, people.shape)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(found.std(axis=0), 1, atol=2e-2)
    back = codes.texture.mean + found[:, :8] @ codes.texture.basis
    both = (people.texture.astype(float) + people.texture[:, :, ::-1]) / 2
    assert np.abs(back - both.reshape(len(both), -1)).mean() < 4


def test_codes_are_blind_to_the_mirror():
    people = made_up()
    codes = Codes.fit(people, np.ones((16, 16), bool), 6, 2)
    straight = codes.of(people.texture, people.shape)
    np.testing.assert_allclose(
        codes.of(people.texture[:, :, ::-1], people.shape), straight, atol=1e-4
    )


def test_ridge_is_least_squares_where_there_is_no_noise():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 5))
    truth = rng.standard_normal((5, 2))
    weights, offset = ridge(x, x @ truth + 3, 1e-9)
    np.testing.assert_allclose(weights, truth, atol=1e-6)
    np.testing.assert_allclose(offset, 3, atol=1e-6)


def test_what_is_left_of_a_code_has_neither_gender_nor_age():
    rng = np.random.default_rng(0)
    male, age = rng.random(300) < 0.5, rng.uniform(20, 70, 300)
    codes = rng.standard_normal((300, 3)) + male[:, None] * 2 + age[:, None] / 20
    middle = Middle.of(codes, male, age, np.full(300, 1 / 300))
    np.testing.assert_allclose(middle.slope, 0.5, atol=0.15)
    np.testing.assert_allclose(middle.code[1] - middle.code[0], 2, atol=0.5)


def test_the_distribution_holds_nine_of_ten_people_that_it_was_not_fitted_on():
    rng = np.random.default_rng(1)
    n, k, dim = 600, 6, 10
    male = rng.random(n) < 0.5
    voice = rng.standard_normal((n, dim)).astype(np.float32)
    voice[:, 0] = np.where(male, 1, -1)
    code = voice[:, 1 : k + 1] * 0.5 + rng.standard_normal((n, k)) + male[:, None]
    base = made_up(400)
    people = People(
        np.zeros((400, 2, 2, 3), np.uint8), base.shape, base.male, base.age, base.weight
    )
    own = rng.standard_normal((400, k)) + base.male[:, None]
    names = np.array([f"p{i}" for i in range(n)])
    known = slice(0, 400)
    teach = Voices(
        voice[known], names[known], male[known].astype(float), np.full(400, 40.0), code[known]
    )
    made = fit_hearing([teach], people, own)
    heard = (voice[400:] - made["voice_mean"]) / made["voice_scale"]
    men = (heard @ made["gender"][:-1] + made["gender"][-1] > 0).astype(int)
    assert (men == male[400:]).mean() > 0.98
    mean = made["gender_code"][men] + heard @ made["deviation"]
    seen = made["gender_code"][men] + (code[400:] - made["seen_code"][men]) * made["stretched"]
    pairs = zip(men, seen - mean, strict=True)
    distance = np.array([np.sum(np.linalg.solve(made["spread"][g], d) ** 2) for g, d in pairs])
    bound = np.quantile(np.random.default_rng(0).chisquare(k, 100_000), 0.9)
    assert 0.83 < (distance <= bound).mean() < 0.97


def test_few_people_do_not_make_the_others_seem_far_away():
    rng = np.random.default_rng(0)
    few, others = rng.standard_normal((60, 50)), rng.standard_normal((500, 50))
    plain = few.T @ few / len(few)

    def distance(covariance):
        return np.mean(np.einsum("nk,kl,nl->n", others, np.linalg.inv(covariance), others)) / 50

    assert distance(plain) > 4
    assert 0.9 < distance(shrunk(plain, len(few))) < 1.6
    many = others.T @ others / len(others)
    assert np.abs(shrunk(many, 1e6) - many).max() < 0.01


def test_gender_on_record_is_believed_before_what_a_network_sees():
    rng = np.random.default_rng(0)
    people, n = made_up(), 60
    male = np.arange(n) % 2 == 0
    voice = rng.standard_normal((n, 4)).astype(np.float32)
    voice[:, 0] += np.where(male, 3, -3)
    names = np.array([f"p{i}" for i in range(n)])
    code = rng.standard_normal((n, 3))
    age = np.full(n, 40.0)
    seen = Voices(voice, names, (~male).astype(float), age, code)  # the network is always wrong
    known = Voices(voice, names, male.astype(float), age * np.nan, code * np.nan, on_record=True)
    own = rng.standard_normal((40, 3))

    def heard(voices):
        made = fit_hearing(voices, people, own)
        x = (voice - made["voice_mean"]) / made["voice_scale"]
        return (x @ made["gender"][:-1] + made["gender"][-1] > 0) == male

    assert heard([seen, known]).all()
    assert not heard([seen]).any()
