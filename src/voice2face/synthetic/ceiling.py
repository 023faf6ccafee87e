"""The best possible accuracy on synthetic people, computed from their known coupling."""

from dataclasses import dataclass

import numpy as np

from voice2face.arrays import Float64s
from voice2face.synthetic.latent import sample_heard, sample_seen

_BLOCK = 20_000  # trials at a time, to bound memory


@dataclass(frozen=True)
class BestAccuracy:
    """An upper bound on matching accuracy.

    Attributes:
        accuracy: Share of trials that the best possible decision gets right.
        standard_error: Standard error of the Monte Carlo estimate.
        n_trials: Trials of the estimate.
        n_way: Faces in each trial.
        within_sex: Whether all faces of a trial are seen as the same sex.
        chance: Accuracy of a blind guess.
    """

    accuracy: float
    standard_error: float
    n_trials: int
    n_way: int
    within_sex: bool
    chance: float


def best_matching_accuracy(
    coupling: float,
    n_way: int = 2,
    *,
    within_sex: bool = False,
    n_trials: int = 200_000,
    seed: int = 0,
) -> BestAccuracy:
    """Accuracy of the best possible decision on which face belongs to a voice.

    A trial is a voice and ``n_way`` faces: one of the speaker, the others of people drawn
    independently from the population (``within_sex``: from those seen as the speaker's seen sex).
    Nobody can know more of the voice than its exact heard numbers, nor more of the faces than
    their exact seen numbers. Given these, the best decision is the face with the largest
    log p(seen | heard) - log p(seen). A recording depends on the person through the heard half
    only, a picture through the seen half only, so by the data-processing inequality no system
    that works from recordings and pictures can beat this accuracy in expectation; on a small
    test set it can be lucky.

    Deterministic. Ties count as one over the number of tied faces.

    Args:
        coupling: Coupling of the cohort, from 0 to 1.
        n_way: Faces to choose from.
        within_sex: Whether impostors have the speaker's seen sex. What is left to tell them apart
            is age, size and weight.
        n_trials: Trials to average over.
        seed: Seed of the estimate, not of the cohort.
    """
    rng = np.random.default_rng(np.random.SeedSequence([seed, n_way, int(within_sex)]))
    sizes = [min(_BLOCK, n_trials - done) for done in range(0, n_trials, _BLOCK)]
    earned = np.concatenate([_earned(rng, n, n_way, coupling, within_sex) for n in sizes])
    return BestAccuracy(
        accuracy=float(earned.mean()),
        standard_error=float(earned.std() / np.sqrt(n_trials)),
        n_trials=n_trials,
        n_way=n_way,
        within_sex=within_sex,
        chance=1 / n_way,
    )


def best_sex_accuracy(coupling: float) -> float:
    """Accuracy of the best guess of the seen sex from a voice, exactly: the heard sex."""
    return (1 + coupling) / 2


def log_likelihood_ratio(heard: Float64s, seen: Float64s, coupling: float) -> Float64s:
    """Log p(seen | heard) - log p(seen), natural logarithm.

    The score of the best possible matcher: see :func:`best_matching_accuracy`.

    Args:
        heard: Shared numbers, shape (..., 4), columns as in ``latent.SHARED``.
        seen: Shared numbers, of a shape that broadcasts with ``heard``.
        coupling: Coupling of the cohort, from 0 to 1. At 1 the density is degenerate: the ratio is
            then 0 where the two halves are equal, and minus infinity elsewhere.

    Returns:
        Shape (...).
    """
    if coupling == 1:
        return np.where((heard == seen).all(axis=-1), 0.0, -np.inf)
    heard_sex, seen_sex = heard[..., 0], seen[..., 0]
    rest, seen_rest = heard[..., 1:], seen[..., 1:]
    variance = 1 - coupling**2
    conditional = (seen_rest - coupling * rest) ** 2 / variance + np.log(variance)
    ratio = 0.5 * (seen_rest**2 - conditional).sum(axis=-1)
    return np.asarray(ratio + np.log(1 + coupling * heard_sex * seen_sex))


def _earned(
    rng: np.random.Generator, n: int, n_way: int, coupling: float, within_sex: bool
) -> Float64s:
    """What each trial earns: 1 for a clear win, a share for a tie, shape (n,)."""
    heard = sample_heard(rng, n)
    own = sample_seen(rng, heard, coupling)
    others = sample_heard(rng, n * (n_way - 1)).reshape(n, n_way - 1, -1)
    if within_sex:
        others[..., 0] = own[:, None, 0]
    faces = np.concatenate([own[:, None], others], axis=1)  # (n, n_way, 4)
    score = log_likelihood_ratio(heard[:, None], faces, coupling)
    best = score == score.max(axis=1, keepdims=True)
    return np.where(best[:, 0], 1 / best.sum(axis=1), 0.0)
