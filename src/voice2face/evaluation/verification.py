"""Speaker verification: are two recordings of one voice?"""

from dataclasses import dataclass

import numpy as np

from voice2face.evaluation.intervals import Estimate, bootstrap_interval


@dataclass(frozen=True)
class Verification:
    """Equal error rate over all pairs of recordings.

    Attributes:
        eer: Share at which as many same pairs are refused as different ones accepted, with a
            95 % interval by resampling identities.
        n_identities: People.
        n_clips: Their recordings.
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
    vectors = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    scores = vectors @ vectors.T
    people, owner = np.unique(identity, return_inverse=True)
    above = np.triu(np.ones(scores.shape, bool), 1)
    is_same = owner[:, None] == owner[None]
    n_same, n_different = int((above & is_same).sum()), int((above & ~is_same).sum())
    if not n_same or not n_different:
        return None
    clips_of = [np.flatnonzero(owner == i) for i in range(len(people))]

    def rate(drawn: np.ndarray) -> float:
        chosen = np.concatenate([clips_of[i] for i in drawn])
        # A person drawn twice stands beside himself: such a pair of a clip with its own copy,
        # or with a clip of the same person, is no trial between two people.
        block = np.ix_(chosen, chosen)
        draws = np.repeat(np.arange(len(drawn)), [len(clips_of[i]) for i in drawn])
        pairs = np.triu(np.ones((len(chosen), len(chosen)), bool), 1)
        same = pairs & (draws[:, None] == draws[None])
        different = pairs & ~is_same[block]
        if not same.any() or not different.any():
            return float("nan")
        return equal_error_rate(scores[block][same], scores[block][different])

    value = rate(np.arange(len(people)))
    interval = bootstrap_interval(rate, len(people), seed=seed, n_resamples=n_resamples)
    return Verification(Estimate(value, *interval), len(people), len(identity), n_same, n_different)
