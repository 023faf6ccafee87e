"""Estimates with intervals by resampling people, of whom a corpus is a sample.

Each person counts alike, however many recordings there are of them. Intervals are percentiles
(Efron 1979) of 10,000 bootstrap resamples of the people; two systems are compared on the same
resamples. With few people such an interval is somewhat too short. If all people have the same
value, resamples do not differ; the interval is then the exact one of the share of people who would
have another value (Clopper and Pearson 1934). For models of several seeds see :func:`with_seeds`.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist, stdev

import numpy as np

from voice2face.arrays import Float32s, Float64s, Int64s
from voice2face.errors import CorpusError

LEVEL = 0.95
N_RESAMPLES = 10_000
AT_ONCE = 1 << 20  # drawn people in memory at a time: 8 MiB
FEW_PEOPLE = 10  # with fewer, an interval over people is clearly too short
SHARE, DIFFERENCE = (0.0, 1.0), (-1.0, 1.0)  # range of a share, and of a difference of two
# Student's t for 97.5 % and 1, 2, ... degrees of freedom.
STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)


@dataclass(frozen=True)
class Estimate:
    """A value and its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def person_means(values: np.ndarray, people: np.ndarray) -> tuple[Float64s, np.ndarray]:
    """Mean of each person's values.

    Args:
        values: Numbers, such as the share of right answers about a recording, shape (n,); NaN
            values are left out.
        people: Person of each, shape (n,).

    Returns:
        Means, shape (p,), and sorted names, shape (p,), of people who have a value.

    Raises:
        CorpusError: Lengths differ, or a value is infinite.
    """
    values, people = np.asarray(values, np.float64), np.asarray(people)
    if values.ndim != 1 or values.shape != people.shape:
        raise CorpusError(
            "values of people",
            f"{values.shape} values, {people.shape} names",
            "one name for each value",
            "give arrays of the same length",
        )
    if np.isinf(values).any():
        raise CorpusError(
            "values of people", "an infinite one", "finite numbers", "look at what made it"
        )
    asked = ~np.isnan(values)
    names, owner = np.unique(people[asked], return_inverse=True)
    return np.bincount(owner, values[asked]) / np.bincount(owner), names


def estimate(
    values: np.ndarray,
    people: np.ndarray,
    *,
    seed: int = 0,
    n_resamples: int = N_RESAMPLES,
    ends: tuple[float, float] | None = None,
) -> Estimate:
    """Mean over people of their mean value, with its interval over people.

    Args:
        values: Shape (n,); NaN values are left out.
        people: Person of each, shape (n,).
        seed: Seed of the draws.
        n_resamples: Number of resamples.
        ends: Least and largest possible value, such as ``SHARE``; None: not known.

    Raises:
        CorpusError: Fewer than two people have a value, so it is unknown how much people differ.
    """
    means, _ = person_means(values, people)
    check_people(len(means))
    drawn = [means[picks].mean(axis=1) for picks in draws(len(means), seed, n_resamples)]
    found = Estimate(float(means.mean()), *interval_of(np.concatenate(drawn)))
    return found if ends is None else never_without_length(found, len(means), ends)


def never_without_length(found: Estimate, n: int, ends: tuple[float, float] = SHARE) -> Estimate:
    """An exact interval, if that of the bootstrap has no length since all people are alike.

    If none of ``n`` people has another value, up to ``1 - 0.025^(1/n)`` of all people may have one
    (the exact upper limit for none of ``n``), in the worst case at an end of the range.

    Args:
        found: Estimate by the bootstrap; if its interval has a length, it stays as it is.
        n: Number of people, or of other units.
        ends: Least and largest possible value.
    """
    if found.high - found.low > 1e-9 or n < 1:
        return found
    others = 1 - ((1 - LEVEL) / 2) ** (1 / n)
    low, high = (found.value + others * (end - found.value) for end in ends)
    return Estimate(found.value, min(low, found.value), max(high, found.value))


