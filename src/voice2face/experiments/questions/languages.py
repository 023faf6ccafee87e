"""Figure 6 a: one speaker in two languages."""

import numpy as np

from voice2face.arrays import Texts
from voice2face.evaluation.statistics.intervals import person_means
from voice2face.experiments.by_group import MOST_PEOPLE, by_group, why_not
from voice2face.experiments.comparing import LEAST_PEOPLE, VOICE
from voice2face.experiments.context import Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.grids import add_people
from voice2face.experiments.people import group_of
from voice2face.experiments.recordings import Recordings
from voice2face.experiments.self_similarity import RECOGNISED, Found, alike
from voice2face.experiments.summary import Cell, Summary
from voice2face.experiments.verdicts import (
    BEYOND,
    CHANCE,
    Bound,
    claim,
    claim_open,
    verdict,
)

ENGLISH = ("english", "en", "eng")
OTHER, SAME = "another language", "the same language"
N_SHOWN = 6
MOST_LOST = 0.05  # loss of the share recognised that counts as stable
STABLE = (
    "a speaker's face changes little with the language: "
    '"relatively good stability of the model on the language diversity"'
)
TOLD = "a speaker is recognised in faces made from another language more often than by chance"
SOURCE = "report, Figure 6 a"


def lacking(context: Context) -> str:
    """Why it can't be asked; "" if it can."""
    speech = context.unseen().of_some_people(MOST_PEOPLE, context.seed)
    n_people = len(bilingual(speech, group_of(speech, "language")))
    if n_people >= LEAST_PEOPLE or not why_not(speech, group_of(speech, compared(speech))):
        return ""
    told = f"{n_people} people not trained on are recorded in two languages"
    return f"{told}, and nothing tells native speakers from others"


def bilingual(speech: Recordings, language: Texts) -> Texts:
    """People who are recorded in two languages."""
    first = first_language(speech.identity, language)
    return np.unique(speech.identity[(first != "") & (language != first)])


def compared(speech: Recordings) -> str:
    """Attribute of the groups: language if there are enough people, else native speakers."""
    return "native English" if why_not(speech, group_of(speech, "language")) else "language"


def run(summary: Summary) -> None:
    """Add how often bilingual speakers are recognised, and accuracy by language."""
    context = summary.context
    speech = context.unseen().of_some_people(MOST_PEOPLE, context.seed)
    language = group_of(speech, "language")
    if len(bilingual(speech, language)) >= LEAST_PEOPLE:
        first = first_language(speech.identity, language)
        known = speech.only((first != "") & (language == first))
        others = speech.only((first != "") & (language != first))
        found = alike(summary, OTHER, others, known)
        found |= alike(summary, SAME, known, known, others_only=True)
        add_lost(summary, found)
        _claims(summary)
        _add_faces(summary, speech, language, first)
    what = compared(speech)
    labels = group_of(speech, what)
    if not why_not(speech, labels):
        if what != "language":  # labels that can't be read without their heading
            labels = np.array([f"{what}: {label}" if label else "" for label in labels], str)
        nothing = np.full(len(context.faces("train")), "", str)  # no face shows a language
        by_group(summary, speech, labels, nothing)


def first_language(identity: Texts, language: Texts) -> Texts:
    """First language of the speaker of each recording: English, else the commonest.

    Args:
        identity: Who speaks, (n,).
        language: Language of each recording, "" if it is unknown, (n,).

    Returns:
        Languages, (n,); "" if the speaker is not recorded in two languages, or if that of the
        recording is unknown.
    """
    first = np.zeros(len(identity), language.dtype)
    for person in np.unique(identity):
        own = (identity == person) & (language != "")
        names, counts = np.unique(language[own], return_counts=True)
        if len(names) > 1:
            english = [name for name in names if name.lower() in ENGLISH]
            first[own] = english[0] if english else names[counts.argmax()]
    return first


def add_lost(summary: Summary, found: Found) -> None:
    """Add how much less often speakers are recognised in another language, paired on people."""
    context = summary.context
    for embedder in context.embedders:
        same, other = (found.get((embedder, stratum), {}) for stratum in (SAME, OTHER))
        for system in (n for n in (*context.models, VOICE) if n in same and n in other):
            (a, in_a), (b, in_b) = (
                person_means(s.share_right, s.people) for s in (other[system], same[system])
            )
            people = np.intersect1d(in_a, in_b)
            a, b = a[np.isin(in_a, people)], b[np.isin(in_b, people)]
            by, n = summary.difference([a], [b], people)
            cell = Cell(RECOGNISED, "", embedder)
            summary.add(cell, f"{system}, {OTHER}", by, n, against=f"{system}, {SAME}")


def _add_faces(summary: Summary, speech: Recordings, language: Texts, first: Texts) -> None:
    """Add a row for each speaker: faces of both languages and the real one."""
    context = summary.context
    people = np.random.default_rng(context.seed).permutation(bilingual(speech, language))
    known = first != ""
    rows = [
        [
            np.flatnonzero((speech.identity == p) & known & which)[0]
            for p in np.sort(people[:N_SHOWN])
        ]
        for which in (first == language, first != language)
    ]
    made = context.made(context.models[context.main][0], speech).pixels
    pairs = zip(*(language[some] for some in rows), strict=True)
    shown = speech.only(rows[0])
    add_people(
        summary, shown, {"first language": made[rows[0]], "other language": made[rows[1]]},
        labels=[f"{p}: {a}, {b}" for p, (a, b) in zip(shown.identity, pairs, strict=True)],
        title=f"Faces made by {context.main} from two languages of one speaker",
        row_title="speaker and languages", column_title="speech",
    )  # fmt: skip


def _claims(summary: Summary) -> None:
    """Add claims: little is lost, if there is anything to lose; and something is kept."""
    in_same, main = summary.found(RECOGNISED, SAME), summary.main
    told = {row.embedder for row in in_same if verdict([row], CHANCE) == "holds"}
    lost = summary.found(RECOGNISED, "", f"{main}, {SAME}", system=f"{main}, {OTHER}")
    bound = Bound(-MOST_LOST, "a loss of five in a hundred, which this program calls little")
    if not claim(summary, STABLE, SOURCE, bound, [row for row in lost if row.embedder in told]):
        why = "no embedder recognises speakers in one language, so nothing can be lost in another"
        claim_open(summary, STABLE, SOURCE, why)
    claim(summary, TOLD, BEYOND, CHANCE, summary.found(RECOGNISED, OTHER))


EXPERIMENT = Experiment(
    name="languages",
    title="One speaker in two languages",
    report_item="Figure 6 a",
    question="Does a speaker's face stay the same when the language changes, and are languages "
    "served alike?",
    protocol="Bilingual people not trained on: a face made from one language is compared "
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
