"""The report's open question: how much is lost on people, recordings and channels that are new?"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from voice2face.evaluation.intervals import Estimate
from voice2face.evaluation.matching import Scored
from voice2face.evaluation.results import Claim, Result, Row, Series, Verdict
from voice2face.evaluation.trials import Items, TrialList
from voice2face.experiments.channels import CHANNELS, recordings_of, through
from voice2face.experiments.comparing import (
    BASELINE,
    LEAST_PEOPLE,
    MOST_PEOPLE,
    REAL,
    Judged,
    above,
    ask,
    claim_by,
    estimated,
    independent_difference,
    main_variant,
    row_of,
    score,
    scored_rows,
    some_people,
    systems_of,
)
from voice2face.experiments.context import Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.people import groups_of
from voice2face.experiments.speech import Speech

MATCHING = "1:2 matching"
HEARD, UNHEARD = "training recordings", "training people, other recordings"
UNSEEN = "people not trained on"
MOST_CLIPS = 300  # that go through each channel
MOST_FACES = 5  # of a person
NO_HELD_OUT = "the corpus holds nobody whom the models were not trained on"
HARDER = "the models generalise poorly: they do worse on people not trained on"
HELPS = {
    "dropout": "dropout in discriminator and classifier makes the model generalise better",
    "generator-dropout": "dropout in the generator makes the model generalise better",
}


@dataclass(frozen=True, eq=False)
class Asked:
    """Recordings of a set, and the trials against real faces of their speakers."""

    name: str
    key: str
    split: str
    speech: Speech
    faces: np.ndarray  # rows of the split's faces


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
    sets, notes = sets_of(context)
    found = Answers()
    for one in sets:
        _answer(context, experiment.name, one, found)
    gaps = gap_rows(context, found, [one.name for one in sets])
    return experiment.result(
        rows=found.rows + gaps + notes,
        series=series_of(context, found.rows, [one.name for one in sets]),
        claims=_claims(context, found, gaps),
        trials_sha256=found.trials_sha256,
        seeds={"choice of people": context.seed, "rooms": 0, "resampling": context.seed},
        sources=context.sources(),
        made_by=context.made_by,
    )


def sets_of(context: Context) -> tuple[list[Asked], list[Row]]:
    """Recordings of training people, heard and not, of others, and these through channels.

    Returns:
        The sets, and a row for each that could not be made, with the reason.
    """
    unheard = some_people(context.unheard(), context.seed, MOST_PEOPLE)
    heard = context.heard()
    same = np.isin(heard.identity, unheard.identity)
    heard = heard.only(same) if len(unheard) else some_people(heard, context.seed, MOST_PEOPLE)
    unseen = some_people(context.unseen(), context.seed, MOST_PEOPLE)
    sets = [_asked(context, HEARD, "train", heard, heard)]
    notes = []
    if len(np.unique(unheard.identity)) >= LEAST_PEOPLE:
        sets.append(_asked(context, UNHEARD, "train", unheard, heard))
    else:
        notes.append(_note(context, UNHEARD, "no recordings were set aside in training"))
    sets.append(_asked(context, UNSEEN, context.asked, unseen, unseen))
    files = recordings_of(context.corpus, context.asked)
    some = np.random.default_rng(context.seed).permutation(len(unseen))[:MOST_CLIPS]
    few = unseen.only(np.sort(some))
    changed = {
        name: through(context.corpus, few, files, channel) for name, channel in CHANNELS.items()
    }
    # Those that came through all channels: the same questions for each.
    rows = [set(rows.tolist()) for speech, rows in changed.values() if len(rows)]
    common = np.array(sorted(set.intersection(*rows)) if rows else [], np.int64)
    for name, (speech, own) in changed.items():
        kept = speech.only(np.isin(own, common)) if len(own) else speech
        if len(np.unique(kept.identity)) < LEAST_PEOPLE:
            notes.append(_note(context, name, "the recordings' files are not there any more"))
            continue
        if name == next(n for n, (_, r) in changed.items() if len(r)):
            sets.append(_asked(context, AS_IT_IS, context.asked, few.only(common), unseen))
        sets.append(_asked(context, name, context.asked, kept, unseen))
    return sets, notes


AS_IT_IS = "the same clips, no channel"


def _asked(context: Context, name: str, split: str, speech: Speech, known: Speech) -> Asked:
    """A set and the faces of the people of ``known``."""
    faces = context.faces(split)
    rows: list[int] = []
    for person in np.unique(known.identity):
        rows += np.flatnonzero(faces.identity == person)[:MOST_FACES].tolist()
    return Asked(name, f"generalisation {name}", split, speech, np.array(rows, np.int64))


def _note(context: Context, name: str, note: str) -> Row:
    return Row(main_variant(context), MATCHING, name, note=f"not measured: {note}")


def _trials(
    context: Context, experiment: str, one: Asked, strata: tuple[str, ...]
) -> tuple[TrialList | None, TrialList | None]:
    """Of the recordings, and of the real faces among themselves."""
    faces = context.faces(one.split)
    attributes = {name: cells[one.faces] for name, cells in faces.attributes.items()}
    gallery = Items(
        faces.picture[one.faces], faces.identity[one.faces], groups_of(attributes, len(one.faces))
    )
    if any(column not in gallery.groups for column in strata):
        return None, None
    slug = "-".join([*one.name.replace(",", "").split(), *strata])
    probes = Items(one.speech.clip, one.speech.identity)
    trials, _ = ask(context, experiment, slug, probes, gallery, strata)
    real, _ = ask(context, experiment, f"{slug}-real", gallery, gallery, strata, others_only=True)
    return trials, real


def _answer(context: Context, experiment: str, one: Asked, found: Answers) -> None:
    """Ask all systems about one set, over all pairs and within gender."""
    for strata in ((), ("gender",)):
        trials, of_real = _trials(context, experiment, one, strata)
        if trials is None:
            continue
        stratum = ", ".join([one.name, *(f"within {s}" for s in strata)])
        found.trials_sha256[stratum] = trials.sha256
        for embedder in context.embedders:
            real = context.real_vectors(embedder, one.split)[one.faces]
            scored = {}
            if of_real is not None:
                scored[REAL] = score(of_real, [real], [real])
                found.trials_sha256[f"{stratum}, {REAL}"] = of_real.sha256
            for name, seeds in systems_of(context).items():
                made = [context.made_vectors(embedder, s, one.speech, one.key) for s in seeds]
                scored[name] = score(trials, made, [real])
            found.scored[one.name, ", ".join(strata), embedder] = scored
            found.rows += scored_rows(context, scored, MATCHING, stratum, embedder)


def gap_rows(context: Context, found: Answers, sets: Sequence[str]) -> list[Row]:
    """What is lost from each set to a harder one, of each model; and against the baseline's."""
    rows = []
    steps = [(HEARD, UNHEARD), (HEARD, UNSEEN), *((AS_IT_IS, name) for name in CHANNELS)]
    for embedder in context.embedders:
        for stratum in ("", "gender"):
            for easy, hard in steps:
                a, b = (found.scored.get((s, stratum, embedder)) for s in (easy, hard))
                if a is None or b is None:
                    continue
                for variant in context.models:
                    by = gap(context, a[variant], b[variant])
                    name, other = f"{variant}: {easy}", f"{variant}: {hard}"
                    rows.append(row_of(name, MATCHING, stratum, embedder, by, b[variant], other))
                    if variant != BASELINE and BASELINE in context.models and hard == UNSEEN:
                        by = _gap_between(context, (a, b), variant)
                        names = f"{variant}: loss on {hard}", f"{BASELINE}: loss on {hard}"
                        rows.append(
                            row_of(names[0], MATCHING, stratum, embedder, by, b[variant], names[1])
                        )
    return rows


