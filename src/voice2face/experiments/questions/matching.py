"""Test 4: which of several faces belongs to the voice? Matching, retrieval and verification."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from voice2face.arrays import Vectors
from voice2face.evaluation.metrics.face_verification import verify_faces
from voice2face.evaluation.metrics.matching import Scored, match
from voice2face.evaluation.metrics.retrieval import (
    GALLERIES,
    GALLERY_PEOPLE,
    retrieve,
)
from voice2face.evaluation.statistics.intervals import SHARE
from voice2face.evaluation.trials.trials import TrialList
from voice2face.experiments.comparing import (
    GENDERS_MEAN,
    MATCHING,
    MEAN_FACE,
    REAL,
    best_embedder,
    items_of,
)
from voice2face.experiments.context import BASELINE, Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.people import strata_of
from voice2face.experiments.summary import Cell, Summary, Systems, mean_estimate
from voice2face.experiments.verdicts import BEYOND, CHANCE, NO_DIFFERENCE, TESTS, claim

N_WAY = 10  # faces of a 1:N trial
RANKS = (1, 5, 10)
MOST_RESAMPLES = 1000  # of verification, where a resample takes longer
CENTRED = "1:2 matching, each side centred"
ONE_OF_N = f"1:{N_WAY} matching"
OF_SEEDS = "1:2 matching of each seed"
VERIFICATION = ("verification AUC", "verification EER")
COARSE = ((), ("gender",))  # strata with more measures than 1:2 matching
REAL_NOTE = "another picture of the person in the place of the made face"


def lacking(context: Context) -> str:
    """Why it can't be asked; "" if it can."""
    both = np.intersect1d(context.unseen().identity, context.faces(context.asked).identity)
    if len(both) < 2:
        return (
            f"{len(both)} people of the {context.asked} split have both a recording and a real "
            "face; matching needs two or more"
        )
    return "" if context.embedders else "no network that compares faces was at hand"


def run(summary: Summary) -> None:
    """Add all protocols, of each system and embedder, in each stratum of the corpus."""
    context, judge = summary.context, best_embedder(summary.context)
    probes, gallery = items_of(context.unseen()), items_of(context.faces(context.asked))
    for strata in strata_of(gallery.groups):
        within = f" within {' and '.join(strata)}" if strata else ""
        coarse = strata in COARSE
        others = _others(context, judge, few=coarse)
        measures = (MATCHING, CENTRED) if coarse else (MATCHING,)
        _ask(summary, f"1 of 2{within}", partial(_match, others, measures), measures, strata)
        if not coarse:
            continue
        drawn = partial(_match, {}, (ONE_OF_N,))
        _ask(summary, f"1 of {N_WAY}{within}", drawn, (ONE_OF_N,), strata, protocol="1:N",
             n_way=N_WAY)  # fmt: skip
        if all(name in probes.groups for name in strata):
            label = f"verification{within}"
            _ask(summary, label, _verify, VERIFICATION, strata, protocol="verification")
    _ask(summary, "retrieval", _retrieve, ("retrieval",), protocol="retrieval")
    if len(np.unique(gallery.identity)) >= GALLERY_PEOPLE:
        label = f"retrieval in {GALLERIES} galleries"
        _ask(summary, label, _retrieve, ("retrieval",), protocol="retrieval",
             n_way=GALLERY_PEOPLE, n_sets=GALLERIES)  # fmt: skip
    _claims(summary)


# Adds rows of an embedder, from trials and faces of each system and the real faces.
Answer = Callable[[Summary, str, Systems, Vectors], None]


def _ask(
    summary: Summary,
    label: str,
    answer: Answer,
    measures: Sequence[str],
    strata: tuple[str, ...] = (),
    **how: Any,
) -> None:
    """Make trials and have them answered."""
    context = summary.context
    asked = summary.against_real(
        label, context.unseen(), context.faces(context.asked), strata=strata,
        lacking=[Cell(measure, ", ".join(strata)) for measure in measures], **how,
    )  # fmt: skip
    for embedder, real, systems in asked:
        answer(summary, embedder, systems, real)


Others = Mapping[str, Sequence[str]]  # systems that models are compared with, by embedder


def _others(context: Context, judge: str, *, few: bool) -> Others:
    """By the judge all baselines; by other embedders ``few`` of them, or none."""
    some = (BASELINE, MEAN_FACE, GENDERS_MEAN) if few else ()
    return dict.fromkeys(context.embedders, some) | {judge: (BASELINE, *context.baselines)}


