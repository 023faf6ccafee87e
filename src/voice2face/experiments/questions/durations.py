"""Figure 2: faces from recordings of different lengths."""

import numpy as np

from voice2face.evaluation.results import Grid, Result, Series
from voice2face.experiments.comparing import LEAST_PEOPLE, MOST_PEOPLE, VOICE
from voice2face.experiments.context import Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.grids import chosen_rows, labels_of, people_grid
from voice2face.experiments.people import group_of
from voice2face.experiments.recordings import Recordings
from voice2face.experiments.self_similarity import (
    OF_REAL,
    RECOGNISED,
    Found,
    alike,
    consistent_claims,
    of_real_faces,
)
from voice2face.experiments.summary import BETWEEN, WITHIN, Cell, Summary, lines
from voice2face.experiments.verdicts import CONSISTENT

DURATIONS_S = (1, 2, 3, 5, 10)
REFERENCE_S = 3  # of each speaker's other speech, with which all durations are compared
N_SHOWN = 6
SECONDS = "duration (s)"
SAME = "a speaker's faces stay the same over durations, as pictures of one person do"
TOLD = "a speaker is recognised in faces made from other durations more often than by chance"


def lacking(context: Context) -> str:
    """Why nothing can be asked; "" where something can."""
    n_people = len(people_of(context))
    if n_people >= LEAST_PEOPLE:
        return ""
    told = f"{n_people} people not trained on have {min(DURATIONS_S) + REFERENCE_S} s of speech"
    return f"{told}; {LEAST_PEOPLE} wanted"


def people_of(context: Context) -> Recordings:
    """All speech of each person who has enough, as one recording."""
    people = context.unseen().of_some_people(MOST_PEOPLE, context.seed).by_person()
    return people.at_least(min(DURATIONS_S) + REFERENCE_S)


def run(context: Context, experiment: Experiment) -> Result:
    """Faces by duration; how far they are from the speaker's others; how often recognised."""
    summary, people = Summary(context), people_of(context)
    cuts = cuts_of(people)
    last = people.cut(REFERENCE_S, people.seconds - REFERENCE_S)
    found = Found(summary)
    for seconds, (rows, cut) in cuts.items():
        alike(found, experiment.name, f"{seconds} s", cut, last.only(rows))
    strata = [f"{seconds} s" for seconds in cuts]
    add_longer(found, cuts)
    of_real_faces(summary, experiment.name, OF_REAL)
    claims = consistent_claims(summary, strata, SAME, f"{CONSISTENT}, Figure 2", TOLD)
    return summary.result(
        experiment,
        series=series_of(summary, strata),
        grids=[grid_of(context, experiment.name, people, cuts)],
        claims=claims,
        seeds=("choice of people", "resampling"),
    )


Cuts = dict[int, tuple[np.ndarray, Recordings]]


def cuts_of(people: Recordings) -> Cuts:
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


def add_longer(found: Found, cuts: Cuts) -> None:
    """By how much more often a speaker is recognised from the longest than from the shortest."""
    context, (shortest, longest) = found.summary.context, (min(cuts), max(cuts))
    common = np.isin(cuts[shortest][0], cuts[longest][0])
    for embedder in context.embedders if shortest < longest else ():
        ends = [found.scored.get((embedder, f"{s} s"), {}) for s in (longest, shortest)]
        for system in (name for name in (*context.models, VOICE) if all(name in e for e in ends)):
            long, short = ends[0][system], ends[1][system]
            by, n = found.summary.difference(
                [long.share_right], [short.share_right[common]], long.people
            )
            names = (f"{system}, {s} s" for s in (longest, shortest))
            cell = Cell(RECOGNISED, "", embedder)
            found.summary.add(cell, next(names), by, n, against=next(names))


def series_of(summary: Summary, strata: list[str]) -> list[Series]:
    """Share recognised of each system by duration; distances of the main model."""
    context, series = summary.context, []
    x = [(float(stratum.split()[0]), stratum) for stratum in strata]
    shares = [(name, name, RECOGNISED) for name in (*context.models, VOICE)]
    apart = [(measure, context.main, measure) for measure in (WITHIN, BETWEEN)]
    for embedder in context.embedders:
        panel = f"recognised by {embedder}"
        series += lines(summary.rows, x, shares, embedder, panel, x_label=SECONDS)
        series += lines(
            summary.rows, x, apart, embedder, f"{context.main}, {embedder}", x_label=SECONDS,
            y_label="1 - cosine (1: unrelated)", chance=None,
        )  # fmt: skip
    return series


def grid_of(context: Context, name: str, people: Recordings, cuts: Cuts) -> Grid:
    """A row a speaker, a column a duration, then the reference image."""
    longest, gender = cuts[max(cuts)][0], group_of(people, "gender")
    rows = longest[chosen_rows(people.identity[longest], gender[longest], context.seed, N_SHOWN)]
    model = context.models[context.main][0]
    columns = {
        f"({'abcdefgh'[i]}) {seconds} s": context.made(model, cut).pixels[np.searchsorted(of, rows)]
        for i, (seconds, (of, cut)) in enumerate(cuts.items())
    }
    about = {
        "name": "faces",
        "title": f"Faces made by {context.main} from recordings of different durations",
        "row_title": "speaker",
        "column_title": "duration of the recording",
    }
    return people_grid(
        context, name, people.identity[rows], columns, about,
        labels=labels_of(people.identity[rows], gender[rows]),
        real=[f"({'abcdefgh'[len(cuts)]}) reference image"],
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="durations",
    title="Faces from recordings of different durations",
    report_item="Figure 2",
    question="Does a speaker's face stay the same however long the recording is?",
    protocol="Each person's recordings are put one after the other. A face made from the first 1, "
    "2, 3, 5 or 10 s is compared with one made from the last 3 s: is it nearer to that of the same "
    "speaker than to another's? Beside it, different real pictures of one person. Only people who "
    "have that much speech are asked, so longer durations may have fewer.",
    measure="Share of pairs in which the same speaker's face is nearer, all impostors counting "
    "alike; and one minus the cosine, both sides centred, within and between speakers.",
    chance="0.5",
    unit="People, in both roles.",
    chapter="figures",
    lacking=lacking,
    run=run,
)
