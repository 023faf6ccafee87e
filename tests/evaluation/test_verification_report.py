import json

import numpy as np
import pytest

from voice2face.cli.output import verification_lines
from voice2face.evaluation.metrics import verification
from voice2face.evaluation.metrics.roc import equal_error_rate, min_detection_cost, roc_auc
from voice2face.evaluation.metrics.verification import (
    P_TARGETS,
    all_trials,
    keep_clips,
    measure,
    verify,
)
from voice2face.evaluation.metrics.verification_report import as_data, verification_report


def people(n, each, noise, seed=0, dim=8):
    rng = np.random.default_rng(seed)
    owner = np.repeat(np.arange(n), each)
    vectors = rng.normal(size=(n, dim))[owner] + noise * rng.normal(size=(n * each, dim))
    return vectors, np.array([f"p{number:03}" for number in owner])


def test_detection_cost_of_known_scores():
    assert min_detection_cost(np.array([2.0, 3]), np.array([0.0, 1]), 0.01) == 0
    # The best is to refuse half of the same pairs: any acceptance costs 99.
    same, different = np.array([1.0, 3]), np.array([0.0, 2])
    assert min_detection_cost(same, different, 0.01) == pytest.approx(0.5)
    # Accepting one of 200 costs 0.005 · 99; refusing the one same pair below it costs 0.5.
    many = np.append(np.zeros(199), 2.0)
    assert min_detection_cost(same, many, 0.01) == pytest.approx(0.005 * 99)
    assert min_detection_cost(np.zeros(3), np.zeros(3), 0.05) == pytest.approx(1)


def test_resamples_equal_the_measures_of_pairs_that_are_repeated():
    vectors, identity = people(12, 3, 0.8)
    trials = all_trials(identity)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    scores = np.einsum("td,td->t", unit[trials.enrolled], unit[trials.tested])
    drawn = verification._resampled(scores, trials, seed=3, n_resamples=60)
    picks = np.random.default_rng(3).integers(12, size=(50, 12))
    for row, picked in zip(drawn, picks, strict=False):
        times = np.bincount(picked, minlength=12)
        weights = times[trials.one] * np.where(trials.same, 1, times[trials.other])
        parts = [np.repeat(scores[k], weights[k]) for k in (trials.same, ~trials.same)]
        assert row[0] == pytest.approx(equal_error_rate(*parts), abs=1e-5)
        costs = [min_detection_cost(*parts, p) for p in P_TARGETS]
        assert row[1:3] == pytest.approx(costs, abs=1e-5)
        assert row[3] == pytest.approx(roc_auc(*parts), abs=1e-5)


def test_the_interval_covers_the_population_as_often_as_it_says():
    truth = verify(*people(400, 3, 1.1, seed=99, dim=4), n_resamples=1).eer.value
    covered = 0
    for seed in range(40):
        eer = verify(*people(25, 3, 1.1, seed=seed, dim=4), seed=seed, n_resamples=200).eer
        covered += eer.low <= truth <= eer.high
    assert 33 <= covered <= 40


def test_large_sets_keep_some_recordings_of_many_people_and_state_their_trials(monkeypatch):
    monkeypatch.setattr(verification, "MOST_CLIPS", 60)
    monkeypatch.setattr(verification, "MOST_EACH", 3)
    monkeypatch.setattr(verification, "MOST_TRIALS", 100)
    vectors, identity = people(50, 10, 0.5)
    kept = keep_clips(identity)
    assert len(kept) == 60 and np.unique(identity[kept], return_counts=True)[1].max() == 3
    assert np.array_equal(kept, keep_clips(identity)) and not np.array_equal(
        kept, keep_clips(identity, seed=1)
    )
    result = verify(vectors, identity)
    assert (result.n_identities, result.n_clips) == (20, 60)
    assert (result.n_same, result.n_different) == (60, 100)


