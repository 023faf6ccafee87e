import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice2face.evaluation.metrics.roc import equal_error_rate
from voice2face.evaluation.metrics.verification import verify

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
