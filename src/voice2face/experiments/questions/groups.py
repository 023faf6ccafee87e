"""Figure 4: faces of groups of people, and how well each group is served."""

from collections.abc import Callable, Mapping

import numpy as np

from voice2face.evaluation.results import Claim, Grid, Result, Row
from voice2face.evaluation.statistics.intervals import Estimate
from voice2face.experiments.by_group import MOST_PEOPLE, TOLD, by_group, why_not
from voice2face.experiments.comparing import REAL, Texts
from voice2face.experiments.context import Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.grids import WHITE, real_faces, write_grid
from voice2face.experiments.people import groups_of
from voice2face.experiments.recordings import Recordings
from voice2face.experiments.summary import Cell, Summary
from voice2face.experiments.verdicts import NO_DIFFERENCE, Asked, judged, rows_of

N_SHOWN = 3  # people of a group
# From attributes, and how many rows they are of, to the group of each.
Label = Callable[[Mapping[str, np.ndarray], int], Texts]
CLAIMED = (
    "some group's faces show it less than real faces do: "
    '"a face image of young man when the real face image belongs to an old lady"'
)


def lacking(context: Context) -> str:
    """Why nothing can be asked; "" where something can."""
    speech, label = _grouped(context)
    return why_not(speech, label(speech.attributes, len(speech)))


def _grouped(context: Context) -> tuple[Recordings, Label]:
    """Whose faces are made, and how they are grouped: by age too where there are people enough."""
    speech = context.unseen().of_some_people(MOST_PEOPLE, context.seed)
    both = gender_and_age(speech.attributes, len(speech))
    return speech, gender_alone if why_not(speech, both) else gender_and_age


def run(context: Context, experiment: Experiment) -> Result:
    """Matching by group, whether the made face shows the group, and faces of each."""
    return result_of(context, experiment, *_grouped(context), _claims)


def result_of(
    context: Context,
    experiment: Experiment,
    speech: Recordings,
    label: Label,
    claims: Callable[[Summary], list[Claim]],
) -> Result:
    """Each group's accuracy and faces.

    Args:
        context: The systems.
        experiment: Whose result it is.
        speech: Speech of the people asked about.
        label: From attributes, and how many rows they are of, to the group of each; "": of none.
        claims: What the rows say of the report.
    """
    summary = Summary(context)
    labels, known = label(speech.attributes, len(speech)), context.faces("train")
    of_training = label(known.attributes, len(known))
    series = by_group(summary, experiment.name, speech, labels, of_training)
    return summary.result(
        experiment,
        series=series,
        grids=[grid_of(context, experiment.name, speech, labels)],
        claims=claims(summary),
        seeds=("choice of people", "resampling"),
    )


def gender_and_age(attributes: Mapping[str, np.ndarray], n: int) -> Texts:
    """Such as "female, under 40", (n,); "" where either is unknown."""
    groups = groups_of(attributes, n)
    if "gender" not in groups:
        return np.full(n, "", str)
    if "age" not in groups:
        return groups["gender"]
    gender, age = groups["gender"], groups["age"]
    both = [f"{g}, {a}" if g and a else "" for g, a in zip(gender, age, strict=True)]
    return np.array(both, str)


def gender_alone(attributes: Mapping[str, np.ndarray], n: int) -> Texts:
    """Where there are too few people of both; "" where it is unknown, (n,)."""
    return groups_of(attributes, n).get("gender", np.full(n, "", str))


def grid_of(context: Context, name: str, speech: Recordings, labels: Texts) -> Grid:
    """A row a group: for each of some people the generated face and, right of it, the real one."""
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
    about = {
        "name": "faces",
        "title": f"Faces made by {context.main} for groups of people, each with the real face "
        "right",
        "row_title": "group",
        "column_title": "people",
    }
    columns = [f"{what} {k + 1}" for k in range(N_SHOWN) for what in ("generated", "real")]
    return write_grid(context.out, name, cells, about, names, columns)


def _claims(summary: Summary) -> list[Claim]:
    """Whether some group is told less often from made faces than from real ones."""
    context, less = summary.context, Summary(summary.context)
    for real in rows_of(summary.rows, REAL, TOLD, None):
        for own in rows_of(summary.rows, context.main, TOLD, real.stratum):
            if own.embedder == real.embedder:
                cell = Cell(TOLD, real.stratum, real.embedder)
                ends, n = (_estimate(real), _estimate(own)), (own.n_people, own.n_trials)
                less.apart(cell, REAL, *ends, n, context.main)
    asked = Asked(CLAIMED, "report, Figure 4", NO_DIFFERENCE, some=True, hears=False)
    return judged(context, asked, less.rows)


def _estimate(row: Row) -> Estimate:
    return Estimate(row.value or 0.0, row.low or 0.0, row.high or 0.0)


EXPERIMENT = Experiment(
    name="groups",
    title="Faces of groups by gender and age",
    report_item="Figure 4",
    question="Do made faces show the speaker's gender and age, and is every group served alike?",
    protocol="Recordings of people whom no stage has met. Matching: all pairs of the speaker's "
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