def with_seeds(
    found: Estimate, *of_seeds: Sequence[float], ends: tuple[float, float] | None = None
) -> Estimate:
    """An interval over people that also covers the seeds of the trainings.

    People and seeds are two independent samples, so their variances add. The interval of the mean
    over seeds is Student's t times its standard error; with two seeds it is very wide (t is 12.7).

    Args:
        found: Mean over seeds, with its interval over people.
        of_seeds: Value of each seed, for each model of the estimate; fewer than two seeds change
            nothing.
        ends: Least and largest possible value.
    """
    squared = 0.0
    for values in of_seeds:
        if len(values) > 1:
            squared += (student_t(len(values) - 1) * stdev(values)) ** 2 / len(values)
    below = math.hypot(found.value - found.low, math.sqrt(squared))
    above = math.hypot(found.high - found.value, math.sqrt(squared))
    if not squared:
        return found
    low, high = (-math.inf, math.inf) if ends is None else ends
    return Estimate(found.value, max(found.value - below, low), min(found.value + above, high))


def student_t(n_free: int) -> float:
    """Student's t below which 97.5 % lie.

    Args:
        n_free: Degrees of freedom, at least 1.

    Source:
        Abramowitz and Stegun 1964, 26.7.5, above 10 degrees of freedom.
    """
    if n_free <= len(STUDENT):
        return STUDENT[n_free - 1]
    z = NormalDist().inv_cdf(1 - (1 - LEVEL) / 2)
    return z + (z**3 + z) / (4 * n_free) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n_free**2)


def difference(
    a: np.ndarray,
    b: np.ndarray,
    people: np.ndarray,
    *,
    seed: int = 0,
    n_resamples: int = N_RESAMPLES,
    ends: tuple[float, float] | None = None,
) -> Estimate:
    """By how much the first is above the second, mean over people, paired.

    Both are measured on the same recordings, and on the same people in each resample. Recordings
    with a value of one system alone are left out.

    Args:
        a: Values of the first system, shape (n,); NaN if there is none.
        b: Values of the second system, on the same recordings in the same order.
        people: Person of each, shape (n,).
        seed: Seed of the draws.
        n_resamples: Number of resamples.
        ends: Least and largest possible difference, such as ``DIFFERENCE``.

    Raises:
        CorpusError: The two differ in length, or have fewer than two people in common.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.shape != b.shape:
        raise CorpusError(
            "two systems",
            f"{len(a)} and {len(b)} values",
            "values on the same recordings",
            "score both with one list of trials",
        )
    return estimate(a - b, people, seed=seed, n_resamples=n_resamples, ends=ends)


def bootstrap_interval(
    measure: Callable[[Int64s], Float64s], n_people: int, *, seed: int, n_resamples: int
) -> tuple[float, float]:
    """Interval of a measure that is no mean, such as a correlation, over drawn people.

    Args:
        measure: Function from people of resamples, as indices of shape (resamples, n_people), to
            a number for each, (resamples,); NaN values are left out.
        n_people: Number of people.
        seed: Seed of the draws.
        n_resamples: Number of resamples.

    Returns:
        Lower and upper end.
    """
    drawn = [measure(picks) for picks in draws(n_people, seed, n_resamples)]
    return interval_of(np.concatenate(drawn))


def draws(n_people: int, seed: int, n_resamples: int) -> Iterator[Int64s]:
    """People drawn with replacement, some resamples at a time: (resamples, n_people).

    The same arguments give the same draws, however many are in memory at a time.
    """
    rng = np.random.default_rng(seed)
    at_once = max(1, AT_ONCE // max(1, n_people))
    for start in range(0, n_resamples, at_once):
        yield rng.integers(n_people, size=(min(at_once, n_resamples - start), n_people))


def times_drawn(picks: Int64s, n: int) -> Float32s:
    """How often each of ``n`` was drawn in each resample, from :func:`draws`: (resamples, n)."""
    flat = picks + n * np.arange(len(picks))[:, None]
    counts = np.bincount(flat.ravel(), minlength=n * len(picks))
    return counts.reshape(len(picks), n).astype(np.float32)


def interval_of(values: np.ndarray) -> tuple[float, float]:
    """Ends between which LEVEL of the resamples lie; NaN values are left out.

    Raises:
        CorpusError: No resample has a value.
    """
    values = values[~np.isnan(values)]
    if not len(values):
        raise CorpusError(
            "interval over people", "a value in no resample", "more people", "measure more of them"
        )
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(values, [tail, 100 - tail])
    return float(low), float(high)


def check_people(n_people: int) -> None:
    """Refuse an interval over fewer than two people.

    Raises:
        CorpusError: There are fewer.
    """
    if n_people < 2:
        found = "nobody could be asked about" if n_people == 0 else "one person"
        raise CorpusError(
            "interval over people",
            found,
            "at least two people with trials",
            "give recordings and faces of more people",
        )
