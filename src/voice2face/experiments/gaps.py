"""What is lost from one set of recordings to a harder one, with its interval."""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from voice2face.evaluation.metrics.matching import Scored
from voice2face.evaluation.results import Row, Series
from voice2face.evaluation.statistics.intervals import Estimate
from voice2face.experiments.channels import CHANNELS
from voice2face.experiments.comparing import (
    BASELINE,
    LEAST_PEOPLE,
    REAL,
    above,
    independent_difference,
    row_of,
)
from voice2face.experiments.context import Context
from voice2face.experiments.questions.generalisation_sets import HARDER, UNHEARD

MATCHING = "1:2 matching"
SAME_FACES = (UNHEARD, *CHANNELS)  # sets whose real faces are those of the easier set
# By set, stratum and embedder: what each system answered.
Answered = Mapping[tuple[str, str, str], Mapping[str, Scored]]


def lost_against(easy: str) -> str:
    """Name of what is measured: share of the trials of 1:2 matching."""
    return f"lost from {easy}"


def stratum_of(name: str, within: str) -> str:
    """Of a set, over all pairs or within something."""
    return f"{name}, within {within}" if within else name


def gap_rows(context: Context, scored: Answered) -> list[Row]:
    """What each model, and real faces, lose; and how much more than the baseline a model does."""
    rows = []
    for embedder in context.embedders:
        for within in ("", "gender"):
            for easy, hard in HARDER:
                both = tuple(scored.get((name, within, embedder)) for name in (easy, hard))
                if both[0] is not None and both[1] is not None:
                    about = easy, stratum_of(hard, within), embedder
                    rows += _rows_of_step(context, (both[0], both[1]), about, hard)
    return rows


def _rows_of_step(
    context: Context,
    both: tuple[Mapping[str, Scored], Mapping[str, Scored]],
    about: tuple[str, str, str],
    hard: str,
) -> list[Row]:
    """A row a system, then each model against the baseline; ``about``: easy, stratum, embedder."""
    easy, stratum, embedder = about
    measure, rows = lost_against(easy), []
    real = [] if hard in SAME_FACES else [REAL]
    for system in (name for name in (*real, *context.models) if all(name in s for s in both)):
        found, of_hard = gap(context, both[0][system], both[1][system]), both[1][system]
        row = row_of(system, measure, stratum, embedder, found, of_hard)
        rows.append(_without_chance(row))
    for variant in context.models:
        if variant == BASELINE or BASELINE not in context.models:
            continue
        found = _gap_between(context, both, variant)
        rows.append(row_of(variant, measure, stratum, embedder, found, both[1][variant], BASELINE))
    return rows


def _without_chance(row: Row) -> Row:
    """Chance is half of the trials right, and nothing of a loss."""
    return msgspec.structs.replace(row, chance=None)


def gap(context: Context, easy: Scored, hard: Scored) -> Estimate | None:
    """How much higher the first is; on the same people paired, else from both intervals."""
    if min(easy.n_people, hard.n_people) < LEAST_PEOPLE:
        return None
    chance = {"seed": context.seed, "n_resamples": context.n_resamples}
    if easy.pairs is not None and hard.pairs is not None and _same_people(easy, hard):
        return easy.pairs.above(hard.pairs, **chance)
    return independent_difference(easy.estimate(**chance), hard.estimate(**chance))


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
        return a.gap_above(b, (c, d), seed=context.seed, n_resamples=context.n_resamples)
    apart = [above(context, *both) for both in (easy, hard)]
    return independent_difference(*(one for one in apart if one is not None))


def series_of(context: Context, rows: Sequence[Row], sets: Sequence[str]) -> list[Series]:
    """Accuracy over sets, a line a model, for each embedder."""
    series = []
    for embedder in context.embedders:
        for variant in context.models:
            about = (variant, MATCHING, embedder, "")
            own = {
                r.stratum: r
                for r in rows
                if (r.system, r.measure, r.embedder, r.against) == about and r.stratum in sets
            }
            line = Series(
                variant, list(own), [r.value for r in own.values()],
                [r.low for r in own.values()], [r.high for r in own.values()],
                y_label="share of trials right", chance=0.5, panel=f"1:2 matching by {embedder}",
            )  # fmt: skip
            series += [line] if own else []
    return series
