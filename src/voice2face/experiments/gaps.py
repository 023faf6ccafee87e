"""What is lost from one set of recordings to a harder one, with its interval."""

from collections.abc import Mapping

import numpy as np

from voice2face.evaluation.metrics.matching import Scored
from voice2face.evaluation.statistics.intervals import DIFFERENCE, Estimate, with_seeds
from voice2face.experiments.channels import CHANNELS
from voice2face.experiments.comparing import LEAST_PEOPLE, REAL, independent_difference
from voice2face.experiments.context import BASELINE, Context
from voice2face.experiments.questions.generalisation_sets import HARDER, UNHEARD
from voice2face.experiments.self_similarity import within
from voice2face.experiments.summary import Cell, Summary

SAME_FACES = (UNHEARD, *CHANNELS)  # sets whose real faces are those of the easier set
# By set, stratum and embedder: what each system answered.
Answered = dict[tuple[str, tuple[str, ...], str], dict[str, Scored]]


def lost_against(easy: str) -> str:
    """Name of what is measured: share of the trials of 1:2 matching."""
    return f"lost from {easy}"


def add_gaps(summary: Summary, scored: Answered) -> None:
    """What each model, and real faces, lose; and how much more than the baseline a model does."""
    models = summary.context.models
    for (easy, strata, embedder), of_easy in scored.items():
        for hard in (hard for one, hard in HARDER if one == easy):
            of_hard = scored.get((hard, strata, embedder))
            if of_hard is None:
                continue
            cell = Cell(lost_against(easy), within(hard, strata), embedder)
            real = [] if hard in SAME_FACES else [REAL]
            for system in (
                name for name in (*real, *models) if name in of_easy and name in of_hard
            ):
                n = of_hard[system].n_people, of_hard[system].n_trials
                both = of_easy[system], of_hard[system]
                summary.add(cell, system, gap(summary.context, *both), n)
                if system not in (REAL, BASELINE) and BASELINE in of_easy and BASELINE in of_hard:
                    found = _gap_between(summary.context, (of_easy, of_hard), system)
                    summary.add(cell, system, found, n, against=BASELINE)


def gap(context: Context, easy: Scored, hard: Scored) -> Estimate | None:
    """How much higher the first is; on the same people paired, else from both intervals."""
    if min(easy.n_people, hard.n_people) < LEAST_PEOPLE:
        return None
    if easy.pairs is not None and hard.pairs is not None and _same_people(easy, hard):
        return with_seeds(
            easy.pairs.above(hard.pairs, **context.draws), _lost(easy, hard), ends=DIFFERENCE
        )
    return independent_difference(easy.estimate(**context.draws), hard.estimate(**context.draws))


def _lost(easy: Scored, hard: Scored) -> list[float]:
    """What each seed loses."""
    return [a - b for a, b in zip(easy.of_seeds, hard.of_seeds, strict=True)]


def _same_people(easy: Scored, hard: Scored) -> bool:
    """Whether both ask about, and against, the same people."""
    asked = [np.unique(s.people[~np.isnan(s.share_right)]) for s in (easy, hard)]
    one, other = easy.pairs, hard.pairs
    same = one is not None and other is not None and one.right.shape == other.right.shape
    return same and np.array_equal(asked[0], asked[1])


def _gap_between(
    context: Context, sets: tuple[Mapping[str, Scored], Mapping[str, Scored]], variant: str
) -> Estimate | None:
    """How much more a model loses than the baseline does; on the same people all four paired."""
    easy, hard = ((one[variant], one[BASELINE]) for one in sets)
    if min(easy[0].n_people, hard[0].n_people) < LEAST_PEOPLE:
        return None
    pairs = [scored.pairs for scored in (*easy, *hard)]
    if _same_people(easy[0], hard[0]) and None not in pairs:
        a, b, c, d = (one for one in pairs if one is not None)
        found = a.gap_above(b, (c, d), **context.draws)
        return with_seeds(found, _lost(easy[0], hard[0]), _lost(easy[1], hard[1]))
    return independent_difference(
        *(one.above(other, **context.draws) for one, other in (easy, hard))
    )