def gap(context: Context, easy: Scored, hard: Scored) -> Estimate | None:
    """How much higher the first is; on the same people paired, else from both intervals."""
    if min(easy.n_people, hard.n_people) < LEAST_PEOPLE:
        return None
    chance = {"seed": context.seed, "n_resamples": context.n_resamples}
    one, other = easy.pairs, hard.pairs
    asked = [np.unique(s.people[~np.isnan(s.share_right)]) for s in (easy, hard)]
    if one is None or other is None or not np.array_equal(asked[0], asked[1]):
        return independent_difference(easy.estimate(**chance), hard.estimate(**chance))
    if one.right.shape == other.right.shape:
        return one.above(other, **chance)
    return independent_difference(easy.estimate(**chance), hard.estimate(**chance))


def _gap_between(
    context: Context, sets: tuple[dict[str, Scored], dict[str, Scored]], variant: str
) -> Estimate | None:
    """How much more a model loses than the baseline does, paired within each set."""
    easy, hard = (above(context, one[variant], one[BASELINE]) for one in sets)
    return independent_difference(easy, hard) if easy is not None and hard is not None else None


def series_of(context: Context, rows: Sequence[Row], sets: Sequence[str]) -> list[Series]:
    """Accuracy over sets, a line a model, for each embedder."""
    series = []
    for embedder in context.embedders:
        for variant in context.models:
            about = (variant, MATCHING, embedder, "")
            own = {
                r.stratum: r
                for r in rows
                if (r.system, r.measure, r.embedder, r.against) == about and r.stratum in sets
            }
            line = Series(
                variant, list(own), [r.value for r in own.values()],
                [r.low for r in own.values()], [r.high for r in own.values()],
                y_label="share of trials right", chance=0.5, panel=f"1:2 matching by {embedder}",
            )  # fmt: skip
            series += [line] if own else []
    return series


