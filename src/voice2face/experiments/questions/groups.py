"""Figure 4: faces of groups of people, and how well each group is served."""

from collections.abc import Callable

import numpy as np

from voice2face.arrays import Texts
from voice2face.corpus.arrays import Faces
from voice2face.evaluation.results import Row
from voice2face.evaluation.statistics.intervals import Estimate
from voice2face.experiments.by_group import MOST_PEOPLE, TOLD, by_group, why_not
from voice2face.experiments.comparing import REAL, independent_difference
from voice2face.experiments.context import Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.grids import WHITE, add_grid, real_faces
from voice2face.experiments.people import group_of
from voice2face.experiments.recordings import Recordings
from voice2face.experiments.summary import Cell, Rows, Summary
from voice2face.experiments.verdicts import NO_DIFFERENCE, claim

N_SHOWN = 3  # people of each group
Label = Callable[[Recordings | Faces], Texts]  # group of each row; "": none
CLAIMED = (
    "some group's faces show it less than real faces do: "
    '"a face image of young man when the real face image belongs to an old lady"'
)


def lacking(context: Context) -> str:
    """Why it can't be asked; "" if it can."""
    speech, label = _grouped(context)
    return why_not(speech, label(speech))


def _grouped(context: Context) -> tuple[Recordings, Label]:
    """Recordings that are asked about, and how they are grouped: by age too, if possible."""
    speech = context.unseen().of_some_people(MOST_PEOPLE, context.seed)
    both = gender_and_age(speech)
    return speech, gender_alone if why_not(speech, both) else gender_and_age


def run(summary: Summary) -> None:
    """Add matching by group, whether made faces show the group, and faces of each."""
    context = summary.context
    add_grouped(summary, *_grouped(context))
    less = Rows(context)
    for real in summary.found(TOLD, None, system=REAL):
        for own in summary.found(TOLD, real.stratum):
            if own.embedder == real.embedder:
                cell = Cell(TOLD, real.stratum, real.embedder)
                by = independent_difference(_estimate(real), _estimate(own))
                n = own.n_people, own.n_trials
                less.add(cell, REAL, by, n, against=context.main)
    claim(summary, CLAIMED, "report, Figure 4", NO_DIFFERENCE, less.rows, some=True, hears=False)


def add_grouped(summary: Summary, speech: Recordings, label: Label) -> None:
    """Add accuracy and faces of each group.

    Args:
        summary: Where they are added.
        speech: Recordings that are asked about.
        label: Gives the group of each recording or face.
    """
    labels, known = label(speech), summary.context.faces("train")
    by_group(summary, speech, labels, label(known))
    _add_faces(summary, speech, labels)


def gender_and_age(what: Recordings | Faces) -> Texts:
    """Such as "female, under 40", (n,); "" if either is unknown. Without ages: the gender."""
    gender, age = group_of(what, "gender"), group_of(what, "age")
    if not (age != "").any():
        return gender
    both = [f"{g}, {a}" if g and a else "" for g, a in zip(gender, age, strict=True)]
    return np.array(both, str)


def gender_alone(what: Recordings | Faces) -> Texts:
    """Genders, for corpora with too few people for groups of both, (n,); "" if unknown."""
    return group_of(what, "gender")


def _add_faces(summary: Summary, speech: Recordings, labels: Texts) -> None:
    """Add a row for each group: of some people the generated face and, to its right, the real."""
    context = summary.context
    made = context.made(context.models[context.main][0], speech).pixels
    names = [str(n) for n in np.unique(labels) if n]
    px = context.corpus.info.face_px
    cells = np.full((len(names), 2 * N_SHOWN, px, px, 3), WHITE, np.uint8)
    rng = np.random.default_rng(context.seed)
    for i, group in enumerate(names):
        people = rng.permutation(np.unique(speech.identity[labels == group]))[:N_SHOWN]
        for k, person in enumerate(people):
            cells[i, 2 * k] = made[np.flatnonzero(speech.identity == person)[0]]
            own = real_faces(context, person)[:1]
            cells[i, 2 * k + 1 : 2 * k + 1 + len(own)] = own
    columns = [f"{what} {k + 1}" for k in range(N_SHOWN) for what in ("generated", "real")]
    title = f"Faces made by {context.main} for groups of people, each with the real face right"
    add_grid(summary, cells, names, columns, title=title, row_title="group", column_title="people")


def _estimate(row: Row) -> Estimate:
    return Estimate(row.value or 0.0, row.low or 0.0, row.high or 0.0)


EXPERIMENT = Experiment(
    name="groups",
    title="Faces of groups by gender and age",
    report_item="Figure 4",
    question="Do made faces show the speaker's gender and age, and is every group served alike?",
    protocol="Recordings of people not trained on. Matching: all pairs of the speaker's "
    "real face and another person's of any group; impostors count alike. Group told: a linear map "
    "from embeddings of labelled real training faces to the groups, applied to made faces and, as "
    "the upper reference, to real faces of the same people.",
    measure="Share right in each group; a group against all others from both intervals.",
    chance="0.5 for matching; one over the number of groups for the group.",
    unit="People of a group.",
    chapter="figures",
    lacking=lacking,
    run=run,
)
