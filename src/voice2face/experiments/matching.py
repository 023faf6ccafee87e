"""Test 4: which of several faces belongs to the voice? Matching, retrieval and verification."""

from collections.abc import Iterable, Sequence

import numpy as np

from voice2face.evaluation.face_verification import verify_faces
from voice2face.evaluation.matching import Scored, match
from voice2face.evaluation.results import Claim, Result, Row
from voice2face.evaluation.retrieval import Ranks, retrieve
from voice2face.evaluation.trials import TrialList
from voice2face.experiments.answers import difference_row, mean_estimate, mean_row
from voice2face.experiments.claims import BEYOND, best_judge, claim_above, rows_of
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
from voice2face.experiments.matching_trials import Asked, Asking
from voice2face.experiments.people import strata_of

N_WAY = 10  # faces of a 1:N trial
RANKS = (1, 5, 10)
GALLERIES, GALLERY_PEOPLE = 3, 100  # of SF2F's protocol
MOST_RESAMPLES = 1000  # of verification, which sorts all pairs anew in each
MATCHING = "1:2 matching"
GENDERS_MEAN = "gender's mean face"
CENTRED = "1:2 matching, each side centred"
ONE_OF_N = f"1:{N_WAY} matching"
VERIFICATION = ("verification AUC", "verification EER")
COARSE = ((), ("gender",))  # strata in which models are set beside every rival
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
    _ask_all(asking)
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


def _ask_all(asking: Asking) -> None:
    strata = strata_of(asking.gallery.groups)
    for alike in strata:
        asking.ask(Asked("1:2", alike), (MATCHING, CENTRED), _match)
    for alike in strata:
        asking.ask(Asked("1:N", alike, N_WAY), (ONE_OF_N,), _match)
    asking.ask(Asked("retrieval"), ("retrieval",), _retrieve)
    if len(np.unique(asking.gallery.identity)) >= GALLERY_PEOPLE:
        galleries = Asked("retrieval", n_way=GALLERY_PEOPLE, n_sets=GALLERIES)
        asking.ask(galleries, ("retrieval",), _retrieve)
    for alike in COARSE:
        if all(name in groups for name in alike for groups in _groups(asking)):
            asking.ask(Asked("verification", alike), VERIFICATION, _verify)


def _groups(asking: Asking) -> tuple[Iterable[str], ...]:
    return asking.gallery.groups, asking.probes.groups


def _match(
    asking: Asking, embedder: str, trials: TrialList, of_real: TrialList | None
) -> list[Row]:
    """1:2 both as they are and centred, or 1:N."""
    ways = (
        ((MATCHING, False), (CENTRED, True)) if trials.protocol == "1:2" else ((ONE_OF_N, False),)
    )
    rows: list[Row] = []
    for measure, centre in ways:
        scored = _scored(asking, embedder, trials, of_real, centre=centre)
        rows += _scored_rows(asking.context, scored, measure, trials.strata, embedder)
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


def _scored_rows(
    context: Context,
    scored: dict[str, Scored],
    measure: str,
    strata: tuple[str, ...],
    embedder: str,
) -> list[Row]:
    draws = {"seed": context.seed, "n_resamples": context.n_resamples}
    stratum = ", ".join(strata)
    rows = []
    for system, one in scored.items():
        note = REAL_NOTE if system == REAL else _seeds_note(context, system)
        found = one.estimate(**draws) if one.n_people > 1 else None
        rows.append(row_of(system, measure, stratum, embedder, found, one, note=note))
    for system, other in _compared(context, strata):
        one = scored[system]
        found = one.above(scored[other], **draws) if one.n_people > 1 else None
        rows.append(row_of(system, measure, stratum, embedder, found, one, other))
    return rows


def _compared(context: Context, strata: tuple[str, ...]) -> list[tuple[str, str]]:
    """Pairs of systems: models against the baseline and the mean face, or every rival."""
    rivals = list(context.rivals) if strata in COARSE else [MEAN_FACE]
    others = [BASELINE, *rivals]
    known = systems_of(context)
    return [(m, o) for m in context.models for o in others if o in known and o != m]


def _seeds_note(context: Context, system: str) -> str:
    n = len(context.models.get(system, ()))
    return f"mean of {n} seeds" if n > 1 else ""


def _retrieve(
    asking: Asking, embedder: str, trials: TrialList, of_real: TrialList | None
) -> list[Row]:
    """Recall at some ranks, by single faces and by the mean of a person's."""
    context, real = asking.context, asking.real(embedder)
    rows: list[Row] = []
    # SF2F averages a person's faces; the whole gallery is asked about single ones alone.
    for averaged in (False, True) if trials.sets is not None else (False,):
        ranks: dict[str, list[Ranks]] = {}
        if of_real is not None and not averaged:
            ranks[REAL] = [retrieve(real, real, of_real)]
        for system in systems_of(context):
            seeds = asking.vectors(embedder, system)
            ranks[system] = [retrieve(x, real, trials, per_person=averaged) for x in seeds]
        for k in RANKS:
            rows += _recall_rows(context, ranks, k, _where(trials, averaged), embedder)
    return rows


def _where(trials: TrialList, averaged: bool) -> str:
    n = trials.n_way
    where = f"of {n} people" if trials.sets is None else f"in {len(trials.sets)} galleries of {n}"
    return f"{where}, a person's faces averaged" if averaged else where


def _recall_rows(
    context: Context, ranks: dict[str, list[Ranks]], k: int, where: str, embedder: str
) -> list[Row]:
    measure = f"R@{k} {where}"
    rows = []
    found = {}
    for system, seeds in ranks.items():
        first = seeds[0]
        if k >= first.n_gallery:
            return []
        found[system] = [one.found(k) for one in seeds]
        note = REAL_NOTE if system == REAL else ""
        rows.append(
            mean_row(
                context, system, measure, found[system], first.people, embedder=embedder,
                chance=first.chance(k), n_trials=first.n_trials, note=note,
            )
        )  # fmt: skip
    for system, other in _compared(context, ("",)):
        pair = found[system], found[other]
        people = ranks[system][0].people
        rows.append(
            difference_row(context, (system, other), measure, pair, people, embedder=embedder)
        )
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
        ("", "", "paper, abstract"),
        ("gender", ", among people of one gender too", "paper, matching within gender"),
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
    "two, or all there are.",
    measure="Share of trials in which the true face has the higher cosine, a tie counting by half; "
    "recall at rank k; area under the curve and equal error rate.",
    chance="One half in 1:2 and in verification, a tenth in 1:10, k over the gallery's size in "
    "retrieval.",
    unit="People; in 1:2 as those asked about and as impostors, in verification with all of their "
    "pairs. Several seeds of a model are averaged for each recording; in verification, values and "
    "interval ends are.",
    run=run,
)