def _claims(context: Context, found: Answers, gaps: Sequence[Row]) -> list[Claim]:
    main = main_variant(context)

    def lost(embedder: str) -> Judged | None:
        about = (f"{main}: {HEARD}", f"{main}: {UNSEEN}", "", embedder)
        own = [r for r in gaps if (r.system, r.against, r.stratum, r.embedder) == about]
        if not own or own[0].low is None or own[0].high is None:
            return None
        row = own[0]
        told = f"{row.value:+.3f} [{row.low:+.3f}, {row.high:+.3f}]"
        return _verdict(own[0]), f"{main}, 1:2 matching of {HEARD} above {UNSEEN}: {told}"

    claims = claim_by(context, HARDER, "report, abstract", lost)
    for variant, text in HELPS.items():
        if variant not in context.models or BASELINE not in context.models:
            continue

        def helps(embedder: str, variant: str = variant) -> Judged | None:
            scored = found.scored.get((UNSEEN, "", embedder))
            by = None if scored is None else above(context, scored[variant], scored[BASELINE])
            if scored is None or by is None:
                return None
            row = row_of(variant, MATCHING, "", embedder, by, scored[variant], BASELINE)
            both = ", ".join(f"{v} {estimated(context, scored[v])}" for v in (variant, BASELINE))
            told = f"{variant} above {BASELINE} by {by} ({both})"
            return _verdict(row), f"1:2 matching of {UNSEEN}: {told}"

        source = "report, model 5" if variant == "dropout" else "report, future work"
        claims += claim_by(context, text, source, helps)
    return claims


def _verdict(row: Row) -> Verdict:
    """Of a difference that the claim has above 0."""
    if row.low is None or row.high is None:
        return "cannot be told"
    return "holds" if row.low > 0 else "does not hold" if row.high < 0 else "cannot be told"


EXPERIMENT = Experiment(
    name="generalisation",
    title="What is lost on new recordings, people and channels",
    report_item="",
    question="How much worse are the models on what they were not trained on, and do the dropout "
    "models lose less?",
    protocol="1:2 matching against the speakers' real faces, all impostors counting alike, over "
    "all pairs and within gender: training recordings; recordings of the same people that no stage "
    "has heard; people whom no stage has met; and recordings of these read again from their files "
    "and sent through a telephone band (300 to 3400 Hz, 8 kHz, G.711), MP3 at 24 kbit/s and a room "
    "(0.6 s), against the same clips as they are.",
    measure="Share of trials right; gaps are paired where the people are the same, else from both "
    "intervals. Real faces of training people were trained on, those of others not.",
    chance="0.5",
    unit="People, in both roles.",
    run=run,
)
