"""Figure 2: faces from recordings of different lengths."""

from collections.abc import Sequence

import numpy as np

from voice2face.evaluation.results import Claim, Grid, Result, Row, Series
from voice2face.evaluation.statistics.intervals import difference
from voice2face.experiments.answers import write_grid
from voice2face.experiments.claims import CONSISTENT
from voice2face.experiments.comparing import (
    LEAST_PEOPLE,
    VOICE,
    by_person,
    main_variant,
    some_people,
)
from voice2face.experiments.context import Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.people import groups_of
from voice2face.experiments.questions.variants import chosen_rows
from voice2face.experiments.self_similarity import (
    BETWEEN,
    RECOGNISED,
    WITHIN,
    Found,
    alike,
    consistent_claims,
    merged,
)
from voice2face.experiments.speech import Speech

DURATIONS_S = (1, 2, 3, 5, 10)
REFERENCE_S = 3  # of each speaker's other speech, with which all durations are compared
N_SHOWN = 6
SAME = "a speaker's faces stay the same over durations"


def run(context: Context, experiment: Experiment) -> Result:
    """Faces by duration; how far they are from the speaker's others; how often recognised."""
    people = by_person(some_people(context.unseen(), context.seed))
    people = people.at_least(min(DURATIONS_S) + REFERENCE_S)
    if len(people) < LEAST_PEOPLE:
        told = f"{len(people)} people not trained on have {min(DURATIONS_S) + REFERENCE_S} s"
        return experiment.result(left_out=f"{told} of speech; {LEAST_PEOPLE} wanted")
    cuts = cuts_of(people)
    last = people.cut(REFERENCE_S, people.seconds - REFERENCE_S)
    answers = {}
    for seconds, (rows, cut) in cuts.items():
        pair = (cut, f"cut {seconds} s"), (last.only(rows), f"last, where {seconds} s")
        answers[seconds] = alike(context, experiment.name, f"{seconds} s", pair)
    found = merged(list(answers.values()))
    strata = [f"{seconds} s" for seconds in cuts]
    return experiment.result(
        rows=found.rows + longer_rows(context, found, cuts),
        series=series_of(found.rows, strata, [*context.models, VOICE], main_variant(context)),
        grids=[grid_of(context, experiment.name, people, cuts)],
        claims=_claims(context, found.rows, strata),
        trials_sha256=found.trials_sha256,
        seeds={"choice of people": context.seed, "resampling": context.seed},
        sources=context.sources(),
        made_by=context.made_by,
    )


Cuts = dict[int, tuple[np.ndarray, Speech]]


def cuts_of(people: Speech) -> Cuts:
    """The beginning of each one's speech, as long as leaves the reference; by duration in s.

    Args:
        people: One recording each.

    Returns:
        Which people, shape (n,), and their cuts; of durations that enough of them have.
    """
    found = {}
    for seconds in DURATIONS_S:
        rows = np.flatnonzero(people.seconds >= seconds + REFERENCE_S - 1e-6)
        if len(rows) >= LEAST_PEOPLE:
            found[seconds] = rows, people.only(rows).cut(seconds)
    return found


def longer_rows(context: Context, found: Found, cuts: Cuts) -> list[Row]:
    """By how much more often a speaker is recognised from the longest than from the shortest."""
    shortest, longest = min(cuts), max(cuts)
    common = np.isin(cuts[shortest][0], cuts[longest][0])
    rows: list[Row] = []
    for embedder in context.embedders if shortest < longest else ():
        ends = [found.scored.get((embedder, f"{s} s"), {}) for s in (longest, shortest)]
        for system in (*context.models, VOICE):
            if any(system not in end for end in ends):
                continue
            long, short = ends[0][system], ends[1][system]
            values = long.share_right, short.share_right[common]
            by = difference(
                *values, long.people, seed=context.seed, n_resamples=context.n_resamples
            )
            row = Row(
                f"{system}, {longest} s", RECOGNISED, "", embedder, by.value, by.low, by.high,
                len(long.people), len(long.people), against=f"{system}, {shortest} s",
            )  # fmt: skip
            rows.append(row)
    return rows


