"""The report's open question: how much is lost on new people, recordings and channels?"""

from collections.abc import Mapping

import numpy as np
from msgspec.structs import replace

from voice2face.evaluation.metrics.matching import Scored
from voice2face.evaluation.statistics.intervals import DIFFERENCE, Estimate, with_seeds
from voice2face.experiments.comparing import (
    LEAST_PEOPLE,
    MATCHING,
    MEAN_FACE,
    MOST_PEOPLE,
    REAL,
    independent_difference,
    score,
)
from voice2face.experiments.context import BASELINE, Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.questions.generalisation_sets import (
    HARDER,
    HEARD,
    MOST_OF_ONE,
    OTHER,
    SAME_FACES,
    UNSEEN,
    Asked,
    sets_of,
)
from voice2face.experiments.self_similarity import within
from voice2face.experiments.summary import Cell, Summary
from voice2face.experiments.systems import ModelSystem
from voice2face.experiments.verdicts import NO_DIFFERENCE, claim

NO_HELD_OUT = "the corpus holds nobody whom the models were not trained on"
COMPARED = (UNSEEN, OTHER)  # sets in which models are compared with each other
# Quotations are from the report.
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

# Answers of each system by set, stratum and embedder.
Answered = dict[tuple[str, tuple[str, ...], str], dict[str, Scored]]


def lacking(context: Context) -> str:
    """Why it can't be asked; "" if it can."""
    return NO_HELD_OUT if context.asked == "train" else ""


def run(summary: Summary) -> None:
    """Add matching in each set, what is lost between sets, and differences on new people."""
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
    """Ask all systems about one set, in each of its strata."""
    answered = Answered()
    for strata in one.strata:
        stratum = within(one.name, strata)
        asked = summary.against_real(stratum, one.speech, one.faces, strata=strata)
        for embedder, real, systems in asked:
            scored = {name: score(*made, [real]) for name, made in systems.items()}
            answered[one.name, strata, embedder] = scored
            notes = {REAL: one.note} if REAL in scored else {summary.main: one.note}
            against = (MEAN_FACE, BASELINE) if one.name in COMPARED else ()
            summary.scored(Cell(MATCHING, stratum, embedder), scored, against=against, notes=notes)
    return answered


def _claims(summary: Summary) -> None:
    """Add claims: the main model loses on harder sets; dropout and bald faces help."""
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
    """Models that were trained on faces without hair, if faces of the corpus have hair."""
    if "hair" in context.corpus.info.face_crop.remove:
        return []
    return [
        name
        for name, seeds in context.models.items()
        if all(isinstance(one, ModelSystem) and "hair" in one.painted_over for one in seeds)
    ]


def lost_against(easy: str) -> str:
    """Name of the measure: share of trials of 1:2 matching that is lost."""
    return f"lost from {easy}"


def add_gaps(summary: Summary, scored: Answered) -> None:
    """Add what models and real faces lose, and how much more than the baseline a model loses."""
    models = summary.context.models
    for (easy, strata, embedder), of_easy in scored.items():
        for hard in (hard for one, hard in HARDER if one == easy):
            of_hard = scored.get((hard, strata, embedder))
            if of_hard is None:
                continue
            cell = Cell(lost_against(easy), within(hard, strata), embedder)
            real = [] if hard in SAME_FACES else [REAL]
            for system in (
                name for name in (*real, *models) if name in of_easy and name in of_hard
            ):
                n = of_hard[system].n_people, of_hard[system].n_trials
                both = of_easy[system], of_hard[system]
                summary.add(cell, system, gap(summary.context, *both), n)
                if system not in (REAL, BASELINE) and BASELINE in of_easy and BASELINE in of_hard:
                    found = _gap_between(summary.context, (of_easy, of_hard), system)
                    summary.add(cell, system, found, n, against=BASELINE)


def gap(context: Context, easy: Scored, hard: Scored) -> Estimate | None:
    """How much higher the first is: paired on the same people, else from both intervals."""
    if min(easy.n_people, hard.n_people) < LEAST_PEOPLE:
        return None
    if easy.pairs is not None and hard.pairs is not None and _same_people(easy, hard):
        return with_seeds(
            easy.pairs.above(hard.pairs, **context.draws), _lost(easy, hard), ends=DIFFERENCE
        )
    return independent_difference(easy.estimate(**context.draws), hard.estimate(**context.draws))


def _lost(easy: Scored, hard: Scored) -> list[float]:
    """Loss of each seed."""
    return [a - b for a, b in zip(easy.of_seeds, hard.of_seeds, strict=True)]


def _same_people(easy: Scored, hard: Scored) -> bool:
    """Whether both have the same people, asked about and as impostors."""
    asked = [np.unique(s.people[~np.isnan(s.share_right)]) for s in (easy, hard)]
    one, other = easy.pairs, hard.pairs
    same = one is not None and other is not None and one.right.shape == other.right.shape
    return same and np.array_equal(asked[0], asked[1])


def _gap_between(
    context: Context, sets: tuple[Mapping[str, Scored], Mapping[str, Scored]], variant: str
) -> Estimate | None:
    """How much more a model loses than the baseline; paired if all people are the same."""
    easy, hard = ((one[variant], one[BASELINE]) for one in sets)
    if min(easy[0].n_people, hard[0].n_people) < LEAST_PEOPLE:
        return None
    pairs = [scored.pairs for scored in (*easy, *hard)]
    if _same_people(easy[0], hard[0]) and None not in pairs:
        a, b, c, d = (one for one in pairs if one is not None)
        found = a.gap_above(b, (c, d), **context.draws)
        return with_seeds(found, _lost(easy[0], hard[0]), _lost(easy[1], hard[1]))
    return independent_difference(
        *(one.above(other, **context.draws) for one, other in (easy, hard))
    )


EXPERIMENT = Experiment(
    name="generalisation",
    title="What is lost on new recordings, people and channels",
    question="How much worse are the models on what they were not trained on, and do the dropout "
    "models lose less?",
    protocol="1:2 matching against the speakers' real faces, all impostors counting alike, over "
    f"all pairs and within gender, of at most {MOST_PEOPLE} people, {MOST_OF_ONE} recordings and "
    f"{MOST_OF_ONE} faces of each: training recordings; recordings of the same people that no "
    "stage has heard; people not trained on; people of another corpus, where one is given, "
    "without those who are in both; people who speak another language than most of the training "
    "people; and, over all pairs, recordings of people not trained on read again from their "
    "files and sent through a telephone band (300 to 3400 Hz, 8 kHz, G.711), MP3 at 24 kbit/s and "
    "a room (0.6 s), against the same clips as they are.",
    measure="Share of trials right, and how much of it is lost from an easier set to a harder one: "
    "paired where the people are the same, else from both intervals. Real faces of training people "
    "were trained on, those of others not: what real faces lose is none of the model's.",
    chance="0.5",
    unit="People, in both roles.",
    lacking=lacking,
    run=run,
)
