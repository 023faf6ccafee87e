"""Voice-to-face matching (Wen et al. 2019): which of several faces belongs to the voice?"""

from dataclasses import dataclass

import numpy as np

from voice2face.evaluation.intervals import Estimate, bootstrap_interval


@dataclass(frozen=True)
class Matching:
    """Accuracy of 1:2 matching.

    Attributes:
        accuracy: Mean over people of the share of their trials that are right, with a 95 %
            interval by resampling people; chance is 0.5.
        n_people: People whose voices were asked about.
        n_trials: Questions in all.
    """

    accuracy: Estimate
    n_people: int
    n_trials: int


def match_one_of_two(
    made: np.ndarray,
    made_identity: np.ndarray,
    real: np.ndarray,
    real_identity: np.ndarray,
    *,
    group: np.ndarray | None = None,
    seed: int = 0,
    n_resamples: int = 1000,
) -> Matching:
    """Match each made face against a true and an impostor's real face, over all such pairs.

    A trial is (made face, real face of the same person, real face of another person); it is right
    if the cosine to the true one is higher, half right if they are equal.

    Args:
        made: Embeddings of made faces, shape (made, dim).
        made_identity: Whose voice each was made from.
        real: Embeddings of real faces by the same, fixed network, shape (real, dim).
        real_identity: Whose face each is.
        group: If given, of each real face; impostors are then of the true one's group.
        seed: Of the resampling.
        n_resamples: Resamples of people behind the interval.

    Returns:
        Accuracy over people: each counts alike, however many recordings there are of them.

    Raises:
        ValueError: There is no person with both, or no impostor for anybody.
    """
    scores = _unit(made) @ _unit(real).T
    groups = np.zeros(len(real), int) if group is None else np.unique(group, return_inverse=True)[1]
    right: dict[str, list[float]] = {}
    n_trials = 0
    for row, person in zip(scores, made_identity, strict=True):
        mine = real_identity == person
        for kind in np.unique(groups[mine]):
            alike = groups == kind
            rivals = np.sort(row[alike & ~mine])
            if rivals.size:
                own = row[alike & mine]
                below = np.searchsorted(rivals, own, "left")
                equal = np.searchsorted(rivals, own, "right") - below
                wins = (below + 0.5 * equal) / rivals.size
                right.setdefault(str(person), []).extend(wins.tolist())
                n_trials += own.size * rivals.size
    if not right:
        raise ValueError("1:2 matching: nobody has a made face, a real one and an impostor")
    of_person = np.array([np.mean(values) for values in right.values()])
    low, high = bootstrap_interval(
        lambda drawn: float(of_person[drawn].mean()),
        len(of_person),
        seed=seed,
        n_resamples=n_resamples,
    )
    return Matching(Estimate(float(of_person.mean()), low, high), len(of_person), n_trials)


def _unit(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12))
