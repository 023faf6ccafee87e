"""Figure 7: the models on the same clips."""

from voice2face.experiments.experiment import Experiment
from voice2face.experiments.grids import add_people, chosen_rows
from voice2face.experiments.summary import Summary


def run(summary: Summary) -> None:
    """Add a row for each recording: a face of each model or table, then the real face."""
    context, speech = summary.context, summary.context.unseen()
    rows = chosen_rows(speech, context.seed)
    columns = {
        system: context.made(seeds[0], speech).pixels[rows]
        for system, seeds in context.systems(speech).items()
        if system not in context.baselines
    }
    add_people(
        summary, speech.only(rows), columns, name="models",
        title="Faces made by the models from the same recordings",
        row_title="recording of", column_title="model",
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="variants",
    title="The five models on the same clips",
    report_item="Figure 7",
    question="How do the models differ on the same recordings?",
    protocol="One recording each of people not trained on, chosen by lot, as many of each "
    "gender as can be.",
    measure="None: to be looked at; the numbers are those of realism and of the four tests.",
    chance="None.",
    unit="None.",
    chapter="figures",
    run=run,
)
