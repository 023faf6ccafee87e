import numpy as np
import pytest

from voice2face.errors import CorpusError
from voice2face.evaluation.metrics.face_verification import verify_faces
from voice2face.evaluation.metrics.roc import auc_over_people, equal_error_rate, roc_auc
from voice2face.evaluation.trials.trials import Items, make_trials


def test_area_of_known_scores():
    assert roc_auc(np.array([2.0, 3]), np.array([0.0, 1])) == 1
    assert roc_auc(np.array([0.0, 1]), np.array([2.0, 3])) == 0
    assert roc_auc(np.zeros(4), np.zeros(3)) == 0.5
    assert roc_auc(np.array([1.0, 3]), np.array([0.0, 1, 2, 3])) == (1.5 + 3.5) / 8


def test_area_is_the_share_of_pairs_in_order():
    rng = np.random.default_rng(0)
    positive, negative = rng.integers(9, size=40), rng.integers(7, size=55)
    gaps = positive[:, None] - negative
    assert roc_auc(positive, negative) == pytest.approx(((gaps > 0) + 0.5 * (gaps == 0)).mean())


def test_area_of_two_normals_is_the_analytic_one():
    rng = np.random.default_rng(1)
    area = roc_auc(rng.normal(1, 1, 100_000), rng.normal(0, 1, 100_000))
    assert area == pytest.approx(0.76025, abs=0.003)  # Φ(1/√2)


def test_area_over_people_counts_people_and_noises_alike():
    positive, people = np.array([1.0, 1, 1, 3]), np.array(["a", "a", "a", "b"])
    negative, noises = np.array([0.0, 2, 2, 2]), np.array(["white", "pink", "pink", "pink"])
    found = auc_over_people(positive, people, negative, noises)
    assert found.value == pytest.approx((1 + 0 + 1 + 1) / 4)
    assert found.low <= found.value <= found.high


def test_area_over_people_resamples_both_sides():
    rng = np.random.default_rng(2)
    covered = 0
    for seed in range(100):
        people, units = np.arange(30).repeat(4), np.arange(30).repeat(5)
        positive = rng.normal(size=30).repeat(4) + rng.normal(size=120)
        negative = rng.normal(size=30).repeat(5) + rng.normal(size=150)
        found = auc_over_people(positive, people, negative, units, seed=seed, n_resamples=300)
        covered += found.low <= 0.5 <= found.high
    assert 88 <= covered <= 100


@pytest.mark.parametrize(
    ("positive", "negative", "said"),
    [
        (np.zeros(0), np.ones(2), "no positive"),
        (np.ones(2), np.zeros(0), "no negative"),
        (np.array([1.0, np.nan]), np.ones(2), "NaN"),
    ],
)
def test_scores_that_tell_nothing_are_refused_in_one_line(positive, negative, said):
    with pytest.raises(CorpusError, match=said) as caught:
        roc_auc(positive, negative)
    assert "\n" not in str(caught.value)


def test_an_area_over_one_person_or_one_noise_is_refused():
    two = np.array([0.0, 1])
    with pytest.raises(CorpusError, match="one person"):
        auc_over_people(two, np.array(["a", "a"]), two, np.array(["x", "y"]))
    with pytest.raises(CorpusError, match="one unit"):
        auc_over_people(two, np.array(["a", "b"]), two, np.array(["x", "x"]))


def crowd(noise, n=20, each=3, seed=0):
    rng = np.random.default_rng(seed)
    who = np.array([f"p{i:02}" for i in range(n)]).repeat(each)
    items = Items(np.arange(n * each).astype(str), who, {"gender": np.array(["f", "m"] * 30)})
    centres = rng.normal(size=(n, 8)).repeat(each, axis=0)
    made, real = (centres + noise * rng.normal(size=centres.shape) for _ in range(2))
    return made, real, items


def test_faces_are_verified_over_the_pairs_of_the_list():
    made, real, items = crowd(1.0)
    trials = make_trials(items, items, protocol="verification", n_sets=150)
    found = verify_faces(made, real, trials, n_resamples=200)
    one, other = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (made, real))
    scores = (one[trials.asked] * other[trials.sets[:, 0]]).sum(axis=1)
    same = items.identity[trials.asked] == items.identity[trials.sets[:, 0]]
    assert found.auc.value == pytest.approx(roc_auc(scores[same], scores[~same]), abs=1e-4)
    assert found.eer.value == pytest.approx(equal_error_rate(scores[same], scores[~same]), abs=0.01)
    assert (found.n_same, found.n_different) == (150, 150)
    assert found.n_identities == 20 and found.n_clips == len(np.unique(trials.asked))
    assert found.auc.low < found.auc.value < found.auc.high < 1
    assert found.eer.low < found.eer.value < found.eer.high


def test_one_face_for_all_verifies_nobody():
    made, real, items = crowd(0.3)
    trials = make_trials(items, items, protocol="verification")
    assert verify_faces(made, real, trials, n_resamples=50).auc.value > 0.95
    flat = verify_faces(np.ones_like(made), real, trials, centre=True, n_resamples=50)
    assert flat.auc.value == flat.auc.low == flat.auc.high == 0.5
    assert flat.eer.value == 0.5


def test_faces_that_cannot_be_verified_are_refused_in_one_line():
    made, real, items = crowd(1.0)
    with pytest.raises(CorpusError, match="'1:2'"):
        verify_faces(made, real, make_trials(items, items, protocol="1:2"))
    trials = make_trials(items, items, protocol="verification", n_sets=10)
    with pytest.raises(CorpusError, match="not finite"):
        verify_faces(made * np.nan, real, trials)
    with pytest.raises(CorpusError, match="one length"):
        verify_faces(made, real[:, :4], trials)