def _match(
    others: Others,
    measures: Sequence[str],
    summary: Summary,
    embedder: str,
    systems: Systems,
    real: Vectors,
) -> None:
    """Add accuracies and differences; of one embedder those of each seed too."""
    context = summary.context
    for measure in measures:
        scored, of_seeds, stratum = dict[str, Scored](), dict[str, Scored](), ""
        for system, (trials, faces) in systems.items():
            seeds = [match(x, real, trials, centre=measure == CENTRED) for x in faces]
            scored[system], stratum = Scored.mean(seeds), ", ".join(trials.strata)
            if len(seeds) > 1:
                names = (one.name for one in context.models[system])
                of_seeds |= dict(zip(names, seeds, strict=True))
        against = () if measure == CENTRED else others.get(embedder, ())
        cell = Cell(measure, stratum, embedder)
        summary.scored(cell, scored, against=against, notes={REAL: REAL_NOTE})
        if measure == MATCHING and not stratum and embedder == best_embedder(context):
            summary.scored(Cell(OF_SEEDS, "", embedder), of_seeds, against=())


def _retrieve(summary: Summary, embedder: str, systems: Systems, real: Vectors) -> None:
    """Add recall at some ranks; in drawn galleries by a person's mean face, as SF2F does."""
    ranks = {
        system: [retrieve(x, real, trials, per_person=trials.sets is not None) for x in faces]
        for system, (trials, faces) in systems.items()
        if trials.sets is None or system != REAL
    }
    where = next(_where(trials) for trials, _ in systems.values())
    for k in RANKS:
        for system, found in ranks.items():
            if k < min(seeds[0].n_gallery for seeds in ranks.values()):
                cell = Cell(f"R@{k} {where}", "", embedder, found[0].chance(k))
                shares, people = [one.found(k) for one in found], found[0].people
                note = REAL_NOTE if system == REAL else ""
                mean, (n_people, _) = summary.mean(shares, people)
                summary.add(cell, system, mean, (n_people, found[0].n_trials), note=note)


def _where(trials: TrialList) -> str:
    n = trials.n_way
    if trials.sets is None:
        return f"of {n} people"
    return f"in {len(trials.sets)} galleries of {n}, a person's faces averaged"


def _verify(summary: Summary, embedder: str, systems: Systems, real: Vectors) -> None:
    context = summary.context
    n_resamples = min(context.n_resamples, MOST_RESAMPLES)
    for system, (trials, faces) in systems.items():
        seeds = [
            verify_faces(x, real, trials, seed=context.seed, n_resamples=n_resamples) for x in faces
        ]
        n = seeds[0].n_identities, seeds[0].n_same + seeds[0].n_different
        both = [one.auc for one in seeds], [one.eer for one in seeds]
        for measure, of_seeds in zip(VERIFICATION, both, strict=True):
            cell = Cell(measure, ", ".join(trials.strata), embedder, trials.chance)
            note = REAL_NOTE if system == REAL else ""
            summary.add(cell, system, mean_estimate(of_seeds, SHARE), n, note=note)


def _claims(summary: Summary) -> None:
    known = "faces made from voices of unseen people are matched to their speakers"
    for stratum, where, source in (
        ("", "", TESTS[4]),
        ("gender", ", among people of one gender too", f"{TESTS[4]}, stratified by gender"),
    ):
        bound = CHANCE.reached_by(summary.found(MATCHING, stratum, system=REAL))
        text = f"{known} better than by chance{where}"
        claim(summary, text, source, bound, summary.found(MATCHING, stratum))
        for other in (MEAN_FACE, GENDERS_MEAN):
            text = f"{known} better than the {other} is{where}"
            claim(summary, text, BEYOND, NO_DIFFERENCE, summary.found(MATCHING, stratum, other))


EXPERIMENT = Experiment(
    name="matching",
    title="Which face belongs to the voice?",
    report_item="Test 4",
    question="Does the face made from a voice look more like the speaker's real face than like "
    "somebody else's?",
    protocol="Faces are made from each recording of people not trained on. A fixed network "
    "compares them with real faces of these people by cosine. 1:2: all triples of a recording, a "
    "real face of its speaker and one of somebody else; within a stratum both real faces are alike "
    "in it. 1:10: 20 drawn sets for each recording. Retrieval: the gallery shows each person by "
    "the mean embedding of the real faces. Verification: 30,000 pairs of one person and as many of "
    "two, or all there are. Paired differences: in 1:2, of each model to `baseline` and every "
    "trivial baseline by the network that tells real faces apart best, to `baseline` and both "
    "mean faces by the others.",
    measure="Share of trials in which the true face has the higher cosine, a tie counting by half; "
    "recall at rank k; area under the curve and equal error rate.",
    chance="One half in 1:2 and in verification, a tenth in 1:10, k over the gallery's size in "
    "retrieval.",
    unit="People; in 1:2 as those asked about and as impostors, in verification with all of their "
    "pairs; and the seeds of a model, whose answers are averaged for each recording (in "
    "verification, values and interval ends are).",
    chapter="tests",
    lacking=lacking,
    run=run,
)
