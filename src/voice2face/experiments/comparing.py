"""Who resembles whom: what the experiments that compare faces by an embedder have in common."""

import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voice2face.corpus.arrays import Faces
from voice2face.errors import CorpusError
from voice2face.evaluation.metrics.cosine import both_sides
from voice2face.evaluation.metrics.matching import Scored, match
from voice2face.evaluation.statistics.intervals import Estimate
from voice2face.evaluation.trials.trials import Items, TrialList, make_trials
from voice2face.experiments.context import Context
from voice2face.experiments.people import groups_of
from voice2face.experiments.recordings import Recordings

Pictures = npt.NDArray[np.uint8]
Vectors = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Texts = npt.NDArray[np.str_]

REAL = "real faces"
VOICE = "the voice itself"  # what the voice encoder hears, before any face is made
MEAN_FACE, GENDERS_MEAN = "mean face", "gender's mean face"
MATCHING = "1:2 matching"
MOST_PEOPLE = 100  # asked about in one experiment
LEAST_PEOPLE = 3  # behind an interval


def heard_by(context: Context, recordings: Recordings) -> Vectors | None:
    """What the voice encoder of the first model hears, (n, dim)."""
    return context.made(context.models[context.main][0], recordings).embeddings


def items_of(what: Recordings | Faces) -> Items:
    """Recordings, or real faces, as what is asked about, with what is known of the people."""
    names = what.clip if isinstance(what, Recordings) else what.picture
    return Items(names, what.identity, groups_of(what.attributes, len(what)))


def too_few(n_people: int, what: str) -> str:
    """Why people can't be asked about; "" where they are enough.

    Args:
        n_people: How many there are.
        what: They, and what they have.
    """
    return "" if n_people >= LEAST_PEOPLE else f"{n_people} {what}; {LEAST_PEOPLE} wanted"


def score(
    trials: TrialList, made: Sequence[Vectors], real: Sequence[Vectors], *, by_person: bool = True
) -> Scored:
    """Mean over a system's seeds of its answers, both sides centred.

    Args:
        trials: The questions.
        made: Embeddings of the probes, of each seed.
        real: Embeddings of the gallery, of each seed or one for all.
        by_person: See :func:`match`.
    """
    beside = list(real) if len(real) == len(made) else [real[0]] * len(made)
    return Scored.mean(
        [
            match(a, b, trials, centre=True, by_person=by_person)
            for a, b in zip(made, beside, strict=True)
        ]
    )


@dataclass(frozen=True, eq=False)
class Distances:
    """One minus the cosine, each probe's mean over faces; NaN where there is none.

    Attributes:
        within: To faces of the same person, (n,).
        between: To those of others, (n,).
    """

    within: Floats
    between: Floats


def distances(made: Vectors, real: Vectors, trials: TrialList) -> Distances:
    """Distances of probes to the gallery, both sides centred, as in :func:`match`."""
    a, b = both_sides(made, real, trials, centre=True)
    far = 1 - (a @ b.T).astype(np.float64)
    same = trials.probes.identity[:, None] == trials.gallery.identity
    own = same
    if trials.others_only:
        own = same & (trials.probes.name[:, None] != trials.gallery.name)
    return Distances(_mean_where(far, own), _mean_where(far, ~same))


def _mean_where(values: Floats, where: npt.NDArray[np.bool_]) -> Floats:
    n = where.sum(axis=1)
    sums = np.where(where, values, 0).sum(axis=1)
    return np.asarray(np.where(n > 0, sums / np.maximum(n, 1), np.nan))


def independent_difference(a: Estimate, b: Estimate) -> Estimate:
    """``a - b`` of two estimates on different people, from both intervals.

    Source:
        Zou and Donner 2008, "Construction of confidence limits about effect measures".
    """
    value = a.value - b.value
    below = math.hypot(a.value - a.low, b.high - b.value)
    over = math.hypot(a.high - a.value, b.value - b.low)
    return Estimate(value, value - below, value + over)


def best_embedder(context: Context) -> str:
    """The embedder that tells real faces apart best, chosen without any model.

    All claims that an embedder judges are judged by it.
    """
    faces = context.faces(context.asked)
    people = np.random.default_rng(context.seed).permutation(np.unique(faces.identity))
    rows = np.flatnonzero(np.isin(faces.identity, people[:MOST_PEOPLE]))
    items = Items(faces.picture[rows], faces.identity[rows])
    right = {}
    for embedder in context.embedders:
        vectors = context.real_vectors(embedder, context.asked)[rows]
        with contextlib.suppress(CorpusError):  # one face of each
            trials = make_trials(items, items, protocol="1:2", others_only=True)
            right[embedder] = np.nanmean(score(trials, [vectors], [vectors]).share_right)
    return max(right, key=lambda e: right[e]) if right else next(iter(context.embedders), "")
