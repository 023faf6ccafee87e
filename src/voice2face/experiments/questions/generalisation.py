"""The report's open question: how much is lost on people, recordings and channels that are new?"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from voice2face.evaluation.metrics.matching import Scored
from voice2face.evaluation.results import Claim, Result, Row
from voice2face.evaluation.trials.trials import Items, TrialList
from voice2face.experiments.answers import shown
from voice2face.experiments.claims import verdict_above
from voice2face.experiments.comparing import (
    BASELINE,
    MOST_PEOPLE,
    REAL,
    Judged,
    above,
    ask,
    claim_by,
    estimated,
    main_variant,
    row_of,
    score,
    scored_rows,
    systems_of,
)
from voice2face.experiments.context import Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.gaps import MATCHING, gap_rows, lost_against, series_of, stratum_of
from voice2face.experiments.people import groups_of
from voice2face.experiments.questions.generalisation_sets import (
    HEARD,
    MOST_OF_ONE,
    OTHER,
    UNSEEN,
    Asked,
    sets_of,
)

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
    """Of each set, stratum and embedder, what each system answered."""

    scored: dict[tuple[str, str, str], dict[str, Scored]] = field(default_factory=dict)
    trials_sha256: dict[str, str] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)


def run(context: Context, experiment: Experiment) -> Result:
    """Matching in each set; gaps; what models differ in on new people."""
    if context.asked == "train":
        return experiment.result(left_out=NO_HELD_OUT)
    sets, lacking = sets_of(context)
    found = Answers()
    for one in sets:
        _answer(context, experiment.name, one, found)
    gaps = gap_rows(context, found.scored)
    notes = [
        Row(main_variant(context), MATCHING, name, note=f"not measured: {why}")
        for name, why in lacking.items()
    ]
    sources = context.sources()
    if context.other is not None:
        sources[OTHER] = context.other.info.data_hash
    return experiment.result(
        rows=found.rows + gaps + notes,
        series=series_of(context, found.rows, [one.name for one in sets]),
        claims=_claims(context, found, gaps),
        trials_sha256=found.trials_sha256,
        seeds={"choice of people": context.seed, "rooms": 0, "resampling": context.seed},
        sources=sources,
        made_by=context.made_by,
    )


def _answer(context: Context, experiment: str, one: Asked, found: Answers) -> None:
    """Ask all systems about one set, over all pairs and within what it is asked within."""
    for strata in one.strata:
        trials, of_real = _trials(context, experiment, one, strata)
        if trials is None:
            continue
        within = ", ".join(strata)
        stratum = stratum_of(one.name, within)
        found.trials_sha256[stratum] = trials.sha256
        if of_real is not None:
            found.trials_sha256[f"{stratum}, {REAL}"] = of_real.sha256
        for embedder in context.embedders:
            real = context.embed(embedder, one.faces.pixels)
            scored = {} if of_real is None else {REAL: score(of_real, [real], [real])}
            for name, seeds in systems_of(context).items():
                made = [context.made_vectors(embedder, s, one.speech, one.key) for s in seeds]
                scored[name] = score(trials, made, [real])
            found.scored[one.name, within, embedder] = scored
            notes = {REAL: one.note} if REAL in scored else {main_variant(context): one.note}
            rows = scored_rows(context, scored, MATCHING, stratum, embedder, notes)
            found.rows += [r for r in rows if not r.against or one.name in COMPARED]


def _trials(
    context: Context, experiment: str, one: Asked, strata: tuple[str, ...]
) -> tuple[TrialList | None, TrialList | None]:
    """Of the recordings, and of the real faces among themselves."""
    faces = one.faces
    groups = groups_of(faces.attributes, len(faces))
    gallery = Items(faces.picture, faces.identity, groups)
    if any(column not in gallery.groups for column in strata):
        return None, None
    slug = "-".join([*one.name.replace(",", "").replace("'", "").split(), *strata])
    probes = Items(one.speech.clip, one.speech.identity)
    trials, _ = ask(context, experiment, slug, probes, gallery, strata)
    real, _ = ask(context, experiment, f"{slug}-real", gallery, gallery, strata, others_only=True)
    return trials, real


def _claims(context: Context, found: Answers, gaps: Sequence[Row]) -> list[Claim]:
    claims = []
    for text, source, easy, hard in WORSE:
        claims += claim_by(context, text, source, partial(_lost, context, gaps, easy, hard))
    for variant, (text, source) in HELPS.items():
        if variant in context.models and BASELINE in context.models and variant != BASELINE:
            claims += claim_by(context, text, source, partial(_helped, context, found, variant))
    return claims


def _lost(
    context: Context, gaps: Sequence[Row], easy: str, hard: str, embedder: str
) -> Judged | None:
    """Whether the main model loses from one set to another."""
    main = main_variant(context)
    about = (main, lost_against(easy), hard, embedder, "")
    for row in gaps:
        if (row.system, row.measure, row.stratum, row.embedder, row.against) == about:
            told = f"{main}, 1:2 matching of {easy} above {hard}: {shown(row)}"
            return None if row.value is None else (verdict_above(row, 0.0), told)
    return None


def _helped(context: Context, found: Answers, variant: str, embedder: str) -> Judged | None:
    """Whether a model is above the baseline on people not trained on."""
    scored = found.scored.get((UNSEEN, "", embedder))
    by = None if scored is None else above(context, scored[variant], scored[BASELINE])
    if scored is None or by is None:
        return None
    row = row_of(variant, MATCHING, "", embedder, by, scored[variant], BASELINE)
    both = ", ".join(f"{v} {estimated(context, scored[v])}" for v in (variant, BASELINE))
    told = f"1:2 matching of {UNSEEN}: {variant} above {BASELINE} by {by} ({both})"
    return verdict_above(row, 0.0), told


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
    run=run,
)
