"""Test 4: which of several faces belongs to the voice? Matching, retrieval and verification."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from voice2face.evaluation.metrics.face_verification import verify_faces
from voice2face.evaluation.metrics.matching import Scored, match
from voice2face.evaluation.metrics.retrieval import (
    GALLERIES,
    GALLERY_PEOPLE,
    Ranks,
    retrieve,
)
from voice2face.evaluation.results import Claim, Result
from voice2face.evaluation.trials.trials import TrialList
from voice2face.experiments.comparing import (
    GENDERS_MEAN,
    MATCHING,
    MEAN_FACE,
    REAL,
    best_embedder,
)
from voice2face.experiments.context import BASELINE, Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.people import strata_of
from voice2face.experiments.questions.matching_trials import Asked, Asking
from voice2face.experiments.summary import Cell, Summary
from voice2face.experiments.verdicts import BEYOND, CHANCE, NO_DIFFERENCE, TESTS, judged, rows_of
from voice2face.experiments.verdicts import Asked as Claimed

N_WAY = 10  # faces of a 1:N trial
RANKS = (1, 5, 10)
MOST_RESAMPLES = 1000  # of verification, which sorts all pairs anew in each
CENTRED = "1:2 matching, each side centred"
ONE_OF_N = f"1:{N_WAY} matching"
OF_SEEDS = "1:2 matching of each seed"
VERIFICATION = ("verification AUC", "verification EER")
COARSE = ((), ("gender",))  # strata in which more is asked than 1:2 matching
REAL_NOTE = "another picture of the person in the place of the made face"


def lacking(context: Context) -> str:
    """Why nothing can be asked; "" where something can."""
    both = np.intersect1d(context.unseen().identity, context.faces(context.asked).identity)
    if len(both) < 2:
        return (
            f"{len(both)} people of the {context.asked} split have both a recording and a real "
            "face; matching needs two or more"
        )
    return "" if context.embedders else "no network that compares faces was at hand"


def run(context: Context, experiment: Experiment) -> Result:
    """All protocols, each system, each embedder, in each stratum that the corpus has."""
    summary, seeds = Summary(context), ("resampling and drawn trials",)
    asking = Asking.of_unseen(summary)
    _ask_all(asking, best_embedder(context))
    summary.trials = asking.written(experiment.name)
    return summary.result(experiment, claims=_claims(summary), seeds=seeds)


def _ask_all(asking: Asking, judge: str) -> None:
    strata = strata_of(asking.gallery.groups)
    known = [alike for alike in COARSE if alike in strata]
    for alike in strata:
        others = _others(asking.context, alike, judge)
        asking.ask(Asked("1:2", alike), (MATCHING,), partial(_match, MATCHING, others))
    for alike in known:
        asking.ask(Asked("1:2", alike), (CENTRED,), partial(_match, CENTRED, {}))
    for alike in known:
        asking.ask(Asked("1:N", alike, N_WAY), (ONE_OF_N,), partial(_match, ONE_OF_N, {}))
    asking.ask(Asked("retrieval"), ("retrieval",), _retrieve)
    if len(np.unique(asking.gallery.identity)) >= GALLERY_PEOPLE:
        galleries = Asked("retrieval", n_way=GALLERY_PEOPLE, n_sets=GALLERIES)
        asking.ask(galleries, ("retrieval",), _retrieve)
    for alike in known:
        if all(name in asking.probes.groups for name in alike):
            asking.ask(Asked("verification", alike), VERIFICATION, _verify)


Others = Mapping[str, Sequence[str]]  # with what models are compared, by embedder


def _others(context: Context, strata: tuple[str, ...], judge: str) -> Others:
    """By the judge each rival; by the others, where it is about many people, the means."""
    few = (BASELINE, MEAN_FACE, GENDERS_MEAN) if strata in COARSE else ()
    return dict.fromkeys(context.embedders, few) | {judge: (BASELINE, *context.rivals)}


def _match(
    measure: str,
    others: Others,
    asking: Asking,
    embedder: str,
    trials: TrialList,
    of_real: TrialList | None,
) -> None:
    """A row a system, then each model against others; each seed by itself once."""
    summary, real = asking.summary, asking.real(embedder)
    centre, of_seeds = measure == CENTRED, dict[str, Scored]()
    scored: dict[str, Scored] = {}
    if of_real is not None:
        scored[REAL] = match(real, real, of_real, centre=centre)
    for system, vectors in asking.vectors(embedder).items():
        seeds = [match(x, real, trials, centre=centre) for x in vectors]
        scored[system] = Scored.mean(seeds)
        if len(seeds) > 1:
            names = (one.name for one in asking.context.models[system])
            of_seeds |= dict(zip(names, seeds, strict=True))
    cell = Cell(measure, ", ".join(trials.strata), embedder)
    summary.scored(cell, scored, against=others.get(embedder, ()), notes={REAL: REAL_NOTE})
    if measure == MATCHING and not trials.strata and embedder == best_embedder(asking.context):
        summary.scored(Cell(OF_SEEDS, "", embedder), of_seeds, against=())


def _retrieve(asking: Asking, embedder: str, trials: TrialList, of_real: TrialList | None) -> None:
    """Recall at some ranks; in drawn galleries by the mean of a person's faces, as SF2F has it."""
    real, drawn = asking.real(embedder), trials.sets is not None
    ranks: dict[str, list[Ranks]] = {}
    if of_real is not None and not drawn:
        ranks[REAL] = [retrieve(real, real, of_real)]
    for system, seeds in asking.vectors(embedder).items():
        ranks[system] = [retrieve(x, real, trials, per_person=drawn) for x in seeds]
    for k in RANKS:
        for system, found in ranks.items():
            if k < min(seeds[0].n_gallery for seeds in ranks.values()):
                cell = Cell(f"R@{k} {_where(trials)}", "", embedder, found[0].chance(k))
                shares, people = [one.found(k) for one in found], found[0].people
                note = REAL_NOTE if system == REAL else ""
                mean, (n_people, _) = asking.summary.mean(shares, people)
                n = n_people, found[0].n_trials
                asking.summary.add(cell, system, mean, n, note=note)


