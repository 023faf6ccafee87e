"""Figure 1: faces of two models from the same recordings, beside the real faces."""

import numpy as np

from voice2face.experiments.comparing import MOST_PEOPLE, items_of, too_few
from voice2face.experiments.context import Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.grids import add_people, chosen_rows, lettered
from voice2face.experiments.recordings import Recordings
from voice2face.experiments.self_similarity import Sides, resemble
from voice2face.experiments.summary import Summary
from voice2face.experiments.systems import System
from voice2face.experiments.verdicts import CHANCE, claim, claim_open

N_SHOWN = 6
AGREE = "same recording found among the other model's faces"
SOURCE = "report, Figure 1"
ALIKE = "two trainings of one model make like faces from the same recordings"


def lacking(context: Context) -> str:
    """Why it can't be asked; "" if it can."""
    speech = one_of_each(context)
    if not pairs_of(context, speech):
        return "there is one model alone, trained once"
    return too_few(speech.identity, "people not trained on have a voice")


def one_of_each(context: Context) -> Recordings:
    """One recording of each of some people."""
    whole = context.unseen().of_some_people(MOST_PEOPLE, context.seed)
    return whole.only(np.unique(whole.identity, return_index=True)[1])


def run(summary: Summary) -> None:
    """Add how often a model's face of a recording is found among another's; and faces."""
    context, speech = summary.context, one_of_each(summary.context)
    pairs, items = pairs_of(context, speech), items_of(speech)
    vectors: dict[str, Sides] = {}
    for embedder in context.embedders:
        made = {
            pair: [context.made_vectors(embedder, model, speech) for model in models]
            for pair, models in pairs.items()
        }
        vectors[embedder] = {pair: ([a], [b]) for pair, (a, b) in made.items()}
    resemble(summary, "", (items, items), vectors, measure=AGREE)
    if len(context.models[context.main]) < 2:
        why = f"{context.main} was trained once here; two seeds are needed to ask it"
        claim_open(summary, ALIKE, SOURCE, why)
    else:
        claim(summary, ALIKE, SOURCE, CHANCE, summary.found(AGREE, None, system=next(iter(pairs))))
    _add_faces(summary, speech, pairs)


Pairs = dict[str, tuple[System, System]]


def pairs_of(context: Context, speech: Recordings) -> Pairs:
    """Pairs of models: two trainings of the main one, then the main one with each other."""
    main, found = context.models[context.main], {}
    if len(main) > 1:
        found[f"{context.main}, trained twice"] = (main[0], main[1])
    for name, seeds in context.systems(speech).items():
        if name != context.main and name not in context.baselines:
            found[f"{context.main} and {name}"] = (main[0], seeds[0])
    return found


def _add_faces(summary: Summary, speech: Recordings, pairs: Pairs) -> None:
    """Add a row for each recording: the main model, other trainings and models, the real face."""
    context = summary.context
    rows = chosen_rows(speech, context.seed, N_SHOWN)
    models = [next(iter(pairs.values()))[0], *(other for _, other in pairs.values())]
    *names, real = lettered([*(one.name for one in models), "real face"])
    made = [context.made(one, speech).pixels[rows] for one in models]
    add_people(
        summary, speech.only(rows), dict(zip(names, made, strict=True)), real=[real],
        title="Faces made from the same recordings by different models",
        row_title="recording of", column_title="model",
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="examples",
    title="Two models on the same recordings",
    report_item="Figure 1",
    question="Do two models, or two trainings of one, make like faces from the same recordings?",
    protocol="One recording each of people not trained on. The face of one model is "
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
