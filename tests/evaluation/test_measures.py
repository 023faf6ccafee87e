import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice2face.evaluation.intervals import bootstrap_interval
from voice2face.evaluation.matching import match_one_of_two
from voice2face.evaluation.verification import equal_error_rate, verify

scores = st.lists(st.floats(-1, 1, width=16), min_size=1, max_size=30).map(np.array)


def test_equal_error_rate_of_known_scores():
    assert equal_error_rate(np.array([2.0, 3.0]), np.array([0.0, 1.0])) == 0
    assert equal_error_rate(np.array([0.0, 1.0]), np.array([2.0, 3.0])) == 1
    # One of four on either side lies beyond the others.
    assert equal_error_rate(np.array([0.5, 2, 3, 4]), np.array([-1, 0, 0.2, 1])) == 0.25


@given(scores, scores)
def test_equal_error_rate_is_mirrored_when_the_scores_are(same, different):
    rate = equal_error_rate(same, different)
    assert 0 <= rate <= 1
    mirrored = equal_error_rate(-different, -same)
    assert rate == pytest.approx(mirrored, abs=1e-9)


def test_equal_error_rate_of_two_normals_is_the_analytic_one():
    rng = np.random.default_rng(0)
    same, different = rng.normal(2, 1, 200_000), rng.normal(0, 1, 200_000)
    assert equal_error_rate(same, different) == pytest.approx(0.15866, abs=0.003)  # Φ(-1)


def test_verification_counts_its_pairs_and_ranks_people():
    rng = np.random.default_rng(1)
    people = np.repeat(np.arange(12), 4)
    centres = rng.normal(size=(12, 16))
    clear = verify(centres[people] + 0.1 * rng.normal(size=(48, 16)), people.astype(str))
    noise = verify(rng.normal(size=(48, 16)), people.astype(str))
    assert (clear.n_same, clear.n_different) == (12 * 6, 48 * 47 // 2 - 72)
    assert clear.eer.value < 0.02 < 0.35 < noise.eer.low < 0.5 < noise.eer.high < 0.65


def test_verification_needs_two_recordings_of_somebody():
    vectors = np.eye(3)
    assert verify(vectors, np.array(["a", "b", "c"])) is None
    assert verify(vectors, np.array(["a", "a", "a"])) is None


def test_matching_of_an_oracle_of_chance_and_of_its_opposite():
    rng = np.random.default_rng(2)
    who = np.repeat([f"p{i}" for i in range(20)], 3)
    vectors = rng.normal(size=(20, 8))[np.repeat(np.arange(20), 3)]
    assert match_one_of_two(vectors, who, vectors, who).accuracy.value == 1
    assert match_one_of_two(-vectors, who, vectors, who).accuracy.value == 0
    same_for_all = np.ones_like(vectors)
    flat = match_one_of_two(vectors, who, same_for_all, who)
    assert flat.accuracy.value == 0.5 and flat.n_trials == 60 * 3 * 57
    chance = match_one_of_two(rng.normal(size=vectors.shape), who, vectors, who).accuracy
    assert chance.low < 0.5 < chance.high


def test_matching_within_a_group_asks_only_impostors_of_the_group():
    # The first axis tells the group, the second nothing.
    group = np.array(["f", "f", "m", "m"])
    vectors = np.array([[1.0, 0], [1, 0], [-1, 0], [-1, 0]])
    who = np.array(["a", "b", "c", "d"])
    assert match_one_of_two(vectors, who, vectors, who).accuracy.value == pytest.approx(5 / 6)
    within = match_one_of_two(vectors, who, vectors, who, group=group)
    assert within.accuracy.value == 0.5 and within.n_trials == 4


def test_matching_without_an_impostor_says_so():
    with pytest.raises(ValueError, match="impostor"):
        match_one_of_two(np.eye(1), np.array(["a"]), np.eye(1), np.array(["a"]))


def test_the_bootstrap_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(3)
    covered = 0
    for seed in range(200):
        people = rng.normal(size=50)
        low, high = bootstrap_interval(
            lambda drawn, people=people: float(people[drawn].mean()), 50, seed=seed, n_resamples=300
        )
        covered += low <= 0 <= high
    assert 0.88 <= covered / 200 <= 0.99
