"""Do faces of one speaker resemble each other more than those of others? One question, many uses.

Different stretches of a speaker's recordings, different durations, languages or trainings: each
time faces made from one are looked for among faces made from the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from voice2face.evaluation.metrics.matching import Scored
from voice2face.evaluation.results import Claim, Row, Verdict
from voice2face.evaluation.statistics.intervals import estimate
from voice2face.evaluation.trials.trials import Items, TrialList
from voice2face.experiments.comparing import (
    LEAST_PEOPLE,
    VOICE,
    Distances,
    Judged,
    Vectors,
    ask,
    claim_by,
    distances,
    heard_by,
    main_variant,
    score,
    scored_rows,
    systems_of,
)
from voice2face.experiments.context import Context
from voice2face.experiments.people import groups_of
from voice2face.experiments.speech import Speech

RECOGNISED = "same speaker recognised"
WITHIN, BETWEEN = "distance within a speaker", "distance between speakers"
# Drawn by a recording's place in a list, so the same for both sides: they would be recognised.
BY_PLACE = ("random face", "shuffled voices")
STRATA: tuple[tuple[str, ...], ...] = ((), ("gender",))


@dataclass(eq=False)
class Found:
    """Answers so far.

    Attributes:
        rows: For the table.
        scored: By embedder and stratum, of each system.
        trials_sha256: Of each list.
    """

    rows: list[Row] = field(default_factory=list)
    scored: dict[tuple[str, str], dict[str, Scored]] = field(default_factory=dict)
    trials_sha256: dict[str, str] = field(default_factory=dict)


def items_of(speech: Speech, names: Sequence[str] | None = None) -> Items:
    """Recordings as what is asked about, with what is known of their speakers."""
    groups = groups_of(speech.attributes, len(speech))
    return Items(speech.clip if names is None else np.array(names, str), speech.identity, groups)


def alike(
    context: Context,
    experiment: str,
    name: str,
    pair: tuple[tuple[Speech, str], tuple[Speech, str]],
    *,
    others_only: bool = False,
) -> Found:
    """Look for the speakers of some recordings among faces made from other recordings.

    Args:
        context: The systems.
        experiment: Its name.
        name: Of this question within it; also the stratum of its rows.
        pair: What is asked about and where it is looked for, each with its key in the context.
        others_only: A recording of the same name is no answer: for both sides the same.

    Returns:
        Accuracy of each system and of the voice itself, over all pairs and within gender.
    """
    (asked, asked_key), (known, known_key) = pair
    probes, gallery = items_of(asked), items_of(known)
    found = Found()
    for strata in STRATA:
        if any(column not in gallery.groups for column in strata):
            continue
        label = f"{name}, within gender" if strata else name
        slug = label.replace(", ", "-").replace(" ", "-")
        trials, _ = ask(context, experiment, slug, probes, gallery, strata, others_only=others_only)
        if trials is None:
            continue
        found.trials_sha256[label] = trials.sha256
        sides = (asked, asked_key), (known, known_key)
        for embedder, by_system in _embedded(context, sides).items():
            scored = {s: score(trials, made, real) for s, (made, real) in by_system.items()}
            found.scored[embedder, label] = scored
            found.rows += scored_rows(context, scored, RECOGNISED, label, embedder)
            if not strata:
                some = {s: by_system[s] for s in (*context.models, VOICE) if s in by_system}
                found.rows += _distance_rows(context, some, trials, name, embedder)
    return found


def merged(parts: Sequence[Found]) -> Found:
    """Several in one."""
    whole = Found()
    for part in parts:
        whole.rows += part.rows
        whole.scored |= part.scored
        whole.trials_sha256 |= part.trials_sha256
    return whole


BySystem = dict[str, tuple[list[Vectors], list[Vectors]]]


def _embedded(
    context: Context, sides: tuple[tuple[Speech, str], tuple[Speech, str]]
) -> dict[str, BySystem]:
    """Vectors of both sides of each system by embedder; the voice itself beside each."""
    heard = [heard_by(context, speech, key) for speech, key in sides]
    found: dict[str, BySystem] = {}
    for embedder in context.embedders:
        found[embedder] = {
            name: (
                [context.made_vectors(embedder, one, *sides[0]) for one in seeds],
                [context.made_vectors(embedder, one, *sides[1]) for one in seeds],
            )
            for name, seeds in systems_of(context).items()
            if name not in BY_PLACE
        }
        if heard[0] is not None and heard[1] is not None:
            found[embedder][VOICE] = ([heard[0]], [heard[1]])
    return found


def _distance_rows(
    context: Context, by_system: BySystem, trials: TrialList, stratum: str, embedder: str
) -> list[Row]:
    rows = []
    for system, (made, real) in by_system.items():
        of_seeds = [distances(a, b, trials) for a, b in zip(made, real, strict=True)]
        rows += distance_rows(context, of_seeds, trials, (system, stratum, embedder))
    return rows


def distance_rows(
    context: Context, of_seeds: Sequence[Distances], trials: TrialList, about: tuple[str, str, str]
) -> list[Row]:
    """Mean distances within and between people; ``about``: system, stratum, embedder."""
    system, stratum, embedder = about
    people, rows = trials.probes.identity, []
    for measure, values in (
        (WITHIN, [one.within for one in of_seeds]),
        (BETWEEN, [one.between for one in of_seeds]),
    ):
        mean = np.mean(values, axis=0)
        asked = ~np.isnan(mean)
        n_people = len(np.unique(people[asked]))
        if n_people < LEAST_PEOPLE:
            continue
        found = estimate(mean, people, seed=context.seed, n_resamples=context.n_resamples)
        row = Row(
            system, measure, stratum, embedder, found.value, found.low, found.high,
            n_people, int(asked.sum()),
        )  # fmt: skip
        rows.append(row)
    return rows


def consistent_claims(
    context: Context, rows: Sequence[Row], strata: Sequence[str], text: str, source: str
) -> list[Claim]:
    """Whether the main model's faces of a speaker are recognised."""
    variant = main_variant(context)

    def judged(embedder: str) -> Judged | None:
        about = (variant, RECOGNISED, embedder, "")
        own = [r for r in rows if (r.system, r.measure, r.embedder, r.against) == about]
        known = [r for r in own if r.stratum in strata and r.low is not None]
        shown = "; ".join(f"{r.stratum} {r.value:.3f} [{r.low:.3f}, {r.high:.3f}]" for r in known)
        evidence = f"{variant}, speaker recognised among two (chance 0.5): {shown}"
        return (verdict_above(known, 0.5), evidence) if known else None

    return claim_by(context, text, source, judged)


def verdict_above(rows: Sequence[Row], bound: float) -> Verdict:
    """Whether all values lie above a bound: by their intervals."""
    ends = [(row.low, row.high) for row in rows]
    if any(low is None or high is None for low, high in ends) or not ends:
        return "cannot be told"
    if all(low > bound for low, _ in ends if low is not None):
        return "holds"
    if any(high <= bound for _, high in ends if high is not None):
        return "does not hold"
    return "cannot be told"
