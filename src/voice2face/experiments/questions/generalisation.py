"""The report's open question: how much is lost on people, recordings and channels that are new?"""

from msgspec.structs import replace

from voice2face.evaluation.trials.trials import Items
from voice2face.experiments.comparing import (
    MATCHING,
    MEAN_FACE,
    MOST_PEOPLE,
    REAL,
    items_of,
    score,
)
from voice2face.experiments.context import BASELINE, Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.gaps import Answered, add_gaps, lost_against
from voice2face.experiments.questions.generalisation_sets import (
    HEARD,
    MOST_OF_ONE,
    OTHER,
    UNSEEN,
    Asked,
    sets_of,
)
from voice2face.experiments.self_similarity import within
from voice2face.experiments.summary import Cell, Summary
from voice2face.experiments.systems import ModelSystem
from voice2face.experiments.verdicts import NO_DIFFERENCE, claim

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
HAIRLESS = (
    "faces without hair in training make the model generalise better: a voice can't tell hair",
    "report, future work",
)
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


def lacking(context: Context) -> str:
    """Why nothing can be asked; "" where something can."""
    return NO_HELD_OUT if context.asked == "train" else ""


def run(summary: Summary) -> None:
    """Matching in each set; gaps; what models differ in on new people."""
    context = summary.context
    sets, lacking = sets_of(context)
    answered: Answered = {}
    for one in sets:
        answered |= _answer(summary, one)
    add_gaps(summary, answered)
    for name, why in lacking.items():
        summary.add(Cell(MATCHING, name), context.main, None, note=f"not measured: {why}")
    lines = [(variant, variant, MATCHING) for variant in context.models]
    summary.curves("1:2 matching by {}", [one.name for one in sets], lines)
    if context.other is not None:
        summary.sources[OTHER] = context.other.info.data_hash
    _claims(summary)


def _answer(summary: Summary, one: Asked) -> Answered:
    """Ask all systems about one set, over all pairs and within what it is asked within."""
    context, answered = summary.context, Answered()
    gallery, probes = items_of(one.faces), Items(one.speech.clip, one.speech.identity)
    for strata in one.strata:
        stratum = within(one.name, strata)
        trials = summary.fix(stratum, probes, gallery, strata=strata)
        if trials is None:
            continue
        again = summary.fix(f"{stratum}, {REAL}", gallery, gallery, strata=strata, others_only=True)
        for embedder in context.embedders:
            real = [context.embed(embedder, one.faces.pixels)]
            scored = {} if again is None else {REAL: score(again, real, real)}
            for name, made in context.vectors(embedder, one.speech).items():
                scored[name] = score(trials, made, real)
            answered[one.name, strata, embedder] = scored
            notes = {REAL: one.note} if REAL in scored else {context.main: one.note}
            against = (MEAN_FACE, BASELINE) if one.name in COMPARED else ()
            summary.scored(Cell(MATCHING, stratum, embedder), scored, against=against, notes=notes)
    return answered


def _claims(summary: Summary) -> None:
    """That the main model loses on what is harder; that dropout helps on new people."""
    main = summary.main
    for text, source, easy, hard in WORSE:
        named = [
            replace(row, system=f"{main}, {easy}", against=hard)
            for row in summary.found(lost_against(easy), hard)
        ]
        claim(summary, text, source, NO_DIFFERENCE, named, hears=False)
    for variant, (text, source) in HELPS.items():
        found = summary.found(MATCHING, UNSEEN, BASELINE, system=variant)
        claim(summary, text, source, NO_DIFFERENCE, found, model=variant)
    for name in hairless(summary.context):
        found = summary.found(MATCHING, UNSEEN, BASELINE, system=name)
        claim(summary, *HAIRLESS, NO_DIFFERENCE, found, model=name)


def hairless(context: Context) -> list[str]:
    """Models that were trained on faces without hair, if the corpus' faces have it."""
    if "hair" in context.corpus.info.face_crop.remove:
        return []
    return [
        name
        for name, seeds in context.models.items()
        if all(isinstance(one, ModelSystem) and "hair" in one.painted_over for one in seeds)
    ]


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
    drawn=("choice of people", "rooms", "resampling"),
)
