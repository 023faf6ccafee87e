"""Test 4: which of several faces belongs to the voice? Matching, retrieval and verification."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from voice2face.evaluation.metrics.face_verification import verify_faces
from voice2face.evaluation.metrics.matching import Scored, match
from voice2face.evaluation.metrics.retrieval import Ranks, retrieve
from voice2face.evaluation.results import Claim, Result, Row
from voice2face.evaluation.statistics.intervals import person_means
from voice2face.evaluation.trials.trials import TrialList
from voice2face.experiments.answers import mean_estimate, mean_row
from voice2face.experiments.claims import BEYOND, TESTS, best_judge, claim_above, rows_of
from voice2face.experiments.comparing import (
    BASELINE,
    MEAN_FACE,
    REAL,
    main_variant,
    row_of,
    systems_of,
)
from voice2face.experiments.context import Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.people import strata_of
from voice2face.experiments.questions.matching_trials import Asked, Asking

N_WAY = 10  # faces of a 1:N trial
RANKS = (1, 5, 10)
GALLERIES, GALLERY_PEOPLE = 3, 100  # of SF2F's protocol
MOST_RESAMPLES = 1000  # of verification, which sorts all pairs anew in each
MATCHING = "1:2 matching"
GENDERS_MEAN = "gender's mean face"
CENTRED = "1:2 matching, each side centred"
ONE_OF_N = f"1:{N_WAY} matching"
VERIFICATION = ("verification AUC", "verification EER")
COARSE = ((), ("gender",))  # strata in which more is asked than 1:2 matching
REAL_NOTE = "another picture of the person in the place of the made face"


def run(context: Context, experiment: Experiment) -> Result:
    """All protocols, each system, each embedder, in each stratum that the corpus has."""
    about = {
        "seeds": {"resampling and drawn trials": context.seed},
        "sources": context.sources(),
        "made_by": context.made_by,
    }
    if lacking := _lacking(context):
        return experiment.result(left_out=lacking, **about)
    asking = Asking.of_unseen(context)
    _ask_all(asking, _judge_of(asking))
    return experiment.result(
        rows=asking.rows,
        claims=_claims(context, asking.rows),
        trials_sha256=asking.written(experiment.name),
        **about,
    )


def _lacking(context: Context) -> str:
    """Why nothing can be asked; empty where something can."""
    both = np.intersect1d(context.unseen().identity, context.faces(context.asked).identity)
    if len(both) < 2:
        return (
            f"{len(both)} people of the {context.asked} split have both a recording and a real "
            "face; matching needs two or more"
        )
    return "" if context.embedders else "no network that compares faces was at hand"


def _judge_of(asking: Asking) -> str:
    """The embedder that tells real faces apart best, as :func:`best_judge` finds it in the rows."""
    trials, right = asking.of_real(Asked("1:2")), {}
    if trials is None:
        return next(iter(asking.context.embedders))
    for embedder in asking.context.embedders:
        real = asking.real(embedder)
        scored = match(real, real, trials)
        right[embedder] = person_means(scored.share_right, scored.people)[0].mean()
    return max(right, key=lambda embedder: right[embedder])


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
) -> list[Row]:
    """A row a system, then each model against others."""
    context, stratum = asking.context, ", ".join(trials.strata)
    scored = _scored(asking, embedder, trials, of_real, centre=measure == CENTRED)
    draws = {"seed": context.seed, "n_resamples": context.n_resamples}
    rows = []
    for system, one in scored.items():
        note = REAL_NOTE if system == REAL else _seeds_note(context, system)
        found = one.estimate(**draws) if one.n_people > 1 else None
        rows.append(row_of(system, measure, stratum, embedder, found, one, note=note))
    for system in context.models:
        for other in (o for o in others.get(embedder, ()) if o in scored and o != system):
            one = scored[system]
            found = one.above(scored[other], **draws) if one.n_people > 1 else None
            rows.append(row_of(system, measure, stratum, embedder, found, one, other))
    return rows


def _scored(
    asking: Asking,
    embedder: str,
    trials: TrialList,
    of_real: TrialList | None,
    *,
    centre: bool,
) -> dict[str, Scored]:
    """Of each system: of several seeds, each recording's mean."""
    real = asking.real(embedder)
    found = {}
    if of_real is not None:
        found[REAL] = match(real, real, of_real, centre=centre)
    for system in systems_of(asking.context):
        seeds = asking.vectors(embedder, system)
        found[system] = Scored.mean([match(x, real, trials, centre=centre) for x in seeds])
    return found


