"""Estimates with an interval by resampling people, who are what a corpus is a sample of."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """A value and its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def bootstrap_interval(
    measure: Callable[[np.ndarray], float], n_people: int, *, seed: int, n_resamples: int
) -> tuple[float, float]:
    """Percentile interval (Efron 1979) of a measure over people drawn with replacement.

    Args:
        measure: From drawn people, as indices of shape (n_people,), to a number; a resample for
            which it is not a number is left out.
        n_people: How many there are.
        seed: Of the draws.
        n_resamples: How many.

    Returns:
        Lower and upper end.
    """
    rng = np.random.default_rng(seed)
    values = [measure(rng.integers(n_people, size=n_people)) for _ in range(n_resamples)]
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.nanpercentile(values, [tail, 100 - tail])
    return float(low), float(high)