def _where(trials: TrialList) -> str:
    n = trials.n_way
    if trials.sets is None:
        return f"of {n} people"
    return f"in {len(trials.sets)} galleries of {n}, a person's faces averaged"


def _verify(asking: Asking, embedder: str, trials: TrialList, of_real: TrialList | None) -> None:
    context, real = asking.context, asking.real(embedder)
    n_resamples = min(context.n_resamples, MOST_RESAMPLES)
    asked = {REAL: (of_real, [real])} if of_real is not None else {}
    asked |= {name: (trials, list(seeds)) for name, seeds in asking.vectors(embedder).items()}
    for system, (own, faces) in asked.items():
        seeds = [
            verify_faces(x, real, own, seed=context.seed, n_resamples=n_resamples) for x in faces
        ]
        n = seeds[0].n_identities, seeds[0].n_same + seeds[0].n_different
        both = [one.auc for one in seeds], [one.eer for one in seeds]
        for measure, of_seeds in zip(VERIFICATION, both, strict=True):
            cell = Cell(measure, ", ".join(trials.strata), embedder, trials.chance)
            asking.summary.whole(cell, system, of_seeds, n, REAL_NOTE if system == REAL else "")


def _claims(summary: Summary) -> list[Claim]:
    context, rows, claims = summary.context, summary.rows, list[Claim]()
    known = "faces made from voices of unseen people are matched to their speakers"
    for stratum, where, source in (
        ("", "", TESTS[4]),
        ("gender", ", among people of one gender too", f"{TESTS[4]}, stratified by gender"),
    ):
        bound = CHANCE.reached_by(rows_of(rows, REAL, MATCHING, stratum))
        found = rows_of(rows, context.main, MATCHING, stratum)
        text = f"{known} better than by chance{where}"
        claims += judged(context, Claimed(text, source, bound), found)
        for rival in (MEAN_FACE, GENDERS_MEAN):
            found = rows_of(rows, context.main, MATCHING, stratum, rival)
            text = f"{known} better than the {rival} is{where}"
            claims += judged(context, Claimed(text, BEYOND, NO_DIFFERENCE), found)
    return claims


EXPERIMENT = Experiment(
    name="matching",
    title="Which face belongs to the voice?",
    report_item="Test 4",
    question="Does the face made from a voice look more like the speaker's real face than like "
    "somebody else's?",
    protocol="Faces are made from each recording of people whom no stage has met. A fixed network "
    "compares them with real faces of these people by cosine. 1:2: all triples of a recording, a "
    "real face of its speaker and one of somebody else; within a stratum both real faces are alike "
    "in it. 1:10: 20 drawn sets for each recording. Retrieval: the gallery shows each person by "
    "the mean embedding of the real faces. Verification: 30,000 pairs of one person and as many of "
    "two, or all there are. Paired differences: in 1:2, of each model to the baseline and every "
    "rival by the network that tells real faces apart best, to the baseline and both mean faces by "
    "the others.",
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
