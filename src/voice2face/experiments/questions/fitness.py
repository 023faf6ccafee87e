"""Is the model worth judging that claims are about?"""

import math

from voice2face.experiments.comparing import REAL
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.fitness import LEAST_ITERATIONS, LEAST_SEEDS, NEARLY_ALL
from voice2face.experiments.summary import Cell, Summary

FOUND, ITERATIONS, ALARMS = "share of pictures with a face", "iterations", "alarms at the end"


def run(summary: Summary) -> None:
    """Add what each training shows, and why the main model is not worth judging."""
    context = summary.context
    found = {model: context.fitness(model) for model in context.models}
    for training in (training for fitness in found.values() for training in fitness.trainings):
        if not math.isnan(training.faces_found):
            summary.number(Cell(FOUND), training.name, training.faces_found)
        if training.iterations:
            summary.number(Cell(ITERATIONS), training.name, training.iterations)
        if training.run is not None and training.run.readings:
            alarms = training.run.alarms
            summary.number(Cell(ALARMS, note=", ".join(alarms)), training.name, len(alarms))
    main = found[context.main]
    if not math.isnan(main.real_found):
        summary.number(Cell(FOUND), REAL, main.real_found)
    summary.unfit = main.said


EXPERIMENT = Experiment(
    name="fitness",
    title="Is there a model worth judging?",
    question="Does the model that claims are about draw faces, was it trained to its end, and from "
    "seeds enough?",
    protocol="A claim about a model gets a verdict if a face is found in at least "
    f"{NEARLY_ALL:.0%} as many of its pictures as of real ones, no alarm of its monitors rings at "
    "the last snapshot, "
    f"each training was carried to its end and is of {LEAST_ITERATIONS:,} iterations or more, and "
    f"there are {LEAST_SEEDS} seeds or more.",
    measure="Share of pictures in which the detector finds a face; iterations; alarms.",
    chance="None.",
    unit="None.",
    run=run,
)
