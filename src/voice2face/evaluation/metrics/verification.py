"""Speaker verification: are two recordings of one voice?

A trial is a pair of recordings, scored by the cosine of their embeddings. Errors are refusing a
pair of one person and accepting a pair of two. The detection cost weighs them as NIST and VoxSRC
do, with C_miss = C_fa = 1 and a share ``p_target`` of pairs of one person, relative to the better
of accepting and refusing all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from voice2face.arrays import Bools, Float64s, Int64s
from voice2face.evaluation.metrics.cosine import unit
from voice2face.evaluation.metrics.roc import (
    detection_cost,
    equal_error_rate,
    min_detection_cost,
    roc_auc,
)
from voice2face.evaluation.statistics.intervals import Estimate, interval_of

MOST_CLIPS = 1500  # recordings that are compared, a million pairs
MOST_EACH = 10  # recordings of a person, if not all are compared
MOST_TRIALS = 30_000  # pairs of one person, and as many of two
AT_ONCE = 50  # resamples
P_TARGETS = (0.05, 0.01)
SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")  # below a score, and up to it


@dataclass(frozen=True)
class Verification:
    """Errors over pairs of recordings, each with a 95 % interval by resampling identities.

    Attributes:
        eer: Equal error rate.
        min_dcf_05: Least detection cost over all thresholds, p_target 0.05.
        min_dcf_01: The same, p_target 0.01.
        auc: Chance that a same pair scores above a different one.
        n_identities: Number of people.
        n_clips: Number of recordings.
        n_same: Number of pairs of one person.
        n_different: Number of pairs of two.
    """

    eer: Estimate
    min_dcf_05: Estimate
    min_dcf_01: Estimate
    auc: Estimate
    n_identities: int
    n_clips: int
    n_same: int
    n_different: int


@dataclass(frozen=True, eq=False)
class Trials:
    """Pairs of recordings by number, each an array of shape (trials,).

    Attributes:
        enrolled: The recording that is known.
        tested: The one that is asked about.
        one: Number of the person of ``enrolled``.
        other: Number of the person of ``tested``.
    """

    enrolled: Int64s
    tested: Int64s
    one: Int64s
    other: Int64s

    def __len__(self) -> int:
        return len(self.one)

    @property
    def same(self) -> Bools:
        """Mask of the pairs of one person."""
        return np.asarray(self.one == self.other, np.bool_)

    def only(self, kept: np.ndarray) -> "Trials":
        """Some of the pairs, by number or by mask."""
        return Trials(self.enrolled[kept], self.tested[kept], self.one[kept], self.other[kept])

    def sample(self, rng: np.random.Generator) -> "Trials":
        """At most MOST_TRIALS random pairs of one person and as many of two, in the same order."""
        kept = [np.flatnonzero(kind) for kind in (self.same, ~self.same)]
        few = [k if len(k) <= MOST_TRIALS else rng.choice(k, MOST_TRIALS, False) for k in kept]
        return self.only(np.sort(np.concatenate(few)))


def keep_clips(identity: np.ndarray, seed: int = 0, most: int | None = None) -> Int64s:
    """Recordings to compare: all, or at most MOST_EACH of random people until there are enough.

    Args:
        identity: Person of each, shape (clips,).
        seed: Seed of the choice.
        most: Most recordings; None: MOST_CLIPS.
    """
    most = MOST_CLIPS if most is None else most
    if len(identity) <= most:
        return np.arange(len(identity))
    rng = np.random.default_rng(seed)
    people, owner = np.unique(identity, return_inverse=True)
    kept: list[int] = []
    for person in rng.permutation(len(people)):
        kept += rng.permutation(np.flatnonzero(owner == person))[:MOST_EACH].tolist()
        if len(kept) >= most:
            break
    return np.sort(np.array(kept[:most], np.int64))


def all_trials(identity: np.ndarray, seed: int = 0) -> Trials:
    """Each pair of recordings once; it is random which of the two is enrolled."""
    owner = np.unique(identity, return_inverse=True)[1].astype(np.int64)
    first, second = np.triu_indices(len(owner), 1)
    swapped = np.random.default_rng(seed).random(len(first)) < 0.5
    enrolled, tested = np.where(swapped, second, first), np.where(swapped, first, second)
    return Trials(enrolled, tested, owner[enrolled], owner[tested])


def verify(
    embeddings: np.ndarray, identity: np.ndarray, *, seed: int = 0, n_resamples: int = 1000
) -> Verification | None:
    """Score all pairs of recordings by cosine, or as many as MOST_CLIPS and MOST_TRIALS allow.

    Args:
        embeddings: Shape (clips, dim).
        identity: Person of each, shape (clips,).
        seed: Seed of choosing and resampling.
        n_resamples: Resamples of identities behind the intervals.

    Returns:
        None if no person has two recordings, or there is but one person.
    """
    kept = keep_clips(identity, seed)
    trials = all_trials(identity[kept], seed).sample(np.random.default_rng(seed))
    vectors = embeddings[kept]
    return measure(vectors, vectors, trials, seed=seed, n_resamples=n_resamples)


def error_rate_of(embeddings: np.ndarray, identity: np.ndarray) -> float | None:
    """Equal error rate over all pairs, without interval; None if a kind of pair is missing."""
    trials = all_trials(identity)
    scores = _scores(embeddings, embeddings, trials)
    of_same, of_different = scores[trials.same], scores[~trials.same]
    if not len(of_same) or not len(of_different):
        return None
    return equal_error_rate(of_same, of_different)


def measure(
    enrolled: np.ndarray,
    tested: np.ndarray,
    trials: Trials,
    *,
    seed: int = 0,
    n_resamples: int = 1000,
) -> Verification | None:
    """Errors over given trials.

    Args:
        enrolled: Embeddings of the recordings as enrolled, shape (clips, dim).
        tested: Embeddings of the recordings as tested, same shape.
        trials: Pairs of recordings to compare.
        seed: Seed of the resampling.
        n_resamples: Resamples of identities behind the intervals.

    Returns:
        None if there is no pair of one person, or none of two.
    """
    same = trials.same
    n_same = int(same.sum())
    if not n_same or n_same == len(trials):
        return None
    scores = _scores(enrolled, tested, trials)
    of_same, of_different = scores[same], scores[~same]
    values = [equal_error_rate(of_same, of_different)]
    values += [min_detection_cost(of_same, of_different, p) for p in P_TARGETS]
    values.append(roc_auc(of_same, of_different))
    drawn = _resampled(scores, trials, seed, n_resamples)
    drawn = drawn[~np.isnan(drawn).any(axis=1)]
    ends = [(0.0, 1.0)] * len(values)  # where resamples tell nothing
    if len(drawn):
        ends = [interval_of(column) for column in drawn.T]
    estimates = [Estimate(float(v), *pair) for v, pair in zip(values, ends, strict=True)]
    n_people = len(np.unique([trials.one, trials.other]))
    n_clips = len(np.unique([trials.enrolled, trials.tested]))
    eer, dcf_05, dcf_01, auc = estimates
    n_different = len(trials) - n_same
    return Verification(eer, dcf_05, dcf_01, auc, n_people, n_clips, n_same, n_different)


def _resampled(scores: np.ndarray, trials: Trials, seed: int, n_resamples: int) -> np.ndarray:
    """The four measures of each resample of people, (n_resamples, 4); NaN without trials.

    A pair counts as often as its people were drawn. A person drawn twice counts as two people,
    but pairs across these two are no trials.
    """
    order = np.argsort(scores, kind="stable")
    same = trials.same[order]
    people, numbers = np.unique([trials.one[order], trials.other[order]], return_inverse=True)
    one, other = numbers.reshape(2, -1)
    where_same, where_different = np.flatnonzero(same), np.flatnonzero(~same)
    # How many pairs of the other kind lie below each: the curve needs its corners alone.
    below = np.searchsorted(where_same, where_different)
    sides = [np.searchsorted(scores[order][same], scores[order][~same], side) for side in SIDES]
    rng = np.random.default_rng(seed)
    rows = []
    for start in range(0, n_resamples, AT_ONCE):
        n = min(AT_ONCE, n_resamples - start)
        picks = rng.integers(len(people), size=(n, len(people)))
        times = np.zeros((n, len(people)), np.float32)
        np.add.at(times, (np.arange(n)[:, None], picks), 1)
        refused = np.cumsum(times[:, one[where_same]], axis=1, dtype=np.float32)
        weights = times[:, one[where_different]] * times[:, other[where_different]]
        accepted = np.cumsum(weights, axis=1, dtype=np.float32)
        area = _area(refused, weights, *sides)
        rows.append(np.column_stack([_measures(refused, accepted, below), area]))
    return np.concatenate(rows)


def _measures(refused: np.ndarray, accepted: np.ndarray, below: Int64s) -> np.ndarray:
    """Measures from cumulative weights, by score, of pairs of one person and of two.

    Thresholds lie just above each pair of two people, where acceptances fall; the first one
    accepts all.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        refused = np.pad(refused, ((0, 0), (1, 0)))[:, below] / refused[:, -1:]
        accepted = 1 - accepted / accepted[:, -1:]
    none = np.isnan(refused[:, -1] + accepted[:, -1])
    refused = np.pad(refused, ((0, 0), (1, 0)))
    accepted = np.pad(accepted, ((0, 0), (1, 0)), constant_values=1)
    # Up to the corner refusals rise first, then acceptances fall: the curves meet on one of these.
    crossing = np.maximum(np.argmax(refused >= accepted, axis=1), 1)[:, None]
    risen = np.take_along_axis(refused, crossing, 1)
    columns = [np.minimum(risen, np.take_along_axis(accepted, crossing - 1, 1))[:, 0]]
    columns += [np.minimum(detection_cost(refused, accepted, p).min(axis=1), 1) for p in P_TARGETS]
    return np.where(none[:, None], np.nan, np.stack(columns, axis=1))


def _area(refused: np.ndarray, weights: np.ndarray, below: Int64s, up_to: Int64s) -> np.ndarray:
    """Area under the curve of each resample, ties counting half: (resamples,)."""
    refused = np.pad(refused, ((0, 0), (1, 0)))
    lower = (refused[:, below] + refused[:, up_to]) / 2  # same pairs below each different one
    with np.errstate(invalid="ignore", divide="ignore"):
        missed = (weights * lower).sum(axis=1, dtype=np.float64) / weights.sum(axis=1)
        return np.asarray(1 - missed / refused[:, -1])


def _scores(enrolled: np.ndarray, tested: np.ndarray, trials: Trials) -> Float64s:
    pairs = unit(enrolled)[trials.enrolled], unit(tested)[trials.tested]
    return np.asarray(np.einsum("td,td->t", *pairs), np.float64)


def groups_of(column: Sequence[object]) -> Int64s:
    """Numbers of the values of a column; -1 for empty cells."""
    texts = np.array(["" if value is None else str(value) for value in column], str)
    numbers = np.unique(texts, return_inverse=True)[1].astype(np.int64)
    return np.where(texts == "", -1, numbers)
