"""Speaker verification: are two recordings of one voice?"""

from dataclasses import dataclass

import numpy as np

from voice2face.evaluation.intervals import Estimate, bootstrap_interval

MOST_CLIPS = 1500  # a million pairs; of more recordings so many are drawn


@dataclass(frozen=True)
class Verification:
    """Equal error rate over all pairs of recordings.

    Attributes:
        eer: Share at which as many same pairs are refused as different ones accepted, with a
            95 % interval by resampling identities.
        n_identities: People.
        n_clips: Their recordings that were compared.
        n_same: Pairs of one person.
        n_different: Pairs of two.
    """

    eer: Estimate
    n_identities: int
    n_clips: int
    n_same: int
    n_different: int


def equal_error_rate(same: np.ndarray, different: np.ndarray) -> float:
    """Rate at which false refusals equal false acceptances, between thresholds interpolated.

    Args:
        same: Scores of pairs of one person, higher is more alike, shape (n_same,).
        different: Scores of pairs of two people, shape (n_different,).

    Raises:
        ValueError: One of them is empty.
    """
    if not len(same) or not len(different):
        raise ValueError("equal error rate: needs pairs of one person and pairs of two")
    thresholds = np.unique(np.concatenate([same, different]))
    # At threshold t, pairs scoring t or more are accepted.
    refused = np.searchsorted(np.sort(same), thresholds, side="left") / len(same)
    accepted = 1 - np.searchsorted(np.sort(different), thresholds, side="left") / len(different)
    refused, accepted = np.append(refused, 1.0), np.append(accepted, 0.0)
    gap = refused - accepted  # rises from -1 or 0 to 1
    above = int(np.argmax(gap >= 0))
    if above == 0 or gap[above] == 0:
        return float((refused[above] + accepted[above]) / 2)
    share = -gap[above - 1] / (gap[above] - gap[above - 1])
    return float(refused[above - 1] + share * (refused[above] - refused[above - 1]))


def verify(
    embeddings: np.ndarray, identity: np.ndarray, *, seed: int = 0, n_resamples: int = 1000
) -> Verification | None:
    """Score all pairs of recordings by cosine.

    Args:
        embeddings: Shape (clips, dim).
        identity: Whose each is, shape (clips,).
        seed: Of the resampling.
        n_resamples: Resamples of identities behind the interval.

    Returns:
        None if no person has two recordings, or there is but one person.
    """
    if len(embeddings) > MOST_CLIPS:
        kept = np.sort(np.random.default_rng(seed).permutation(len(embeddings))[:MOST_CLIPS])
        embeddings, identity = embeddings[kept], identity[kept]
    lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
    vectors = embeddings / np.maximum(lengths, 1e-12)
    people, owner = np.unique(identity, return_inverse=True)
    first, second = np.triu_indices(len(owner), 1)
    scores = (vectors @ vectors.T)[first, second]
    is_same = owner[first] == owner[second]
    n_same = int(is_same.sum())
    if not n_same or n_same == len(scores):
        return None
    order = np.argsort(scores)
    one, other, same = owner[first][order], owner[second][order], is_same[order]

    def rate(drawn: np.ndarray) -> float:
        # A pair counts as often as its people were drawn; someone drawn twice is two people with
        # the same recordings, whose pairs across the two are no trial.
        times = np.bincount(drawn, minlength=len(people)).astype(np.float64)
        weights = times[one] * np.where(same, 1.0, times[other])
        refused, accepted = np.cumsum(weights * same), np.cumsum(weights * ~same)
        if not refused[-1] or not accepted[-1]:
            return float("nan")
        refused, accepted = refused / refused[-1], 1 - accepted / accepted[-1]
        crossing = int(np.argmax(refused >= accepted))
        return float(refused[crossing] + accepted[crossing]) / 2

    value = equal_error_rate(scores[is_same], scores[~is_same])
    interval = bootstrap_interval(rate, len(people), seed=seed, n_resamples=n_resamples)
    n_different = len(scores) - n_same
    return Verification(Estimate(value, *interval), len(people), len(identity), n_same, n_different)
