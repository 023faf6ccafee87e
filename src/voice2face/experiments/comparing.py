"""What all experiments share that compare faces by an embedder."""

import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from voice2face.arrays import Float64s, Texts, Vectors
from voice2face.corpus.arrays import Faces
from voice2face.errors import CorpusError
from voice2face.evaluation.metrics.cosine import both_sides, mean_where
from voice2face.evaluation.metrics.matching import Scored, match
from voice2face.evaluation.statistics.intervals import Estimate
from voice2face.evaluation.trials.trials import Items, TrialList, make_trials
from voice2face.experiments.context import Context
from voice2face.experiments.people import groups_of
from voice2face.experiments.recordings import Recordings

REAL = "real faces"
VOICE = "the voice itself"  # embedding by the voice encoder, before any face is made
MEAN_FACE, GENDERS_MEAN = "mean face", "gender's mean face"
MATCHING = "1:2 matching"
MOST_PEOPLE = 100  # who are asked about in one experiment
LEAST_PEOPLE = 3  # behind an interval


def heard_by(context: Context, recordings: Recordings) -> Vectors | None:
    """Embeddings of recordings by the voice encoder of the first model, (n, dim)."""
    return context.made(context.models[context.main][0], recordings).embeddings


def items_of(what: Recordings | Faces) -> Items:
    """Recordings or real faces as items of trials, with what is known of the people."""
    names = what.clip if isinstance(what, Recordings) else what.picture
    return Items(names, what.identity, groups_of(what.attributes, len(what)))


def too_few(people: Texts, what: str) -> str:
    """A sentence if there are too few people to ask about; "" if there are enough.

    Args:
        people: Their names; one may be there several times.
        what: Who they are, and what they have, for the sentence.
    """
    n_people = len(np.unique(people))
    return "" if n_people >= LEAST_PEOPLE else f"{n_people} {what}; {LEAST_PEOPLE} wanted"


def score(trials: TrialList, made: Sequence[Vectors], real: Sequence[Vectors]) -> Scored:
    """A system's answers to trials, mean over its seeds; each impostor counts alike.

    Both sides are centred.

    Args:
        trials: The trials.
        made: Embeddings of the probes, one array for each seed.
        real: Embeddings of the gallery, one array for each seed or one for all.
    """
    pairs = paired(made, real)
    return Scored.mean([match(*both, trials, centre=True, by_person=True) for both in pairs])


def paired(made: Sequence[Vectors], real: Sequence[Vectors]) -> list[tuple[Vectors, Vectors]]:
    """Embeddings of each seed, with those of the gallery of that seed or of all seeds."""
    beside = real if len(real) == len(made) else [real[0]] * len(made)
    return list(zip(made, beside, strict=True))


@dataclass(frozen=True, eq=False)
class Distances:
    """Mean of one minus the cosine of each probe to faces; NaN if there is no such face.

    Attributes:
        within: Distance to faces of the same person, (n,).
        between: Distance to faces of other people, (n,).
    """

    within: Float64s
    between: Float64s


def distances(made: Vectors, real: Vectors, trials: TrialList) -> Distances:
    """Distances of probes to the gallery, both sides centred, as in :func:`match`."""
    a, b = both_sides(made, real, trials, centre=True)
    far = 1 - (a @ b.T).astype(np.float64)
    same = trials.probes.identity[:, None] == trials.gallery.identity
    own = same
    if trials.others_only:
        own = same & (trials.probes.name[:, None] != trials.gallery.name)
    return Distances(mean_where(far, own), mean_where(far, ~same))


def independent_difference(a: Estimate, b: Estimate) -> Estimate:
    """``a - b`` of two estimates on different people, with an interval from both intervals.

    Source:
        Zou and Donner 2008, "Construction of confidence limits about effect measures".
    """
    value = a.value - b.value
    below = math.hypot(a.value - a.low, b.high - b.value)
    over = math.hypot(a.high - a.value, b.value - b.low)
    return Estimate(value, value - below, value + over)


def best_embedder(context: Context) -> str:
    """Name of the embedder that tells real faces apart best; no model has a part in the choice.

    It judges all claims that an embedder can judge.
    """
    faces = context.faces(context.asked)
    people = np.random.default_rng(context.seed).permutation(np.unique(faces.identity))
    rows = np.flatnonzero(np.isin(faces.identity, people[:MOST_PEOPLE]))
    items = Items(faces.picture[rows], faces.identity[rows])
    right = {}
    for embedder in context.embedders:
        vectors = context.embed(embedder, faces.pixels[rows])
        with contextlib.suppress(CorpusError):  # one face of each
            trials = make_trials(items, items, protocol="1:2", others_only=True)
            right[embedder] = np.nanmean(score(trials, [vectors], [vectors]).share_right)
    return max(right, key=lambda e: right[e]) if right else next(iter(context.embedders), "")