def _seeds_note(context: Context, system: str) -> str:
    n = len(context.models.get(system, ()))
    return f"mean of {n} seeds" if n > 1 else ""


def _retrieve(
    asking: Asking, embedder: str, trials: TrialList, of_real: TrialList | None
) -> list[Row]:
    """Recall at some ranks; in drawn galleries by the mean of a person's faces, as SF2F has it."""
    context, real = asking.context, asking.real(embedder)
    drawn = trials.sets is not None
    ranks: dict[str, list[Ranks]] = {}
    if of_real is not None and not drawn:
        ranks[REAL] = [retrieve(real, real, of_real)]
    for system in systems_of(context):
        seeds = asking.vectors(embedder, system)
        ranks[system] = [retrieve(x, real, trials, per_person=drawn) for x in seeds]
    return [row for k in RANKS for row in _recall_rows(context, ranks, k, _where(trials), embedder)]


def _where(trials: TrialList) -> str:
    n = trials.n_way
    if trials.sets is None:
        return f"of {n} people"
    return f"in {len(trials.sets)} galleries of {n}, a person's faces averaged"


def _recall_rows(
    context: Context, ranks: dict[str, list[Ranks]], k: int, where: str, embedder: str
) -> list[Row]:
    measure = f"R@{k} {where}"
    rows = []
    for system, seeds in ranks.items():
        first = seeds[0]
        if k >= first.n_gallery:
            return []
        note = REAL_NOTE if system == REAL else ""
        rows.append(
            mean_row(
                context, system, measure, [one.found(k) for one in seeds], first.people,
                embedder=embedder,
                chance=first.chance(k), n_trials=first.n_trials, note=note,
            )
        )  # fmt: skip
    return rows


def _verify(
    asking: Asking, embedder: str, trials: TrialList, of_real: TrialList | None
) -> list[Row]:
    context, real = asking.context, asking.real(embedder)
    seed, n_resamples = context.seed, min(context.n_resamples, MOST_RESAMPLES)
    stratum = ", ".join(trials.strata)
    rows = []
    for system in ((REAL,) if of_real is not None else ()) + tuple(systems_of(context)):
        asked = of_real if system == REAL and of_real is not None else trials
        faces = [real] if system == REAL else asking.vectors(embedder, system)
        seeds = [verify_faces(x, real, asked, seed=seed, n_resamples=n_resamples) for x in faces]
        both = [one.auc for one in seeds], [one.eer for one in seeds]
        for measure, of_seeds in zip(VERIFICATION, both, strict=True):
            value, note = mean_estimate(of_seeds)
            note = REAL_NOTE if system == REAL else note
            rows.append(
                Row(
                    system, measure, stratum, embedder,
                    value.value, value.low, value.high,
                    n_people=seeds[0].n_identities, n_trials=seeds[0].n_same + seeds[0].n_different,
                    chance=trials.chance, note=note,
                )
            )  # fmt: skip
    return rows


def _claims(context: Context, rows: Sequence[Row]) -> list[Claim]:
    model = main_variant(context)
    known = "faces made from voices of unseen people are matched to their speakers"
    claims = []
    for stratum, where, source in (
        ("", "", TESTS[4]),
        ("gender", ", among people of one gender too", f"{TESTS[4]}, stratified by gender"),
    ):
        judge = best_judge(rows, MATCHING, stratum)
        found = rows_of(rows, model, MATCHING, stratum)
        text = f"{known} better than by chance{where}"
        claims.append(claim_above(text, source, found, 0.5, judge))
        for rival in (MEAN_FACE, GENDERS_MEAN):
            found = rows_of(rows, model, MATCHING, stratum, rival)
            text = f"{known} better than the {rival} is{where}"
            claims.append(claim_above(text, BEYOND, found, 0.0, judge))
    return [claim for claim in claims if claim is not None]


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
    "pairs. Several seeds of a model are averaged for each recording; in verification, values and "
    "interval ends are.",
    run=run,
)
