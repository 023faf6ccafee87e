"""Both heads in closed form: directions in which voices and faces vary together."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from voice2face.arrays import Float32s, Float64s, Floats, Int64s
from voice2face.evaluation.metrics.cosine import unit
from voice2face.evaluation.training_people import person_weights
from voice2face.matchers.heads import Head, Matcher
from voice2face.training.closed_form import mean_of_each

N_FOLDS = 5
MOST_DIMS = 64
# Times the mean eigenvalue of each side's covariance; the pair is chosen on people left out.
VOICE_STRENGTHS = (1.0, 4.0, 16.0, 64.0)
FACE_STRENGTHS = (0.25, 1.0, 4.0, 16.0)


@dataclass(frozen=True, eq=False)
class Side:
    """Voices, or real faces, of people who have both.

    Attributes:
        embeddings: Shape (n, dim).
        person: Number of the person of each, shape (n,).
    """

    embeddings: Floats
    person: Int64s

    def only(self, people: Int64s) -> "Side":
        """Only the rows of some people."""
        kept = np.isin(self.person, people)
        return Side(self.embeddings[kept], self.person[kept])

    def means(self, people: Int64s) -> Float64s:
        """Mean embedding of each of some people, shape (people, dim)."""
        place = np.searchsorted(people, self.person)
        return mean_of_each(self.embeddings, place, len(people))


@dataclass(frozen=True, eq=False)
class _Axes:
    """Principal axes of one side.

    Attributes:
        centre: Mean, each person counting alike, shape (dim,).
        vectors: Orthonormal columns, shape (dim, dim).
        values: Variance along each, in units of their mean, shape (dim,).
    """

    centre: Float64s
    vectors: Float64s
    values: Float64s

    @classmethod
    def of(cls, side: Side) -> "_Axes":
        weights = person_weights(side.person)
        centre = weights @ side.embeddings
        centred = side.embeddings - centre
        values, vectors = np.linalg.eigh(centred.T @ (centred * weights[:, None]))
        return cls(centre, vectors, np.maximum(values, 0) / max(float(values.mean()), 1e-12))

    def whitening(self, strength: float) -> Float64s:
        """Columns that whiten, regularised by the strength."""
        return np.asarray(self.vectors / np.sqrt(self.values + strength))


def canonical_correlations(voices: Side, faces: Side, seed: int = 0) -> tuple[Matcher, float]:
    """Regularised canonical correlation analysis; each person counts alike.

    Args:
        voices: Voices of people who have both.
        faces: Faces of the same people.
        seed: Seed of who is left out together where the strengths are chosen.

    Returns:
        The heads, one linear layer each; and the share of 1:2 trials that people who were left out
        got right, at the strengths that were chosen.

    Source:
        Hotelling 1936; regularised, Vinod 1976.
    """
    people = np.unique(voices.person)
    fold = np.random.default_rng(seed).permutation(len(people)) % min(N_FOLDS, len(people))
    right: dict[tuple[float, float], list[float]] = {}
    for number in np.unique(fold):
        rest, out = people[fold != number], people[fold == number]
        held_out = voices.only(out).means(out), faces.only(out).means(out)
        for strengths, heads in _solutions(voices.only(rest), faces.only(rest)):
            ends = [head(x.astype(np.float32)) for head, x in zip(heads, held_out, strict=True)]
            right.setdefault(strengths, []).append(_share_right(*ends))
    chosen = max(right, key=lambda strengths: float(np.mean(right[strengths])))
    ((_, heads),) = _solutions(voices, faces, (chosen,))
    return Matcher(*heads), float(np.mean(right[chosen]))


def _solutions(
    voices: Side, faces: Side, strengths: tuple[tuple[float, float], ...] | None = None
) -> Iterator[tuple[tuple[float, float], tuple[Head, Head]]]:
    """Heads at each pair of strengths; None: at all."""
    people = np.unique(voices.person)
    axes = _Axes.of(voices), _Axes.of(faces)
    means = voices.means(people) - axes[0].centre, faces.means(people) - axes[1].centre
    common = means[0].T @ means[1] / len(people)
    n_dims = max(1, min(MOST_DIMS, len(people) - 1, *common.shape))
    every = [(v, f) for v in VOICE_STRENGTHS for f in FACE_STRENGTHS]
    for pair in strengths or every:
        whitened = [axis.whitening(s) for axis, s in zip(axes, pair, strict=True)]
        left, scale, right = np.linalg.svd(whitened[0].T @ common @ whitened[1])
        root = np.sqrt(scale[:n_dims])
        maps = whitened[0] @ left[:, :n_dims] * root, whitened[1] @ right.T[:, :n_dims] * root
        yield pair, (_head(axes[0].centre, maps[0]), _head(axes[1].centre, maps[1]))


def _head(centre: Float64s, weights: Float64s) -> Head:
    offset = -centre @ weights
    return Head([(weights.astype(np.float32), offset.astype(np.float32))])


def _share_right(voices: Float32s, faces: Float32s) -> float:
    """Share of pairs (a voice's own face, another's) in which the own is nearer; row i is i's."""
    sides = [unit(x - x.mean(axis=0)) for x in (voices, faces)]
    scores = sides[0] @ sides[1].T
    n = len(scores)
    below = (scores < np.diag(scores)[:, None]).sum()
    return float(below / max(n * (n - 1), 1)) if n > 1 else 0.5
