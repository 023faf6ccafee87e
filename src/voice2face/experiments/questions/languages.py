"""Figure 6 a: one speaker in two languages."""

import numpy as np

from voice2face.evaluation.results import Grid, Result, Row, Series
from voice2face.evaluation.statistics.intervals import difference, person_means
from voice2face.experiments.answers import write_grid
from voice2face.experiments.by_group import MOST_PEOPLE, by_group, why_not
from voice2face.experiments.comparing import LEAST_PEOPLE, VOICE, Texts, main_variant, some_people
from voice2face.experiments.context import Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.people import groups_of
from voice2face.experiments.self_similarity import (
    RECOGNISED,
    Found,
    alike,
    consistent_claims,
    merged,
)
from voice2face.experiments.speech import Speech

ENGLISH = ("english", "en", "eng")
OTHER, SAME = "another language", "the same language"
N_SHOWN = 6
STABLE = (
    "a speaker's face changes little with the language: "
    '"relatively good stability of the model on the language diversity"'
)


def run(context: Context, experiment: Experiment) -> Result:
    """Bilingual speakers recognised across languages; accuracy by language or native speakers."""
    speech = some_people(context.unseen(), context.seed, MOST_PEOPLE)
    groups = groups_of(speech.attributes, len(speech))
    language = groups.get("language", np.full(len(speech), "", str))
    first = first_language(speech.identity, language)
    found = Found()
    grids: list[Grid] = []
    rows: list[Row] = []
    series: list[Series] = []
    n_bilingual = len(np.unique(speech.identity[(first != "") & (language != first)]))
    if n_bilingual >= LEAST_PEOPLE:
        found = _across(context, experiment.name, speech, language, first)
        rows = found.rows + loss_rows(context, found)
        grids = [grid_of(context, experiment.name, speech, language, first)]
    what = "language" if not why_not(speech, language) else "native English"
    labels = groups.get(what, np.full(len(speech), "", str))
    if not why_not(speech, labels):
        labels = _named(labels, what)
        nothing = np.full(len(context.faces("train")), "", str)  # no face shows a language
        more, series, sha256 = by_group(context, experiment.name, speech, labels, nothing)
        rows, found.trials_sha256 = rows + more, found.trials_sha256 | sha256
    if not rows:
        told = f"{n_bilingual} people not trained on are recorded in two languages"
        return experiment.result(left_out=f"{told}, and nothing tells native speakers from others")
    return experiment.result(
        rows=rows,
        series=series,
        grids=grids,
        claims=consistent_claims(context, rows, [OTHER], STABLE, "report, Figure 6 a"),
        trials_sha256=found.trials_sha256,
        seeds={"choice of people": context.seed, "resampling": context.seed},
        sources=context.sources(),
        made_by=context.made_by,
    )


def first_language(identity: Texts, language: Texts) -> Texts:
    """Of each who is recorded in two or more: English if among them, else the commonest; (n,).

    Args:
        identity: Who speaks, (n,).
        language: Of each recording, "" where it is unknown, (n,).

    Returns:
        "" for recordings of other people and of unknown language.
    """
    first = np.zeros(len(identity), language.dtype)
    for person in np.unique(identity):
        own = (identity == person) & (language != "")
        names, counts = np.unique(language[own], return_counts=True)
        if len(names) > 1:
            english = [name for name in names if name.lower() in ENGLISH]
            first[own] = english[0] if english else names[counts.argmax()]
    return first


def _named(labels: Texts, what: str) -> Texts:
    """Labels that can be read without their heading."""
    if what == "language":
        return labels
    return np.array([f"{what}: {label}" if label else "" for label in labels], str)


def _across(context: Context, name: str, speech: Speech, language: Texts, first: Texts) -> Found:
    """Bilingual speakers recognised across languages, and within the first one."""
    known = speech.only((first != "") & (language == first)), "languages first"
    others = speech.only((first != "") & (language != first)), "languages other"
    return merged(
        [
            alike(context, name, OTHER, (others, known)),
            alike(context, name, SAME, (known, known), others_only=True),
        ]
    )


def loss_rows(context: Context, found: Found) -> list[Row]:
    """How much more often a speaker is recognised in the same language, paired on people."""
    rows = []
    for embedder in context.embedders:
        same, other = (found.scored.get((embedder, s), {}) for s in (SAME, OTHER))
        for system in (*context.models, VOICE):
            if system not in same or system not in other:
                continue
            a, b = (
                dict(zip(*reversed(person_means(s.share_right, s.people)), strict=True))
                for s in (same[system], other[system])
            )
            people = np.array(sorted(set(a) & set(b)), str)
            if len(people) < LEAST_PEOPLE:
                continue
            values = np.array([a[p] for p in people]), np.array([b[p] for p in people])
            by = difference(*values, people, seed=context.seed, n_resamples=context.n_resamples)
            row = Row(
                f"{system}, {SAME}", RECOGNISED, "", embedder, by.value, by.low, by.high,
                len(people), len(people), against=f"{system}, {OTHER}",
            )  # fmt: skip
            rows.append(row)
    return rows


def grid_of(context: Context, name: str, speech: Speech, language: Texts, first: Texts) -> Grid:
    """A row a speaker: the face of each language and the real one, as the report has it."""
    variant, real = main_variant(context), context.faces(context.asked)
    model, px = context.models[variant][0], context.corpus.info.face_px
    people = np.unique(speech.identity[(first != "") & (language != first)])
    people = np.sort(np.random.default_rng(context.seed).permutation(people)[:N_SHOWN])
    cells = np.full((len(people), 3, px, px, 3), 255, np.uint8)
    labels = []
    for i, person in enumerate(people):
        own = speech.identity == person
        pair = [np.flatnonzero(own & (language == first))[0]]
        pair.append(np.flatnonzero(own & (first != "") & (language != first))[0])
        cells[i, :2] = context.made(model, speech.only(pair), f"languages {person}").pixels
        seen = np.flatnonzero(real.identity == person)
        if len(seen):
            cells[i, 2] = real.pixels[seen[0]]
        labels.append(f"{person}: {language[pair[0]]}, {language[pair[1]]}")
    about = {
        "name": "faces",
        "title": f"Faces made by {variant} from two languages of one speaker",
        "row_title": "speaker and languages",
        "column_title": "speech",
    }
    columns = ["first language", "other language", "real face"]
    return write_grid(context.out, name, cells, about, labels, columns)


EXPERIMENT = Experiment(
    name="languages",
    title="One speaker in two languages",
    report_item="Figure 6 a",
    question="Does a speaker's face stay the same when the language changes, and are languages "
    "served alike?",
    protocol="Bilingual people whom no stage has met: a face made from one language is compared "
    "with faces made from English (or the language that there is most of) of the same speaker and "
    "of another; beside it the same within one language. By language, or by native and other "
    "speakers of English: matching with real faces, all pairs, impostors counting alike.",
    measure="Share of pairs in which the same speaker's face is nearer; share of trials right.",
    chance="0.5",
    unit="People, in both roles; of a group, its people.",
    run=run,
)
