"""Do faces of one speaker resemble each other more than faces of different speakers?

Several experiments ask this: of different stretches of a speaker's recordings, of different
durations, languages or trainings. Each time the speakers of one set of faces are looked for in
another set.
"""

from collections.abc import Mapping, Sequence

from voice2face.arrays import Vectors
from voice2face.evaluation.metrics.matching import Scored
from voice2face.evaluation.trials.trials import Items
from voice2face.experiments.comparing import (
    MOST_PEOPLE,
    REAL,
    VOICE,
    distances,
    heard_by,
    items_of,
    paired,
    score,
)
from voice2face.experiments.context import Context
from voice2face.experiments.recordings import Recordings, people_drawn
from voice2face.experiments.summary import Cell, Summary
from voice2face.experiments.verdicts import BEYOND, CHANCE, Bound, claim

RECOGNISED = "same speaker recognised"
# These draw by the recording's place in a list, so both sides would get the same face.
BY_PLACE = ("random face", "shuffled voices")
STRATA: tuple[tuple[str, ...], ...] = ((), ("gender",))
OF_REAL = "different pictures of one person"

# Embeddings of both sides by system, one array for each seed.
Sides = Mapping[str, tuple[Sequence[Vectors], Sequence[Vectors]]]
Found = dict[tuple[str, str], dict[str, Scored]]  # by embedder and stratum, then by system


def within(name: str, strata: Sequence[str]) -> str:
    """Name of a stratum of rows: of a question, over all pairs or within some attributes."""
    return ", ".join(filter(None, [name, f"within {' and '.join(strata)}" if strata else ""]))


def resemble(
    summary: Summary,
    name: str,
    sides: tuple[Items, Items],
    vectors: Mapping[str, Sides],
    *,
    measure: str = RECOGNISED,
    note: str = "",
    apart: Sequence[str] | None = None,
    others_only: bool = False,
) -> Found:
    """Add how often the right face is nearer, over all pairs and within gender; and distances.

    Args:
        summary: Where rows are added.
        name: Name of this question in the experiment, and stratum of its rows.
        sides: What is asked about, and what it is looked for in.
        vectors: Embeddings by embedder and system.
        measure: Name of the measure.
        note: Note on the rows; also the beginning of the names of lists of trials.
        apart: Systems whose distances are added too; None: all.
        others_only: Whether an item of the same name is no answer; for two sides that are the same.
    """
    found: Found = {}
    for strata in STRATA:
        label = within(name, strata)
        list_name = ", ".join(filter(None, [note, label])) or "all"
        trials = summary.fix(list_name, *sides, strata=strata, others_only=others_only)
        if trials is None:
            continue
        for embedder, by_system in vectors.items():
            cell = Cell(measure, label, embedder, note=note)
            scored = {system: score(trials, *both) for system, both in by_system.items()}
            summary.scored(cell, scored)
            found[embedder, label] = scored
            for system, (made, real) in by_system.items():
                if strata or (apart is not None and system not in apart):
                    continue
                of_seeds = [distances(*both, trials) for both in paired(made, real)]
                summary.distances(cell, system, of_seeds, trials.probes.identity)
    return found


def alike(
    summary: Summary, name: str, asked: Recordings, known: Recordings, *, others_only: bool = False
) -> Found:
    """Look for the speakers of some recordings among faces made from others.

    Args:
        summary: Where rows of each system and of the voice itself are added.
        name: See :func:`resemble`.
        asked: Recordings that are asked about.
        known: Recordings among whose faces the speakers are looked for.
        others_only: See :func:`resemble`.
    """
    vectors = _embedded(summary.context, asked, known)
    sides = items_of(asked), items_of(known)
    apart = (*summary.context.models, VOICE)
    return resemble(summary, name, sides, vectors, apart=apart, others_only=others_only)


def _embedded(context: Context, asked: Recordings, known: Recordings) -> dict[str, Sides]:
    """Embeddings of both sides by embedder and system; the voice itself is one of the systems."""
    heard = [heard_by(context, recordings) for recordings in (asked, known)]
    found: dict[str, Sides] = {}
    for embedder in context.embedders:
        one, other = (context.vectors(embedder, recordings) for recordings in (asked, known))
        both = {n: (one[n], other[n]) for n in one if n in other and n not in BY_PLACE}
        if heard[0] is not None and heard[1] is not None:
            both[VOICE] = [heard[0]], [heard[1]]
        found[embedder] = both
    return found


def of_real_faces(summary: Summary, name: str) -> None:
    """Add how often different real pictures of one person are recognised: the upper reference."""
    context = summary.context
    faces = context.faces(context.asked)
    faces = faces.only(people_drawn(faces.identity, MOST_PEOPLE, context.seed))
    items, vectors = items_of(faces), dict[str, Sides]()
    for embedder in context.embedders:
        own = [context.embed(embedder, faces.pixels)]
        vectors[embedder] = {REAL: (own, own)}
    resemble(summary, name, (items, items), vectors, note=OF_REAL, others_only=True)


def claim_consistent(
    summary: Summary, strata: Sequence[str], text: str, source: str, told: str
) -> None:
    """Claim that the main model's faces of a speaker are alike: as much as real ones, and at all.

    Args:
        summary: Summary with rows of the models and of real faces.
        strata: Strata in all of which it must hold.
        text: The claim that they are as alike as pictures of one person.
        source: Place where it is stated.
        told: The claim that speakers are recognised at all.
    """
    own = [row for row in summary.found(RECOGNISED, None) if row.stratum in strata]
    of_real = summary.found(RECOGNISED, None, system=REAL)
    if of_real:
        # Each embedder's last row is the stricter one, within gender.
        best = max({row.embedder: row.value or 0.0 for row in of_real}.values())
        bound = Bound(best, f"{OF_REAL}, by the embedder that tells them best")
        claim(summary, text, source, bound, own)
    claim(summary, told, BEYOND, CHANCE.reached_by(of_real), own)
