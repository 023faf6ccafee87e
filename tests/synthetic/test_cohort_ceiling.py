import math

import numpy as np
import pytest

from voice2face.synthetic import CohortSettings, sample_person
from voice2face.synthetic.ceiling import (
    best_matching_accuracy,
    best_sex_accuracy,
    log_likelihood_ratio,
)
from voice2face.synthetic.latent import shared_of


def exact_within_sex(coupling: float) -> float:
    """1:2 accuracy from three numbers of the given correlation, in closed form.

    The face nearer to heard / coupling wins. The difference of the two squared distances is an
    indefinite quadratic form with eigenvalues 1 + q and 1 - q, three of each, so the win is a
    beta(3/2, 3/2) variable beyond (q - 1) / 2q.
    """
    q = math.sqrt(2 / coupling**2 - 1)
    x = (q - 1) / (2 * q)
    return 1 - 2 / math.pi * (math.asin(math.sqrt(x)) - math.sqrt(x * (1 - x)) * (1 - 2 * x))


@pytest.mark.parametrize("coupling", [0.2, 0.5, 0.85, 0.97])
def test_agrees_with_the_closed_form_within_sex(coupling):
    best = best_matching_accuracy(coupling, within_sex=True)
    exact = exact_within_sex(coupling)
    assert abs(best.accuracy - exact) < 4 * best.standard_error
    assert best.standard_error < 0.0015


@pytest.mark.parametrize("n_way", [2, 5, 10])
@pytest.mark.parametrize("within_sex", [False, True])
def test_without_coupling_nothing_beats_a_guess(n_way, within_sex):
    best = best_matching_accuracy(0.0, n_way, within_sex=within_sex, n_trials=1000)
    assert best.accuracy == pytest.approx(1 / n_way)
    assert best.standard_error == pytest.approx(0, abs=1e-12)
    assert best.chance == 1 / n_way


def test_at_full_coupling_everything_is_known():
    for within_sex in (False, True):
        best = best_matching_accuracy(1.0, 10, within_sex=within_sex, n_trials=2000)
        assert best.accuracy == 1.0


def test_more_coupling_is_more_accurate_and_more_faces_are_harder():
    grid = (0.0, 0.25, 0.5, 0.75, 0.9, 1.0)
    for within_sex in (False, True):
        rising = [best_matching_accuracy(c, within_sex=within_sex).accuracy for c in grid]
        assert rising == sorted(set(rising))
    falling = [best_matching_accuracy(0.85, n, n_trials=20_000).accuracy for n in (2, 4, 8, 16)]
    assert falling == sorted(set(falling), reverse=True)


def test_the_default_leaves_room_above_and_below():
    coupling = CohortSettings().coupling
    anybody = best_matching_accuracy(coupling)
    same_sex = best_matching_accuracy(coupling, within_sex=True)
    assert 0.93 < anybody.accuracy < 0.96
    assert 0.6 < same_sex.accuracy < anybody.accuracy - 0.01


def test_it_is_deterministic():
    assert best_matching_accuracy(0.6, n_trials=999) == best_matching_accuracy(0.6, n_trials=999)


@pytest.mark.parametrize("within_sex", [False, True])
def test_an_oracle_on_people_drawn_reaches_it(within_sex):
    settings = CohortSettings(seed=1)
    people = [sample_person(settings, i) for i in range(500)]
    heard = np.array([shared_of(p.heard) for p in people])
    seen = np.array([shared_of(p.seen) for p in people])
    score = log_likelihood_ratio(heard[:, None], seen[None], settings.coupling)
    wins = np.diag(score)[:, None] > score
    trial = ~np.eye(500, dtype=bool)
    if within_sex:
        trial &= seen[:, None, 0] == seen[None, :, 0]
    each = np.array([won[asked].mean() for won, asked in zip(wins, trial, strict=True)])
    best = best_matching_accuracy(settings.coupling, within_sex=within_sex)
    assert abs(each.mean() - best.accuracy) < 4 * each.std() / math.sqrt(500)


def test_no_other_rule_beats_it():
    rng = np.random.default_rng(0)
    settings = CohortSettings(seed=2)
    people = [sample_person(settings, i) for i in range(500)]
    heard = np.array([shared_of(p.heard) for p in people])
    seen = np.array([shared_of(p.seen) for p in people])
    best = log_likelihood_ratio(heard[:, None], seen[None], settings.coupling)
    optimal = np.mean(np.diag(best)[:, None] > best)
    for _ in range(20):
        weights = rng.uniform(0, 1, 4)
        other = -((heard[:, None] - seen[None]) ** 2 * weights).sum(-1)
        assert np.mean(np.diag(other)[:, None] > other) < optimal


def test_the_ratio_is_that_of_the_densities():
    heard = np.array([1.0, 0.3, -1.0, 2.0])
    seen = np.array([-1.0, 0.1, -0.5, 1.0])
    c = 0.6

    def log_normal(x, mean, variance):
        return -0.5 * math.log(2 * math.pi * variance) - (x - mean) ** 2 / (2 * variance)

    wanted = math.log((1 - c) / 2) - math.log(1 / 2)
    for h, s in zip(heard[1:], seen[1:], strict=True):
        wanted += log_normal(s, c * h, 1 - c * c) - log_normal(s, 0, 1)
    assert log_likelihood_ratio(heard, seen, c) == pytest.approx(wanted)


def test_the_best_guess_of_sex_is_the_heard_one():
    people = [sample_person(CohortSettings(coupling=0.5), i) for i in range(1500)]
    share = np.mean([p.heard.sex == p.seen.sex for p in people])
    assert share == pytest.approx(best_sex_accuracy(0.5), abs=0.04)
