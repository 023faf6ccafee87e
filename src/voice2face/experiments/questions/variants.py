"""Figure 7: the models on the same clips."""

from voice2face.evaluation.results import Grid, Result
from voice2face.experiments.context import Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.grids import chosen_rows, labels_of, people_grid
from voice2face.experiments.people import group_of
from voice2face.experiments.summary import Summary


def run(context: Context, experiment: Experiment) -> Result:
    """A row a clip: a column a model or table of pictures, then the real face."""
    grids = [grid_of(context, experiment.name)]
    return Summary(context).result(experiment, grids=grids, seeds=("choice of clips",))


def grid_of(context: Context, name: str) -> Grid:
    """Faces of the same clips by each model."""
    speech = context.unseen()
    gender = group_of(speech, "gender")
    rows = chosen_rows(speech.identity, gender, context.seed)
    columns = {
        system: context.made(seeds[0], speech).pixels[rows]
        for system, seeds in context.systems(speech).items()
        if system not in context.rivals
    }
    about = {
        "name": "models",
        "title": "Faces made by the models from the same recordings",
        "row_title": "recording of",
        "column_title": "model",
    }
    people = speech.identity[rows]
    labels = labels_of(people, gender[rows])
    return people_grid(context, name, people, columns, about, labels=labels)


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
    chapter="figures",
    run=run,
)
