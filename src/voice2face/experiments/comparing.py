"""Who resembles whom: what the experiments that compare faces by an embedder have in common."""

import contextlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voice2face.errors import CorpusError
from voice2face.evaluation.metrics.cosine import unit_vectors
from voice2face.evaluation.metrics.matching import Scored, match
from voice2face.evaluation.results import Claim, Row, Verdict
from voice2face.evaluation.statistics.intervals import Estimate
from voice2face.evaluation.trials.trials import Items, TrialList, make_trials, write_trials
from voice2face.experiments.context import Context
from voice2face.experiments.speech import Speech
from voice2face.experiments.systems import ModelSystem, System

Pictures = npt.NDArray[np.uint8]
Vectors = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Texts = npt.NDArray[np.str_]

REAL = "real faces"
VOICE = "the voice itself"  # what the voice encoder hears, before any face is made
BASELINE, MEAN_FACE = "baseline", "mean face"
MOST_PEOPLE = 100  # asked about in one experiment
LEAST_PEOPLE = 3  # behind an interval


def main_variant(context: Context) -> str:
    """The model that figures show, as the report's do: the baseline, or the first."""
    return BASELINE if BASELINE in context.models else next(iter(context.models))


def systems_of(context: Context) -> dict[str, list[System]]:
    """Models, each with its seeds, then rivals."""
    found: dict[str, list[System]] = {name: list(m) for name, m in context.models.items()}
    return found | {name: [rival] for name, rival in context.rivals.items()}


def heard_by(context: Context, speech: Speech, key: str) -> Vectors | None:
    """What the voice encoder of the first model hears, (n, dim)."""
    first: ModelSystem = context.models[main_variant(context)][0]
    return context.made(first, speech, key).embeddings


def ask(
    context: Context,
    experiment: str,
    name: str,
    probes: Items,
    gallery: Items,
    strata: tuple[str, ...] = (),
    *,
    others_only: bool = False,
) -> tuple[TrialList | None, str]:
    """Fix all 1:2 trials of some faces, and write them beside the result.

    Returns:
        The trials and ""; or None and why nobody can be asked.

    Raises:
        OutputError: They could not be written.
    """
    try:
        trials = make_trials(
            probes, gallery, protocol="1:2", strata=strata, seed=context.seed,
            others_only=others_only,
        )  # fmt: skip
    except CorpusError as error:
        return None, error.found
    write_trials(context.out / f"{experiment}.{name}.trials.json", trials)
    return trials, ""


def score(
    trials: TrialList, made: Sequence[Vectors], real: Sequence[Vectors], *, by_person: bool = True
) -> Scored:
    """Mean over a system's seeds of its answers, both sides centred.

    Args:
        trials: The questions.
        made: Embeddings of the probes, of each seed.
        real: Of the gallery, of each seed or one for all.
        by_person: See :func:`match`.
    """
    beside = list(real) if len(real) == len(made) else [real[0]] * len(made)
    return Scored.mean(
        [
            match(a, b, trials, centre=True, by_person=by_person)
            for a, b in zip(made, beside, strict=True)
        ]
    )


def scored_rows(
    context: Context,
    scored: Mapping[str, Scored],
    measure: str,
    stratum: str = "",
    embedder: str = "",
    notes: Mapping[str, str] | None = None,
) -> list[Row]:
    """A row a system; then each model against the mean face and against the baseline."""
    rows = []
    for system, one in scored.items():
        found = estimated(context, one)
        note = (notes or {}).get(system, "")
        rows.append(row_of(system, measure, stratum, embedder, found, one, note=note))
    for system in context.models:
        for other in (MEAN_FACE, BASELINE):
            if system in scored and other in scored and other != system:
                found = above(context, scored[system], scored[other])
                rows.append(
                    row_of(system, measure, stratum, embedder, found, scored[system], other)
                )
    return rows


def row_of(
    system: str,
    measure: str,
    stratum: str,
    embedder: str,
    found: Estimate | None,
    scored: Scored,
    against: str = "",
    note: str = "",
) -> Row:
    """One estimate as a row."""
    if found is None:
        return Row(system, measure, stratum, embedder, against=against, note="too few people")
    return Row(
        system, measure, stratum, embedder, found.value, found.low, found.high,
        scored.n_people, scored.n_trials, None if against else scored.chance, against, note,
    )  # fmt: skip


def estimated(context: Context, scored: Scored) -> Estimate | None:
    """Accuracy with its interval; None with too few people."""
    if scored.n_people < LEAST_PEOPLE:
        return None
    return scored.estimate(seed=context.seed, n_resamples=context.n_resamples)


def above(context: Context, one: Scored, other: Scored) -> Estimate | None:
    """Paired difference; None with too few people."""
    if one.n_people < LEAST_PEOPLE:
        return None
    return one.above(other, seed=context.seed, n_resamples=context.n_resamples)


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
    """Of probes to the gallery, both sides centred; the same faces as :func:`match` compares."""
    a = unit_vectors(made, trials.probes, "faces", centre=True)
    b = unit_vectors(real, trials.gallery, "faces", centre=True)
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


def some_people(speech: Speech, seed: int, most: int = MOST_PEOPLE) -> Speech:
    """The recordings of at most so many people, drawn by lot; in the same order."""
    people = np.unique(speech.identity)
    kept = np.random.default_rng(seed).permutation(people)[:most]
    return speech.only(np.isin(speech.identity, kept))


def by_person(speech: Speech) -> Speech:
    """Each person's recordings put one after the other as one, named by the person."""
    people, first = np.unique(speech.identity, return_index=True)
    joined = [
        np.concatenate([speech.log_mel[int(i)] for i in np.flatnonzero(speech.identity == person)])
        for person in people
    ]
    attributes = {name: cells[first] for name, cells in speech.attributes.items()}
    return Speech(people, people, joined, attributes)


def best_embedder(context: Context) -> str:
    """Who tells real faces apart best, and is gone by for a verdict: chosen without any model."""
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


Judged = tuple[Verdict, str]  # and the evidence, of one embedder


def claim_by(
    context: Context, text: str, source: str, judged: Callable[[str], Judged | None]
) -> list[Claim]:
    """A claim as the best embedder has it, with what the others say in the evidence.

    Args:
        context: The embedders.
        text: The claim.
        source: Where it stands.
        judged: What one embedder says; None where nothing was measured.

    Returns:
        One claim, or none.
    """
    found = {embedder: one for embedder in context.embedders if (one := judged(embedder))}
    if not found:
        return []
    best = best_embedder(context)
    judge = best if best in found else next(iter(found))
    verdict, evidence = found[judge]
    others = "".join(f"; by {e}: {one[0]}" for e, one in found.items() if e != judge)
    return [Claim(text, source, verdict, f"by {judge}, {evidence}{others}")]
