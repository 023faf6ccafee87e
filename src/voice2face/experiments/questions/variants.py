"""Figure 7: the models on the same clips."""

import numpy as np
import numpy.typing as npt

from voice2face.evaluation.results import Grid, Result
from voice2face.experiments.answers import write_grid
from voice2face.experiments.context import Context, labels_of
from voice2face.experiments.experiment import Experiment

N_ROWS = 8
GENDER_COLUMNS = ("gender", "seen_sex")


def run(context: Context, experiment: Experiment) -> Result:
    """A row a clip, real face first where there is one, then a column a model."""
    return experiment.result(
        grids=[grid_of(context, experiment.name)],
        seeds={"choice of clips": context.seed},
        sources=context.sources(),
        made_by=context.made_by,
    )


def grid_of(context: Context, name: str) -> Grid:
    """The same clips' faces by each model."""
    speech = context.unseen()
    rows = chosen_rows(speech.identity, gender_of(context), context.seed)
    few = speech.only(rows)
    real = context.faces(context.shown)
    px = real.pixels.shape[1]
    columns: dict[str, npt.NDArray[np.uint8]] = {}
    first = {person: i for i, person in reversed(list(enumerate(real.identity)))}
    if any(person in first for person in few.identity):
        own = np.full((len(few), px, px, 3), 255, np.uint8)
        for i, person in enumerate(few.identity):
            if person in first:
                own[i] = real.pixels[first[person]]
        columns["real face"] = own
    for variant, models in context.models.items():
        columns[variant] = context.made(models[0], speech, "unseen").pixels[rows]
    cells = np.stack(list(columns.values()), axis=1)
    genders = gender_of(context)[rows]
    labels = [f"{p}, {g}" if g else str(p) for p, g in zip(few.identity, genders, strict=True)]
    about = {
        "name": "models",
        "title": "Faces made by the models from the same recordings",
        "row_title": "recording of",
        "column_title": "model",
    }
    return write_grid(context.out, name, cells, about, labels, list(columns))


def gender_of(context: Context) -> npt.NDArray[np.str_]:
    """Gender of each speaker, "" where it is not known."""
    speech = context.unseen()
    for name in GENDER_COLUMNS:
        if name in speech.attributes:
            return labels_of(speech, name)
    return np.full(len(speech), "", str)


def chosen_rows(
    identity: npt.NDArray[np.str_], gender: npt.NDArray[np.str_], seed: int, n: int = N_ROWS
) -> npt.NDArray[np.int64]:
    """One recording each of ``n`` people, as many of each gender as can be; sorted by gender."""
    rng = np.random.default_rng(seed)
    first = np.unique(identity, return_index=True)[1]
    of_gender = {g: rng.permutation(first[gender[first] == g]) for g in np.unique(gender)}
    turns = max((len(rows) for rows in of_gender.values()), default=0)
    in_turn = [rows[i] for i in range(turns) for rows in of_gender.values() if i < len(rows)]
    chosen = np.array(in_turn[:n], np.int64)
    return chosen[np.lexsort((identity[chosen], gender[chosen]))]


EXPERIMENT = Experiment(
    name="variants",
    title="The five models on the same clips",
    report_item="Figure 7",
    question="How do the models differ on the same recordings?",
    protocol="One recording each of people whom no stage has met, chosen by lot, as many of each "
    "gender as can be.",
    measure="None: to be looked at; the numbers are those of realism and of the four tests.",
    chance="None.",
    unit="None.",
    run=run,
)
