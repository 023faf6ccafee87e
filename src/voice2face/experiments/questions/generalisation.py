"""The report's open question: how much is lost on people, recordings and channels that are new?"""

from dataclasses import dataclass, field

from msgspec.structs import replace

from voice2face.evaluation.metrics.matching import Scored
from voice2face.evaluation.results import Claim, Result
from voice2face.evaluation.trials.trials import Items, TrialList
from voice2face.experiments.comparing import (
    MATCHING,
    MEAN_FACE,
    MOST_PEOPLE,
    REAL,
    ask,
    items_of,
    score,
)
from voice2face.experiments.context import BASELINE, Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.gaps import add_gaps, lost_against
from voice2face.experiments.questions.generalisation_sets import (
    HEARD,
    MOST_OF_ONE,
    OTHER,
    UNSEEN,
    Asked,
    sets_of,
)
from voice2face.experiments.self_similarity import within
from voice2face.experiments.summary import Cell, Summary, lines
from voice2face.experiments.verdicts import NO_DIFFERENCE, judged, rows_of
from voice2face.experiments.verdicts import Asked as Claimed

NO_HELD_OUT = "the corpus holds nobody whom the models were not trained on"
COMPARED = (UNSEEN, OTHER)  # sets in which models are set against each other
# Words in quotation marks are the report's.
WORSE = (
    (
        'the model "shows drawbacks regarding generalizability": it does worse on new people',
        "report, abstract", HEARD, UNSEEN,
    ),
    (
        "the model does worse on recordings of another data source",
        "report, qualitative evaluations: a possible reason of its mismatches", UNSEEN, OTHER,
    ),
)  # fmt: skip
HELPS = {
    "dropout": (
        "dropout in discriminator and classifier makes the model generalise better",
        'report, conclusion: tried for it, "quantitative tests were needed"',
    ),
    "generator-dropout": (
        'dropout in the generator can "increase the generalizability"',
        "report, future work",
    ),
}


@dataclass(eq=False)
class Answers:
    """What each system answered, by set, stratum and embedder; and the rows."""

    summary: Summary
    scored: dict[tuple[str, tuple[str, ...], str], dict[str, Scored]] = field(default_factory=dict)


def lacking(context: Context) -> str:
    """Why nothing can be asked; "" where something can."""
    return NO_HELD_OUT if context.asked == "train" else ""


def run(context: Context, experiment: Experiment) -> Result:
    """Matching in each set; gaps; what models differ in on new people."""
    summary = Summary(context)
    sets, lacking = sets_of(context)
    found = Answers(summary)
    for one in sets:
        _answer(experiment.name, one, found)
    add_gaps(summary, found.scored)
    for name, why in lacking.items():
        summary.add(Cell(MATCHING, name), context.main, None, note=f"not measured: {why}")
    x = [(one.name, one.name) for one in sets]
    wanted = [(variant, variant, MATCHING) for variant in context.models]
    more = {} if context.other is None else {OTHER: context.other.info.data_hash}
    return summary.result(
        experiment,
        series=[
            line
            for embedder in context.embedders
            for line in lines(summary.rows, x, wanted, embedder, f"1:2 matching by {embedder}")
        ],
        claims=_claims(summary),
        seeds=("choice of people", "rooms", "resampling"),
        sources=more,
    )


def _answer(experiment: str, one: Asked, found: Answers) -> None:
    """Ask all systems about one set, over all pairs and within what it is asked within."""
    summary, context = found.summary, found.summary.context
    for strata in one.strata:
        trials, of_real = _trials(context, experiment, one, strata)
        if trials is None:
            continue
        stratum = within(one.name, strata)
        summary.trials[stratum] = trials.sha256
        if of_real is not None:
            summary.trials[f"{stratum}, {REAL}"] = of_real.sha256
        for embedder in context.embedders:
            real = context.embed(embedder, one.faces.pixels)
            scored = {} if of_real is None else {REAL: score(of_real, [real], [real])}
            for name, made in context.vectors(embedder, one.speech).items():
                scored[name] = score(trials, made, [real])
            found.scored[one.name, strata, embedder] = scored
            notes = {REAL: one.note} if REAL in scored else {context.main: one.note}
            against = (MEAN_FACE, BASELINE) if one.name in COMPARED else ()
            cell = Cell(MATCHING, stratum, embedder)
            summary.scored(cell, scored, against=against, notes=notes)


def _trials(
    context: Context, experiment: str, one: Asked, strata: tuple[str, ...]
) -> tuple[TrialList | None, TrialList | None]:
    """Of the recordings, and of the real faces among themselves."""
    gallery = items_of(one.faces)
    slug = "-".join([*one.name.replace(",", "").replace("'", "").split(), *strata])
    probes = Items(one.speech.clip, one.speech.identity)
    trials, _ = ask(context, experiment, slug, probes, gallery, strata)
    real, _ = ask(context, experiment, f"{slug}-real", gallery, gallery, strata, others_only=True)
    return trials, real


def _claims(summary: Summary) -> list[Claim]:
    """That the main model loses on what is harder; that dropout helps on new people."""
    context, rows, claims = summary.context, summary.rows, list[Claim]()
    for text, source, easy, hard in WORSE:
        lost = rows_of(rows, context.main, lost_against(easy), hard)
        named = [replace(row, system=f"{context.main}, {easy}", against=hard) for row in lost]
        claims += judged(context, Claimed(text, source, NO_DIFFERENCE, hears=False), named)
    for variant, (text, source) in HELPS.items():
        found = rows_of(rows, variant, MATCHING, UNSEEN, BASELINE)
        claims += judged(context, Claimed(text, source, NO_DIFFERENCE, model=variant), found)
    return claims


EXPERIMENT = Experiment(
    name="generalisation",
    title="What is lost on new recordings, people and channels",
    report_item="",
    question="How much worse are the models on what they were not trained on, and do the dropout "
    "models lose less?",
    protocol="1:2 matching against the speakers' real faces, all impostors counting alike, over "
    f"all pairs and within gender, of at most {MOST_PEOPLE} people, {MOST_OF_ONE} recordings and "
    f"{MOST_OF_ONE} faces of each: training recordings; recordings of the same people that no "
    "stage has heard; people whom no stage has met; people of another corpus, where one is given, "
    "without those who are in both; people who speak another language than most of the training "
    "people; and, over all pairs, recordings of people whom no stage has met read again from their "
    "files and sent through a telephone band (300 to 3400 Hz, 8 kHz, G.711), MP3 at 24 kbit/s and "
    "a room (0.6 s), against the same clips as they are.",
    measure="Share of trials right, and how much of it is lost from an easier set to a harder one: "
    "paired where the people are the same, else from both intervals. Real faces of training people "
    "were trained on, those of others not: what real faces lose is none of the model's.",
    chance="0.5",
    unit="People, in both roles.",
    chapter="beyond",
    lacking=lacking,
    run=run,
)
