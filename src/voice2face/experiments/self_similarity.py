"""Do faces of one speaker resemble each other more than those of others? One question, many uses.

Different stretches of a speaker's recordings, different durations, languages or trainings: each
time faces made from one are looked for among faces made from the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from voice2face.evaluation.metrics.matching import Scored
from voice2face.evaluation.results import Claim
from voice2face.evaluation.trials.trials import TrialList
from voice2face.experiments.comparing import (
    MOST_PEOPLE,
    REAL,
    VOICE,
    Vectors,
    ask,
    distances,
    heard_by,
    items_of,
    score,
)
from voice2face.experiments.context import Context
from voice2face.experiments.recordings import Recordings, people_drawn
from voice2face.experiments.summary import Cell, Summary
from voice2face.experiments.verdicts import BEYOND, CHANCE, Asked, Bound, judged, rows_of

RECOGNISED = "same speaker recognised"
# Drawn by a recording's place in a list, so the same for both sides: they would be recognised.
BY_PLACE = ("random face", "shuffled voices")
STRATA: tuple[tuple[str, ...], ...] = ((), ("gender",))
OF_REAL = "different pictures of one person"


@dataclass(eq=False)
class Found:
    """Answers so far.

    Attributes:
        summary: Summary of the result.
        scored: By embedder and stratum, of each system.
    """

    summary: Summary
    scored: dict[tuple[str, str], dict[str, Scored]] = field(default_factory=dict)


def alike(
    found: Found,
    experiment: str,
    name: str,
    asked: Recordings,
    known: Recordings,
    *,
    others_only: bool = False,
) -> None:
    """Look for the speakers of some recordings among faces made from other recordings.

    Args:
        found: Where the accuracy of each system and of the voice itself is added, over all pairs
            and within gender.
        experiment: Its name.
        name: Name of this question within it; also the stratum of its rows.
        asked: What is asked about.
        known: Where it is looked for.
        others_only: A recording of the same name is no answer: for both sides the same.
    """
    context, summary = found.summary.context, found.summary
    probes, gallery = items_of(asked), items_of(known)
    sides = _embedded(context, asked, known)
    for strata in STRATA:
        label = within(name, strata)
        slug = label.replace(", ", "-").replace(" ", "-")
        trials, _ = ask(context, experiment, slug, probes, gallery, strata, others_only=others_only)
        if trials is None:
            continue
        summary.trials[label] = trials.sha256
        for embedder, by_system in sides.items():
            cell = Cell(RECOGNISED, label, embedder)
            scored = {s: score(trials, made, real) for s, (made, real) in by_system.items()}
            found.scored[embedder, label] = scored
            summary.scored(cell, scored)
            if not strata:
                some = {s: by_system[s] for s in (*context.models, VOICE) if s in by_system}
                _add_distances(summary, cell, some, trials)


def of_real_faces(summary: Summary, experiment: str, name: str) -> None:
    """Self-similarity of real faces of unseen people: different pictures of one person."""
    context = summary.context
    faces = context.faces(context.asked)
    faces = faces.only(people_drawn(faces.identity, MOST_PEOPLE, context.seed))
    items = items_of(faces)
    for strata in STRATA:
        label = within(name, strata)
        slug = "real-within-gender" if strata else "real"
        trials, _ = ask(context, experiment, slug, items, items, strata, others_only=True)
        if trials is None:
            continue
        summary.trials[slug] = trials.sha256
        for embedder in context.embedders:
            vectors = context.embed(embedder, faces.pixels)
            cell = Cell(RECOGNISED, label, embedder, note=OF_REAL)
            summary.scored(cell, {REAL: score(trials, [vectors], [vectors])})
            if not strata:
                _add_distances(summary, cell, {REAL: ([vectors], [vectors])}, trials)


def within(name: str, strata: Sequence[str]) -> str:
    """A stratum of rows: of a question, over all pairs or within something."""
    return f"{name}, within {' and '.join(strata)}" if strata else name


BySystem = dict[str, tuple[list[Vectors], list[Vectors]]]


def _embedded(context: Context, asked: Recordings, known: Recordings) -> dict[str, BySystem]:
    """Vectors of both sides of each system by embedder; the voice itself beside each."""
    heard = [heard_by(context, recordings) for recordings in (asked, known)]
    found: dict[str, BySystem] = {}
    for embedder in context.embedders:
        sides = [context.vectors(embedder, recordings) for recordings in (asked, known)]
        both = [name for name in sides[0] if name in sides[1] and name not in BY_PLACE]
        found[embedder] = {name: (sides[0][name], sides[1][name]) for name in both}
        if heard[0] is not None and heard[1] is not None:
            found[embedder][VOICE] = ([heard[0]], [heard[1]])
    return found


def _add_distances(summary: Summary, cell: Cell, by_system: BySystem, trials: TrialList) -> None:
    for system, (made, real) in by_system.items():
        beside = real if len(real) == len(made) else real * len(made)
        of_seeds = [distances(a, b, trials) for a, b in zip(made, beside, strict=True)]
        summary.distances(cell, system, of_seeds, trials.probes.identity)


def consistent_claims(
    summary: Summary, strata: Sequence[str], text: str, source: str, told: str
) -> list[Claim]:
    """Whether the main model's faces of a speaker are alike: as real ones are, and at all.

    Args:
        summary: With rows of the models and of real faces.
        strata: In all of which they must be.
        text: What is claimed: that they are as alike as pictures of one person.
        source: Where it stands.
        told: What is claimed in few words: that speakers are recognised at all.
    """
    context, rows = summary.context, summary.rows
    own = [r for r in rows_of(rows, context.main, RECOGNISED, None) if r.stratum in strata]
    real = {r.embedder: r.value for r in rows_of(rows, REAL, RECOGNISED, None)}
    of_real = [value for value in real.values() if value is not None]
    claims = []
    if of_real:
        bound = Bound(max(of_real), f"{OF_REAL}, by the embedder that tells them best")
        claims = judged(context, Asked(text, source, bound), own)
    chance = CHANCE.reached_by(rows_of(rows, REAL, RECOGNISED, None))
    return claims + judged(context, Asked(told, BEYOND, chance), own)
