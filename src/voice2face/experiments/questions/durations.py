"""Figure 2: faces from recordings of different lengths."""

import numpy as np

from voice2face.experiments.comparing import LEAST_PEOPLE, MOST_PEOPLE, VOICE, too_few
from voice2face.experiments.context import Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.grids import add_people, chosen_rows, lettered
from voice2face.experiments.recordings import Recordings
from voice2face.experiments.self_similarity import (
    OF_REAL,
    RECOGNISED,
    Found,
    alike,
    claim_consistent,
    of_real_faces,
)
from voice2face.experiments.summary import BETWEEN, WITHIN, Cell, Summary
from voice2face.experiments.verdicts import CONSISTENT

DURATIONS_S = (1, 2, 3, 5, 10)
REFERENCE_S = 3  # length of other speech of each speaker, which all durations are compared with
N_SHOWN = 6
SECONDS = "duration (s)"
SAME = "a speaker's faces stay the same over durations, as pictures of one person do"
TOLD = "a speaker is recognised in faces made from other durations more often than by chance"


def lacking(context: Context) -> str:
    """Why it can't be asked; "" if it can."""
    enough_s = min(DURATIONS_S) + REFERENCE_S
    people = people_of(context).identity
    return too_few(people, f"people not trained on have {enough_s} s of speech")


def people_of(context: Context) -> Recordings:
    """All speech of each person who has enough of it, as one recording."""
    people = context.unseen().of_some_people(MOST_PEOPLE, context.seed).by_person()
    return people.at_least(min(DURATIONS_S) + REFERENCE_S)


def run(summary: Summary) -> None:
    """Add how often speakers are recognised, and distances, by duration; and faces."""
    people = people_of(summary.context)
    cuts, found = cuts_of(people), Found()
    last = people.cut(REFERENCE_S, people.seconds - REFERENCE_S)
    for seconds, (rows, cut) in cuts.items():
        found |= alike(summary, f"{seconds} s", cut, last.only(rows))
    add_longer(summary, found, cuts)
    of_real_faces(summary, OF_REAL)
    strata = [f"{seconds} s" for seconds in cuts]
    claim_consistent(summary, strata, SAME, f"{CONSISTENT}, Figure 2", TOLD)
    add_curves(summary, strata)
    _add_faces(summary, people, cuts)


Cuts = dict[int, tuple[np.ndarray, Recordings]]


def cuts_of(people: Recordings) -> Cuts:
    """Beginnings of people's speech by duration in s; they don't overlap with the reference.

    Args:
        people: One recording of each.

    Returns:
        Numbers of the people, shape (n,), and their cuts; durations that too few have are left
        out.
    """
    found = {}
    for seconds in DURATIONS_S:
        rows = np.flatnonzero(people.seconds >= seconds + REFERENCE_S - 1e-6)
        if len(rows) >= LEAST_PEOPLE:
            found[seconds] = rows, people.only(rows).cut(seconds)
    return found


def add_longer(summary: Summary, found: Found, cuts: Cuts) -> None:
    """Add by how much more often speakers are recognised in the longest than in the shortest."""
    context, (shortest, longest) = summary.context, (min(cuts), max(cuts))
    common = np.isin(cuts[shortest][0], cuts[longest][0])
    for embedder in context.embedders if shortest < longest else ():
        ends = [found.get((embedder, f"{s} s"), {}) for s in (longest, shortest)]
        for system in (name for name in (*context.models, VOICE) if all(name in e for e in ends)):
            long, short = ends[0][system], ends[1][system]
            by, n = summary.difference([long.share_right], [short.share_right[common]], long.people)
            names = (f"{system}, {s} s" for s in (longest, shortest))
            cell = Cell(RECOGNISED, "", embedder)
            summary.add(cell, next(names), by, n, against=next(names))


def add_curves(summary: Summary, strata: list[str]) -> None:
    """Add curves over the duration: share recognised, and distances of the main model."""
    main, points = summary.main, {stratum: float(stratum.split()[0]) for stratum in strata}
    for embedder in summary.context.embedders:
        summary.curves(
            "recognised by {}", points,
            [(name, name, RECOGNISED) for name in (*summary.context.models, VOICE)],
            embedders=[embedder], x_label=SECONDS,
        )  # fmt: skip
        summary.curves(
            f"{main}, {{}}", points, [(what, main, what) for what in (WITHIN, BETWEEN)],
            embedders=[embedder], x_label=SECONDS, y_label="1 - cosine (1: unrelated)", chance=None,
        )  # fmt: skip


def _add_faces(summary: Summary, people: Recordings, cuts: Cuts) -> None:
    """Add a row for each speaker: a face for each duration, then the reference image."""
    context, longest = summary.context, cuts[max(cuts)][0]
    rows = longest[chosen_rows(people.only(longest), context.seed, N_SHOWN)]
    model = context.models[context.main][0]
    *names, reference = lettered([*(f"{seconds} s" for seconds in cuts), "reference image"])
    made = [context.made(model, cut).pixels[np.searchsorted(of, rows)] for of, cut in cuts.values()]
    add_people(
        summary, people.only(rows), dict(zip(names, made, strict=True)), real=[reference],
        title=f"Faces made by {context.main} from recordings of different durations",
        row_title="speaker", column_title="duration of the recording",
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
