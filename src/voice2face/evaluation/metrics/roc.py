"""Measures of two sets of scores: area under the curve, equal error rate, detection cost."""

import numpy as np

from voice2face.arrays import Float64s
from voice2face.errors import CorpusError
from voice2face.evaluation.statistics.intervals import (
    N_RESAMPLES,
    Estimate,
    check_people,
    draws,
    interval_of,
    never_without_length,
    times_drawn,
)


def roc_auc(positive: np.ndarray, negative: np.ndarray) -> float:
    """Chance that a positive scores above a negative, ties counting half (Mann and Whitney 1947).

    Args:
        positive: Scores that should be high, shape (n,).
        negative: Scores that should be low, shape (m,).

    Raises:
        CorpusError: One of them is empty, or a score is NaN.
    """
    _check_scores(positive, negative)
    return float(_wins(positive, negative).mean())


def auc_over_people(
    positive: np.ndarray,
    people: np.ndarray,
    negative: np.ndarray,
    units: np.ndarray,
    *,
    seed: int = 0,
    n_resamples: int = N_RESAMPLES,
) -> Estimate:
    """Area under the curve of people's scores against those of others, such as noises.

    Args:
        positive: Scores of people's recordings, shape (n,).
        people: Person of each; each person counts alike.
        negative: Scores of the others, shape (m,).
        units: Name of the unit of each, such as the noise that it is cut from, shape (m,); each
            unit counts alike.
        seed: Seed of the draws.
        n_resamples: Number of resamples; people and units are drawn independently.

    Raises:
        CorpusError: One side is empty or has fewer than two people or units, or a score is NaN.
    """
    _check_scores(positive, negative)
    names, owner = np.unique(people, return_inverse=True)
    kinds, unit = np.unique(units, return_inverse=True)
    check_people(len(names))
    if len(kinds) < 2:
        raise CorpusError("AUC", "one unit of negatives", "at least two", "give more of them")
    wins = np.zeros((len(names), len(kinds)))
    for k in range(len(kinds)):
        wins[:, k] = np.bincount(owner, _wins(positive, negative[unit == k]))
    wins /= np.bincount(owner)[:, None]
    rng = np.random.default_rng([seed, 1])
    drawn = []
    for picks in draws(len(names), seed, n_resamples):
        times = times_drawn(picks, len(names)).astype(np.float64)
        chosen = rng.integers(len(kinds), size=(len(picks), len(kinds)))
        others = times_drawn(chosen, len(kinds))
        drawn.append(((times @ wins) * others).sum(axis=1) / (len(names) * len(kinds)))
    found = Estimate(float(wins.mean()), *interval_of(np.concatenate(drawn)))
    return never_without_length(found, min(len(names), len(kinds)))


def _check_scores(positive: np.ndarray, negative: np.ndarray) -> None:
    for scores, name in ((positive, "positive"), (negative, "negative")):
        if not len(scores):
            raise CorpusError("AUC", f"no {name} scores", "some on either side", "give more")
        if np.isnan(scores).any():
            raise CorpusError("AUC", f"a {name} score is NaN", "numbers", "look at what made it")


def _wins(positive: np.ndarray, negative: np.ndarray) -> Float64s:
    """Share of the negatives that each positive is above, ties counting half: (n,)."""
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, "left") + np.searchsorted(ordered, positive, "right")
    return np.asarray(below / (2 * len(negative)), np.float64)


def equal_error_rate(same: np.ndarray, different: np.ndarray) -> float:
    """Rate at which false refusals equal false acceptances, interpolated between thresholds.

    Args:
        same: Scores of pairs of one person, higher is more alike, shape (n_same,).
        different: Scores of pairs of two people, shape (n_different,).

    Raises:
        ValueError: One of them is empty.
    """
    if not len(same) or not len(different):
        raise ValueError("equal error rate: needs pairs of one person and pairs of two")
    refused, accepted = error_rates(same, different)
    gap = refused - accepted  # rises from -1 or 0 to 1
    above = int(np.argmax(gap >= 0))
    if above == 0 or gap[above] == 0:
        return float((refused[above] + accepted[above]) / 2)
    share = -gap[above - 1] / (gap[above] - gap[above - 1])
    return float(refused[above - 1] + share * (refused[above] - refused[above - 1]))


def min_detection_cost(same: np.ndarray, different: np.ndarray, p_target: float) -> float:
    """Least cost over all thresholds, 0 to 1; 1 is the cost of accepting or refusing all.

    Args:
        same: Scores of pairs of one person, shape (n_same,).
        different: Scores of pairs of two people, shape (n_different,).
        p_target: Assumed share of pairs of one person.
    """
    refused, accepted = error_rates(same, different)
    return float(detection_cost(refused, accepted, p_target).min())


def error_rates(same: np.ndarray, different: np.ndarray) -> tuple[Float64s, Float64s]:
    """False refusals and acceptances at each threshold, rising; the last one refuses all."""
    thresholds = np.unique(np.concatenate([same, different]))
    # At threshold t, pairs scoring t or more are accepted.
    refused = np.searchsorted(np.sort(same), thresholds, side="left") / len(same)
    accepted = 1 - np.searchsorted(np.sort(different), thresholds, side="left") / len(different)
    return np.append(refused, 1.0), np.append(accepted, 0.0)


def detection_cost(refused: np.ndarray, accepted: np.ndarray, p_target: float) -> np.ndarray:
    """Cost at each threshold, relative to the better of accepting and refusing all."""
    cost = p_target * refused + (1 - p_target) * accepted
    return np.asarray(cost / min(p_target, 1 - p_target))