def test_trials_are_each_pair_once_and_either_way_round():
    trials = all_trials(np.array(["a", "a", "b", "c", "b", "d", "e", "f"]))
    pairs = {frozenset(pair) for pair in zip(trials.enrolled, trials.tested, strict=True)}
    assert len(trials) == len(pairs) == 28 and trials.same.sum() == 2
    assert 0 < (trials.enrolled > trials.tested).sum() < 28


def made_recordings(n_frames, n_people=8, each=3):
    """The first band tells who, the more clearly the longer one listens."""
    rng = np.random.default_rng(0)
    owner = np.repeat(np.arange(n_people), each)
    clips = [
        np.stack([rng.normal(0, 6, n) + k, rng.normal(0, 6, n) - k % 3], axis=1)
        for k, n in zip(owner, n_frames, strict=True)
    ]
    return clips, np.array([f"p{k}" for k in owner]), np.array(["f", "m"])[owner % 2]


def embed(clips):
    means = np.array([clip.mean(axis=0) for clip in clips])
    return np.stack([np.cos(means[:, 0] * 0.8), np.sin(means[:, 0] * 0.8), means[:, 1]], axis=1)


def test_rows_by_duration_and_within_a_gender():
    clips, identity, gender = made_recordings([400] * 12 + [1200] * 12)
    rows = verification_report(
        clips, identity, {"gender": gender}, embed, hop_s=0.01, durations_s=(1.0, 5.0)
    )
    assert [(row.duration_s, row.within) for row in rows] == [
        (None, None), (None, "gender"), (1.0, None), (1.0, "gender"), (5.0, None), (5.0, "gender")
    ]  # fmt: skip
    assert [row.n_left_out for row in rows] == [0, 0, 0, 0, 12, 12]
    everybody, within, short = (rows[i].result for i in (0, 1, 2))
    assert (everybody.n_same, everybody.n_different) == (24, 24 * 23 // 2 - 24)
    assert (within.n_same, within.n_different) == (24, 2 * 12 * 11 // 2 - 24)
    assert short.n_same == 24
    assert everybody.eer.value < short.eer.value
    assert 0 < rows[4].result.n_same < 24  # those whose tested recording is long enough
    report = as_data(rows, seed=0)
    assert json.loads(json.dumps(report)) == report
    assert report["eer"] == report["rows"][0]["result"]["eer"]
    assert len(list(verification_lines(report["rows"]))) == 7


def test_the_whole_row_is_what_verify_finds():
    clips, identity, gender = made_recordings([300] * 24)
    rows = verification_report(clips, identity, {"gender": gender}, embed, hop_s=0.01)
    assert rows[0].result == verify(embed(clips), identity)


def test_a_row_nobody_is_long_enough_for_and_no_row_at_all():
    clips, identity, _ = made_recordings([300] * 24)
    rows = verification_report(clips, identity, {}, embed, hop_s=0.01, durations_s=(2.0, 10.0))
    assert [row.result is None for row in rows] == [False, False, True]
    *_, last = verification_lines(as_data(rows, 0)["rows"])
    assert last.split() == ["10", "s", "all", "-", "-", "-", "0", "0", "24"]
    strangers = np.array([f"p{k}" for k in range(24)])
    report = as_data(verification_report(clips, strangers, {}, embed, hop_s=0.01), 0)
    assert report["eer"] is None and not list(verification_lines(report["rows"]))


def test_unknown_genders_are_in_no_group():
    clips, identity, _ = made_recordings([300] * 24)
    nobody = np.full(24, None, object)
    rows = verification_report(
        clips, identity, {"gender": nobody}, embed, hop_s=0.01, durations_s=()
    )
    assert rows[1].within == "gender" and rows[1].result is None


def test_measure_scores_the_known_against_the_asked_about():
    vectors, identity = people(10, 2, 0.1)
    trials = all_trials(identity)
    assert measure(vectors, vectors, trials).eer.value < 0.05
    strangers = np.random.default_rng(1).normal(size=vectors.shape)
    assert measure(vectors, strangers, trials).eer.value > 0.2
