"""Figure 1: two models on the same recordings, beside the real faces."""

import numpy as np

from voice2face.evaluation.results import Claim, Grid, Result, Row, Verdict
from voice2face.evaluation.trials.trials import Items
from voice2face.experiments.answers import write_grid
from voice2face.experiments.comparing import (
    LEAST_PEOPLE,
    Judged,
    Vectors,
    ask,
    claim_by,
    distances,
    main_variant,
    score,
    scored_rows,
    some_people,
)
from voice2face.experiments.context import Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.people import groups_of
from voice2face.experiments.questions.variants import chosen_rows
from voice2face.experiments.self_similarity import distance_rows
from voice2face.experiments.speech import Speech
from voice2face.experiments.systems import ModelSystem

N_SHOWN = 6
AGREE = "same recording found among the other model's faces"
ALIKE = "two trainings of one model make like faces from the same recordings"


def run(context: Context, experiment: Experiment) -> Result:
    """Whether one model's face of a recording is found among the other's, and both beside."""
    pairs = pairs_of(context)
    if not pairs:
        return experiment.result(left_out="there is one model alone, trained once")
    whole = some_people(context.unseen(), context.seed)
    first = np.unique(whole.identity, return_index=True)[1]
    speech = whole.only(first)  # one recording of each
    if len(speech) < LEAST_PEOPLE:
        return experiment.result(left_out=f"{len(speech)} people not trained on have a voice")
    rows, trials_sha256 = _rows(context, experiment.name, speech, pairs)
    return experiment.result(
        rows=rows,
        grids=[grid_of(context, experiment.name, speech, next(iter(pairs)))],
        claims=_claims(context, rows, next(iter(pairs))),
        trials_sha256=trials_sha256,
        seeds={"choice of people": context.seed, "resampling": context.seed},
        sources=context.sources(),
        made_by=context.made_by,
    )


Pairs = dict[str, tuple[ModelSystem, ModelSystem]]


def pairs_of(context: Context) -> Pairs:
    """Two trainings of the main model, if there are; then that model with each other one."""
    main = main_variant(context)
    models, found = context.models, {}
    if len(models[main]) > 1:
        found[f"{main}, trained twice"] = (models[main][0], models[main][1])
    for variant, seeds in models.items():
        if variant != main:
            found[f"{main} and {variant}"] = (models[main][0], seeds[0])
    return found


def _rows(
    context: Context, name: str, speech: Speech, pairs: Pairs
) -> tuple[list[Row], dict[str, str]]:
    items = Items(speech.clip, speech.identity, groups_of(speech.attributes, len(speech)))
    rows: list[Row] = []
    trials_sha256 = {}
    for strata in ((), ("gender",)):
        if any(column not in items.groups for column in strata):
            continue
        label = ", ".join(strata)
        trials, _ = ask(context, name, label or "all", items, items, strata)
        if trials is None:
            continue
        trials_sha256[label or "all"] = trials.sha256
        for embedder in context.embedders:
            for pair, (one, other) in pairs.items():
                a, b = (_vectors(context, embedder, model, speech) for model in (one, other))
                scored = {pair: score(trials, [a], [b])}
                rows += scored_rows(context, scored, AGREE, label, embedder)
                if not strata:
                    about = (pair, label, embedder)
                    rows += distance_rows(context, [distances(a, b, trials)], trials, about)
    return rows, trials_sha256


def _vectors(context: Context, embedder: str, model: ModelSystem, speech: Speech) -> Vectors:
    return context.made_vectors(embedder, model, speech, "examples")


def grid_of(context: Context, name: str, speech: Speech, pair: str) -> Grid:
    """A row a recording: (a) and (b) of the two models, (c) the real face."""
    one, other = pairs_of(context)[pair]
    gender = groups_of(speech.attributes, len(speech)).get("gender", np.full(len(speech), "", str))
    rows = chosen_rows(speech.identity, gender, context.seed, N_SHOWN)
    real, px = context.faces(context.asked), context.corpus.info.face_px
    cells = np.full((len(rows), 3, px, px, 3), 255, np.uint8)
    for column, model in enumerate((one, other)):
        cells[:, column] = context.made(model, speech, "examples").pixels[rows]
    for i, person in enumerate(speech.identity[rows]):
        own = np.flatnonzero(real.identity == person)
        if len(own):
            cells[i, 2] = real.pixels[own[0]]
    about = {
        "name": "faces",
        "title": f"Faces made from the same recordings: {pair}",
        "row_title": "recording of",
        "column_title": "model",
    }
    labels = [f"{speech.identity[i]}, {gender[i]}".rstrip(", ") for i in rows]
    columns = [f"(a) {one.name}", f"(b) {other.name}", "(c) real face"]
    return write_grid(context.out, name, cells, about, labels, columns)


def _claims(context: Context, rows: list[Row], pair: str) -> list[Claim]:
    main, source = main_variant(context), "report, Figure 1"
    if len(context.models[main]) < 2:
        told = f"{main} was trained once here; two seeds are needed to ask it"
        return [Claim(ALIKE, source, "cannot be told", told)]

    def judged(embedder: str) -> Judged | None:
        own = [r for r in rows if (r.system, r.measure, r.embedder) == (pair, AGREE, embedder)]
        known = [r for r in own if r.low is not None and r.high is not None]
        if not known:
            return None
        verdict: Verdict = "cannot be told"
        if all((r.low or 0.0) > 0.5 for r in known):
            verdict = "holds"
        elif any((r.high or 1.0) <= 0.5 for r in known):
            verdict = "does not hold"
        shown = "; ".join(
            f"{f'within {r.stratum}' if r.stratum else 'all pairs'} "
            f"{r.value:.3f} [{r.low:.3f}, {r.high:.3f}]"
            for r in known
        )
        return verdict, f"{pair}, right recording of two (chance 0.5): {shown}"

    return claim_by(context, ALIKE, source, judged)


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
    run=run,
)
