"""Figure 1: two models on the same recordings, beside the real faces."""

import numpy as np

from voice2face.evaluation.results import Claim, Grid, Result
from voice2face.experiments.comparing import (
    LEAST_PEOPLE,
    MOST_PEOPLE,
    ask,
    distances,
    items_of,
    score,
)
from voice2face.experiments.context import Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.grids import chosen_rows, labels_of, people_grid
from voice2face.experiments.people import group_of
from voice2face.experiments.recordings import Recordings
from voice2face.experiments.self_similarity import STRATA
from voice2face.experiments.summary import Cell, Summary
from voice2face.experiments.systems import System
from voice2face.experiments.verdicts import CHANCE, Asked, judged, not_asked, rows_of

N_SHOWN = 6
AGREE = "same recording found among the other model's faces"
ALIKE = "two trainings of one model make like faces from the same recordings"


def lacking(context: Context) -> str:
    """Why nothing can be asked; "" where something can."""
    speech = one_of_each(context)
    if not pairs_of(context, speech):
        return "there is one model alone, trained once"
    return (
        "" if len(speech) >= LEAST_PEOPLE else f"{len(speech)} people not trained on have a voice"
    )


def one_of_each(context: Context) -> Recordings:
    """One recording of each of some people."""
    whole = context.unseen().of_some_people(MOST_PEOPLE, context.seed)
    return whole.only(np.unique(whole.identity, return_index=True)[1])


def run(context: Context, experiment: Experiment) -> Result:
    """Whether one model's face of a recording is found among the other's, and all beside."""
    summary, speech = Summary(context), one_of_each(context)
    pairs = pairs_of(context, speech)
    _ask(summary, experiment.name, speech, pairs)
    return summary.result(
        experiment,
        grids=[grid_of(context, experiment.name, speech)],
        claims=_claims(summary, next(iter(pairs))),
        seeds=("choice of people", "resampling"),
    )


Pairs = dict[str, tuple[System, System]]


def pairs_of(context: Context, speech: Recordings) -> Pairs:
    """Two trainings of the main model, if there are; then that model with each other one."""
    main, found = context.models[context.main], {}
    if len(main) > 1:
        found[f"{context.main}, trained twice"] = (main[0], main[1])
    for name, seeds in context.systems(speech).items():
        if name != context.main and name not in context.rivals:
            found[f"{context.main} and {name}"] = (main[0], seeds[0])
    return found


def _ask(summary: Summary, name: str, speech: Recordings, pairs: Pairs) -> None:
    context, items = summary.context, items_of(speech)
    for strata in STRATA:
        label = ", ".join(strata)
        trials, _ = ask(context, name, label or "all", items, items, strata)
        if trials is None:
            continue
        summary.trials[label or "all"] = trials.sha256
        for embedder in context.embedders:
            cell = Cell(AGREE, label, embedder)
            for pair, models in pairs.items():
                a, b = (context.made_vectors(embedder, model, speech) for model in models)
                summary.scored(cell, {pair: score(trials, [a], [b])})
                if not strata:
                    summary.distances(cell, pair, [distances(a, b, trials)], speech.identity)


def grid_of(context: Context, name: str, speech: Recordings) -> Grid:
    """A row a recording: the main model, then each other training or model, then the real face."""
    gender, pairs = group_of(speech, "gender"), pairs_of(context, speech)
    rows = chosen_rows(speech.identity, gender, context.seed, N_SHOWN)
    models = [next(iter(pairs.values()))[0], *(other for _, other in pairs.values())]
    columns = {
        f"({chr(ord('a') + i)}) {one.name}": context.made(one, speech).pixels[rows]
        for i, one in enumerate(models)
    }
    about = {
        "name": "faces",
        "title": "Faces made from the same recordings by different models",
        "row_title": "recording of",
        "column_title": "model",
    }
    return people_grid(
        context, name, speech.identity[rows], columns, about,
        labels=labels_of(speech.identity[rows], gender[rows]),
        real=[f"({chr(ord('a') + len(models))}) real face"],
    )  # fmt: skip


def _claims(summary: Summary, pair: str) -> list[Claim]:
    context, source = summary.context, "report, Figure 1"
    if len(context.models[context.main]) < 2:
        why = f"{context.main} was trained once here; two seeds are needed to ask it"
        return [not_asked(ALIKE, source, why)]
    rows = rows_of(summary.rows, pair, AGREE, None)
    return judged(context, Asked(ALIKE, source, CHANCE), rows)


EXPERIMENT = Experiment(
    name="examples",
    title="Two models on the same recordings",
    report_item="Figure 1",
    question="Do two models, or two trainings of one, make like faces from the same recordings?",
    protocol="One recording each of people whom no stage has met. The face of one model is "
    "compared with the other model's face of the same recording and with that of another person's "
    "recording: all pairs, and within gender.",
    measure="Share of pairs in which the same recording's face is nearer; one minus the cosine, "
    "both sides centred, of the same recording and of others'.",
    chance="0.5",
    unit="People, in both roles.",
    chapter="figures",
    lacking=lacking,
    run=run,
)
