"""Figure 6 a: one speaker in two languages."""

import numpy as np

from voice2face.evaluation.results import Claim, Grid, Result, Series
from voice2face.evaluation.statistics.intervals import person_means
from voice2face.experiments.by_group import MOST_PEOPLE, by_group, why_not
from voice2face.experiments.comparing import LEAST_PEOPLE, VOICE, Texts
from voice2face.experiments.context import Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.grids import people_grid
from voice2face.experiments.people import group_of
from voice2face.experiments.recordings import Recordings
from voice2face.experiments.self_similarity import RECOGNISED, Found, alike
from voice2face.experiments.summary import Cell, Summary
from voice2face.experiments.verdicts import (
    BEYOND,
    CHANCE,
    Asked,
    Bound,
    judged,
    not_asked,
    rows_of,
    verdict,
)

ENGLISH = ("english", "en", "eng")
OTHER, SAME = "another language", "the same language"
N_SHOWN = 6
MOST_LOST = 0.05  # of the share recognised: a claim of stability allows no more
STABLE = (
    "a speaker's face changes little with the language: "
    '"relatively good stability of the model on the language diversity"'
)
TOLD = "a speaker is recognised in faces made from another language more often than by chance"
SOURCE = "report, Figure 6 a"


def lacking(context: Context) -> str:
    """Why nothing can be asked; "" where something can."""
    speech = context.unseen().of_some_people(MOST_PEOPLE, context.seed)
    n_people = len(bilingual(speech, group_of(speech, "language")))
    if n_people >= LEAST_PEOPLE or not why_not(speech, group_of(speech, compared(speech))):
        return ""
    told = f"{n_people} people not trained on are recorded in two languages"
    return f"{told}, and nothing tells native speakers from others"


def bilingual(speech: Recordings, language: Texts) -> Texts:
    """Who is recorded in two languages."""
    first = first_language(speech.identity, language)
    return np.unique(speech.identity[(first != "") & (language != first)])


def compared(speech: Recordings) -> str:
    """By what groups are made: language where there are people enough, else who is native."""
    return "native English" if why_not(speech, group_of(speech, "language")) else "language"


def run(context: Context, experiment: Experiment) -> Result:
    """Bilingual speakers recognised across languages; accuracy by language or native speakers."""
    summary = Summary(context)
    speech = context.unseen().of_some_people(MOST_PEOPLE, context.seed)
    language = group_of(speech, "language")
    first = first_language(speech.identity, language)
    grids: list[Grid] = []
    series: list[Series] = []
    if len(bilingual(speech, language)) >= LEAST_PEOPLE:
        add_lost(_across(summary, experiment.name, speech, language, first))
        grids = [grid_of(context, experiment.name, speech, language, first)]
    claims = _claims(summary)
    what = compared(speech)
    labels = group_of(speech, what)
    if not why_not(speech, labels):
        labels = _named(labels, what)
        nothing = np.full(len(context.faces("train")), "", str)  # no face shows a language
        series = by_group(summary, experiment.name, speech, labels, nothing)
    return summary.result(
        experiment, series=series, grids=grids, claims=claims,
        seeds=("choice of people", "resampling"),
    )  # fmt: skip


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


def _across(
    summary: Summary, name: str, speech: Recordings, language: Texts, first: Texts
) -> Found:
    """Bilingual speakers recognised across languages, and within the first one."""
    known = speech.only((first != "") & (language == first))
    others = speech.only((first != "") & (language != first))
    found = Found(summary)
    alike(found, name, OTHER, others, known)
    alike(found, name, SAME, known, known, others_only=True)
    return found


def add_lost(found: Found) -> None:
    """How much less often a speaker is recognised in another language, paired on people."""
    context = found.summary.context
    for embedder in context.embedders:
        same, other = (found.scored.get((embedder, s), {}) for s in (SAME, OTHER))
        for system in (n for n in (*context.models, VOICE) if n in same and n in other):
            of_person = [
                dict(zip(*reversed(person_means(s.share_right, s.people)), strict=True))
                for s in (other[system], same[system])
            ]
            people = np.array(sorted(set(of_person[0]) & set(of_person[1])), str)
            a, b = (np.array([shares[p] for p in people]) for shares in of_person)
            by, n = found.summary.difference([a], [b], people)
            cell = Cell(RECOGNISED, "", embedder)
            found.summary.add(cell, f"{system}, {OTHER}", by, n, against=f"{system}, {SAME}")


def grid_of(context: Context, name: str, speech: Recordings, language: Texts, first: Texts) -> Grid:
    """A row a speaker: the face of each language and the real one, as the report has it."""
    model = context.models[context.main][0]
    people = bilingual(speech, language)
    people = np.sort(np.random.default_rng(context.seed).permutation(people)[:N_SHOWN])
    of_one, of_other = first == language, (first != "") & (language != first)
    rows = [
        [np.flatnonzero((speech.identity == p) & (first != "") & which)[0] for p in people]
        for which in (of_one, of_other)
    ]
    made = context.made(model, speech).pixels
    pairs = zip(*(language[some] for some in rows), strict=True)
    about = {
        "name": "faces",
        "title": f"Faces made by {context.main} from two languages of one speaker",
        "row_title": "speaker and languages",
        "column_title": "speech",
    }
    return people_grid(
        context, name, people,
        {"first language": made[rows[0]], "other language": made[rows[1]]}, about,
        labels=[f"{p}: {one}, {other}" for p, (one, other) in zip(people, pairs, strict=True)],
    )  # fmt: skip


def _claims(summary: Summary) -> list[Claim]:
    """That little is lost, where there is something to lose; and that something is kept."""
    context, main = summary.context, summary.context.main
    in_same = rows_of(summary.rows, main, RECOGNISED, SAME)
    in_other = rows_of(summary.rows, main, RECOGNISED, OTHER)
    if not in_other:
        return []
    told = {row.embedder for row in in_same if verdict([row], CHANCE) == "holds"}
    lost = rows_of(summary.rows, f"{main}, {OTHER}", RECOGNISED, "", f"{main}, {SAME}")
    bound = Bound(-MOST_LOST, "a loss of five in a hundred, which this program calls little")
    stable = judged(context, Asked(STABLE, SOURCE, bound), [r for r in lost if r.embedder in told])
    if not stable:
        why = "no embedder recognises speakers in one language, so nothing can be lost in another"
        stable = [not_asked(STABLE, SOURCE, why)]
    return stable + judged(context, Asked(TOLD, BEYOND, CHANCE), in_other)


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
    chapter="figures",
    lacking=lacking,
    run=run,
)
