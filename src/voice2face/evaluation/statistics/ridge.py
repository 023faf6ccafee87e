"""Ridge regression whose strength is chosen by leaving people out."""

from dataclasses import dataclass

import numpy as np

from voice2face.errors import CorpusError
from voice2face.evaluation.training_people import person_weights

N_FOLDS = 5
# Relative to the mean eigenvalue of the inputs' covariance.
STRENGTHS = np.logspace(-3, 4, 15)


@dataclass(frozen=True, eq=False)
class LinearMap:
    """The map ``x → (x - centre) @ weights + offset``, from (n, dim) to (n, targets).

    Attributes:
        centre: Shape (dim,).
        weights: Shape (dim, targets).
        offset: Shape (targets,).
        strength: Strength of each target, one of STRENGTHS, shape (targets,).
    """

    centre: np.ndarray
    weights: np.ndarray
    offset: np.ndarray
    strength: np.ndarray

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Apply it."""
        return np.asarray((x - self.centre) @ self.weights + self.offset)


def fit_ridge(
    x: np.ndarray, y: np.ndarray, weights: np.ndarray, people: np.ndarray, seed: int = 0
) -> LinearMap:
    """Fit by least squares; the strength is chosen by N_FOLDS-fold cross-validation over people.

    Args:
        x: Shape (n, dim).
        y: Shape (n, targets); a strength is chosen for each target.
        weights: Weight of each row, shape (n,).
        people: Person of each row, shape (n,); a person is left out as a whole.
        seed: Seed of the folds.

    Raises:
        CorpusError: Fewer than two people.

    Source:
        Hoerl and Kennard 1970.
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    names, owner = np.unique(people, return_inverse=True)
    if len(names) < 2:
        remedy = "give recordings of more people"
        raise CorpusError("training voices", f"{len(names)} people", "at least 2", remedy)
    fold = np.random.default_rng(seed).permutation(len(names))[owner] % N_FOLDS
    errors = np.zeros((len(STRENGTHS), y.shape[1]))
    for left_out in np.unique(fold):
        out = fold == left_out
        fitted = ridges_of(x[~out], y[~out], weights[~out], STRENGTHS[:, None])
        for i, one in enumerate(fitted):
            errors[i] += weights[out] @ (one(x[out]) - y[out]) ** 2
    chosen = STRENGTHS[errors.argmin(axis=0)]
    return ridges_of(x, y, weights, chosen[None])[0]


def fit_classes(x: np.ndarray, labels: np.ndarray, people: np.ndarray, seed: int = 0) -> LinearMap:
    """Fit a number for each class, in the order of ``np.unique``; the largest answer is taken.

    Each class, and each person of it, counts alike.

    Args:
        x: Shape (n, dim).
        labels: Class of each row, shape (n,).
        people: Person of each row, shape (n,).
        seed: Seed of the folds.

    Raises:
        CorpusError: Fewer than two people.
    """
    told = (labels[:, None] == np.unique(labels)).astype(float)
    share = told * person_weights(people)[:, None]
    return fit_ridge(x, told, (share / share.sum(axis=0)).sum(axis=1), people, seed)


def ridges_of(
    x: np.ndarray, y: np.ndarray, weights: np.ndarray, strengths: np.ndarray
) -> list[LinearMap]:
    """Ridge regression at given strengths.

    Args:
        x: Shape (n, dim).
        y: Shape (n, targets).
        weights: Weight of each row, shape (n,).
        strengths: Strengths of each map, one for all targets or one for each: (maps, 1 or targets).

    Returns:
        One map for each row of strengths.
    """
    share = weights / weights.sum()
    centre, offset = share @ x, share @ y
    covariance = (x - centre).T @ ((x - centre) * share[:, None])
    common = (x - centre).T @ ((y - offset) * share[:, None])
    values, vectors = np.linalg.eigh(covariance)
    unit = max(float(values.mean()), 1e-12)
    rotated = vectors.T @ common
    maps = []
    for strength in strengths:
        shrunk = rotated / (np.maximum(values, 0)[:, None] + unit * strength)
        maps.append(LinearMap(centre, vectors @ shrunk, offset, strength))
    return maps