def series_of(rows: list[Row], strata: list[str], systems: list[str], main: str) -> list[Series]:
    """Share recognised of each system by duration; distances of the main model."""
    wanted = {(r.system, r.measure, r.stratum, r.embedder): r for r in rows if not r.against}
    series = []
    for embedder in dict.fromkeys(row.embedder for row in rows):
        lines = [(s, RECOGNISED, s, f"recognised by {embedder}") for s in systems]
        lines += [(main, m, m, f"{main}, {embedder}") for m in (WITHIN, BETWEEN)]
        for system, measure, name, panel in lines:
            got = [wanted.get((system, measure, s, embedder)) for s in strata]
            if any(got):
                series.append(_line(name, strata, got, panel, measure == RECOGNISED))
    return series


def _line(
    name: str, strata: list[str], got: Sequence[Row | None], panel: str, is_share: bool
) -> Series:
    """Values by duration, None where a row is missing."""
    return Series(
        name,
        [float(stratum.split()[0]) for stratum in strata],
        [row.value if row else None for row in got],
        [row.low if row else None for row in got],
        [row.high if row else None for row in got],
        x_label="duration (s)",
        y_label="share of trials right" if is_share else "1 - cosine (1: unrelated)",
        chance=0.5 if is_share else None,
        panel=panel,
    )


def grid_of(context: Context, name: str, people: Speech, cuts: Cuts) -> Grid:
    """A row a speaker, a column a duration, then the reference image."""
    longest = cuts[max(cuts)][0]
    gender = groups_of(people.attributes, len(people)).get("gender")
    gender = np.full(len(people), "", str) if gender is None else gender
    rows = longest[chosen_rows(people.identity[longest], gender[longest], context.seed, N_SHOWN)]
    real = context.faces(context.asked)
    px = context.corpus.info.face_px
    cells = np.full((len(rows), len(cuts) + 1, px, px, 3), 255, np.uint8)
    model = context.models[main_variant(context)][0]
    for column, (seconds, (of, cut)) in enumerate(cuts.items()):
        pixels = context.made(model, cut, f"cut {seconds} s").pixels
        cells[:, column] = pixels[np.searchsorted(of, rows)]
    for i, person in enumerate(people.identity[rows]):
        own = np.flatnonzero(real.identity == person)
        if len(own):
            cells[i, -1] = real.pixels[own[0]]
    letters = "abcdefgh"
    columns = [f"({letters[i]}) {seconds} s" for i, seconds in enumerate(cuts)]
    columns.append(f"({letters[len(cuts)]}) reference image")
    about = {
        "name": "faces",
        "title": f"Faces made by {main_variant(context)} from recordings of different durations",
        "row_title": "speaker",
        "column_title": "duration of the recording",
    }
    labels = [
        f"{p}, {g}" if g else p for p, g in zip(people.identity[rows], gender[rows], strict=True)
    ]
    return write_grid(context.out, name, cells, about, labels, columns)


def _claims(context: Context, rows: list[Row], strata: list[str]) -> list[Claim]:
    return consistent_claims(context, rows, strata, SAME, f"{CONSISTENT}, Figure 2")


EXPERIMENT = Experiment(
    name="durations",
    title="Faces from recordings of different durations",
    report_item="Figure 2",
    question="Does a speaker's face stay the same however long the recording is?",
    protocol="Each person's recordings are put one after the other. A face made from the first 1, "
    "2, 3, 5 or 10 s is compared with one made from the last 3 s: is it nearer to that of the same "
    "speaker than to another's? Only people who have that much speech are asked, so longer "
    "durations may have fewer.",
    measure="Share of pairs in which the same speaker's face is nearer, all impostors counting "
    "alike; and one minus the cosine, both sides centred, within and between speakers.",
    chance="0.5",
    unit="People, in both roles.",
    run=run,
)
