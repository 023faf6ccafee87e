"""The proof on known truth: where the best possible accuracy is known, do the measures find it?

Of made-up people it is known how much a voice tells about a face. The best possible system, which
knows the numbers behind voice and face and how they depend on each other, goes through the same
trials and the same measures as a model.
"""

import numpy as np
import numpy.typing as npt

from voice2face.errors import CorpusError
from voice2face.evaluation.metrics.matching import match
from voice2face.evaluation.results import Claim, Result, Row, Series, Verdict
from voice2face.evaluation.statistics.intervals import estimate
from voice2face.evaluation.trials.trial_list import Protocol
from voice2face.evaluation.trials.trials import Items, TrialList, make_trials, write_trials
from voice2face.experiments.comparing import (
    LEAST_PEOPLE,
    Judged,
    claim_by,
    estimated,
    main_variant,
    row_of,
    score,
    scored_rows,
    some_people,
    systems_of,
)
from voice2face.experiments.context import Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.oracle import coupling_of, oracle, shared_numbers
from voice2face.experiments.people import groups_of
from voice2face.experiments.speech import Speech
from voice2face.synthetic import best_matching_accuracy, best_sex_accuracy
from voice2face.synthetic.latent import SHARED, sample_heard, sample_seen

COUPLINGS = (0.0, 0.25, 0.5, 0.75, 0.85, 0.95, 1.0)
N_PEOPLE = 300  # of each coupling
N_BOUND = 100_000  # trials behind a bound
TASKS: dict[str, tuple[Protocol, int, tuple[str, ...]]] = {  # protocol, faces, strata
    "1:2 matching": ("1:2", 2, ()),
    "1:2 matching within sex": ("1:2", 2, ("gender",)),
    "1:10 matching": ("1:N", 10, ()),
}
SEX = "seen sex told from the voice"
BOUND, ORACLE, SEX_ALONE, SHUFFLED = (
    "best possible, by theory",
    "best possible, measured",
    "hears the sex alone",
    "best possible, shuffled voices",
)
SOURCE = "beyond paper and report"
REACHED = "the measures find the best possible accuracy where it is known"
AT_CHANCE = "shuffled voices are at chance, however much a voice tells"
BETWEEN = "the model lies between chance and the best possible accuracy of this corpus"
HERE = "this corpus"

Floats = npt.NDArray[np.float64]


def run(context: Context, experiment: Experiment) -> Result:
    """A table over couplings; and, if the corpus is of made-up people, all systems beside."""
    rows, trials_sha256 = over_couplings(context, experiment.name)
    claims = _claims(rows)
    speech = some_people(context.unseen(), context.seed)
    heard, known = shared_numbers(speech.attributes, "heard"), coupling_of(context.corpus)
    if heard is not None and known is not None and len(np.unique(speech.identity)) >= LEAST_PEOPLE:
        here, more = of_corpus(context, experiment.name, speech, known)
        rows, trials_sha256 = rows + here, trials_sha256 | more
        claims += _claim_here(context, here)
    return experiment.result(
        rows=rows,
        series=series_of(rows),
        claims=claims,
        trials_sha256=trials_sha256,
        seeds={"people": context.seed, "resampling": context.seed},
        sources=context.sources(),
        made_by=context.made_by,
    )


def over_couplings(context: Context, name: str) -> tuple[list[Row], dict[str, str]]:
    """What the oracle and lesser ones reach, of people drawn for each coupling."""
    rows: list[Row] = []
    trials_sha256 = {}
    for number, coupling in enumerate(COUPLINGS):
        rng = np.random.default_rng([context.seed, number])
        heard = sample_heard(rng, N_PEOPLE)
        seen = sample_seen(rng, heard, coupling)
        people = np.array([f"p{i:03d}" for i in range(N_PEOPLE)], str)
        sexes = np.where(seen[:, 0] > 0, "male", "female")
        items = Items(people, people, {"gender": sexes})
        stratum = f"coupling {coupling:g}"
        for task, (protocol, n_way, strata) in TASKS.items():
            trials = make_trials(
                items, items, protocol=protocol, n_way=n_way, strata=strata, seed=context.seed
            )
            slug = f"{stratum} {task}".replace(" ", "-").replace(":", "-")
            write_trials(context.out / f"{name}.{slug}.trials.json", trials)
            trials_sha256[f"{task}, {stratum}"] = trials.sha256
            rows += _task_rows(context, (heard, seen, coupling), trials, (task, stratum))
        right = (heard[:, 0] == seen[:, 0]).astype(float)
        found = estimate(right, people, seed=context.seed, n_resamples=context.n_resamples)
        rows.append(Row(BOUND, SEX, stratum, value=best_sex_accuracy(coupling), chance=0.5))
        ends = found.value, found.low, found.high
        rows.append(Row(ORACLE, SEX, stratum, "", *ends, N_PEOPLE, N_PEOPLE, 0.5))
    return rows, trials_sha256


def _task_rows(
    context: Context,
    people: tuple[Floats, Floats, float],
    trials: TrialList,
    about: tuple[str, str],
) -> list[Row]:
    heard, seen, coupling = people
    task, stratum = about
    _, n_way, strata = TASKS[task]
    bound = best_matching_accuracy(coupling, n_way, within_sex=bool(strata), n_trials=N_BOUND)
    order = np.random.default_rng(context.seed).permutation(len(heard))
    alone = heard * (np.arange(len(SHARED)) == 0)
    systems = {
        ORACLE: oracle(heard, seen, coupling),
        SEX_ALONE: (alone[:, :1], seen[:, :1]),
        SHUFFLED: oracle(heard[order], seen, coupling),
    }
    rows = [Row(BOUND, task, stratum, value=bound.accuracy, chance=bound.chance, n_trials=N_BOUND)]
    for system, (made, real) in systems.items():
        scored = match(made, real, trials)
        rows.append(row_of(system, task, stratum, "", estimated(context, scored), scored))
    return rows


def of_corpus(
    context: Context, name: str, speech: Speech, coupling: float
) -> tuple[list[Row], dict[str, str]]:
    """The bound, the oracle on the very trials, and all systems by each embedder."""
    faces = context.faces(context.asked)
    kept = np.flatnonzero(np.isin(faces.identity, speech.identity))
    attributes = {k: cells[kept] for k, cells in faces.attributes.items()}
    groups = groups_of(attributes, len(kept))
    gallery = Items(faces.picture[kept], faces.identity[kept], groups)
    heard = shared_numbers(speech.attributes, "heard")
    seen = shared_numbers(attributes, "seen")
    rows: list[Row] = []
    trials_sha256: dict[str, str] = {}
    for task, (protocol, n_way, strata) in TASKS.items():
        if protocol != "1:2" or heard is None or seen is None:
            continue
        try:
            probes = Items(speech.clip, speech.identity)
            trials = make_trials(probes, gallery, protocol="1:2", strata=strata)
        except CorpusError:
            continue
        trials_sha256[f"{task}, {HERE}"] = trials.sha256
        slug = f"here {task}".replace(" ", "-").replace(":", "-")
        write_trials(context.out / f"{name}.{slug}.trials.json", trials)
        bound = best_matching_accuracy(coupling, n_way, within_sex=bool(strata), n_trials=N_BOUND)
        made, real = oracle(heard, seen, coupling)
        best = match(made, real, trials, by_person=True)
        for embedder in context.embedders:
            of_real = context.real_vectors(embedder, context.asked)[kept]
            scored = {ORACLE: best}
            for system, seeds in systems_of(context).items():
                key = f"known truth {len(speech)}"
                vectors = [context.made_vectors(embedder, s, speech, key) for s in seeds]
                scored[system] = score(trials, vectors, [of_real])
            rows.append(
                Row(BOUND, task, HERE, embedder, bound.accuracy, chance=0.5, n_trials=N_BOUND)
            )
            rows += scored_rows(context, scored, task, HERE, embedder)
    return rows, trials_sha256


def series_of(rows: list[Row]) -> list[Series]:
    """Accuracy over the coupling: the bound, what is measured, and lesser systems."""
    series = []
    for task in TASKS:
        for system in (BOUND, ORACLE, SEX_ALONE, SHUFFLED):
            own = [
                r
                for r in rows
                if (r.system, r.measure) == (system, task) and r.stratum.startswith("coupling ")
            ]
            line = Series(
                system, [float(r.stratum.split()[1]) for r in own], [r.value for r in own],
                [r.low if r.low is not None else r.value for r in own],
                [r.high if r.high is not None else r.value for r in own],
                x_label="coupling of voice and face", y_label="share of trials right",
                chance=own[0].chance, panel=task,
            )  # fmt: skip
            series.append(line)
    return series


def _claims(rows: list[Row]) -> list[Claim]:
    """Whether bounds and chance lie in the intervals, but for as many as may miss by chance."""
    bounds = {(r.measure, r.stratum): r.value for r in rows if r.system == BOUND}
    found = []
    for text, system in ((REACHED, ORACLE), (AT_CHANCE, SHUFFLED)):
        own = [r for r in rows if r.system == system and r.value is not None]
        wanted = [bounds[r.measure, r.stratum] if system == ORACLE else r.chance for r in own]
        missed = [
            f"{r.measure}, {r.stratum}: {r.value:.3f} [{r.low:.3f}, {r.high:.3f}], not {w:.3f}"
            for r, w in zip(own, wanted, strict=True)
            if not _inside(r, w)
        ]
        # One in twenty intervals of 95 % misses; three times as many is no accident.
        verdict: Verdict = "holds" if len(missed) <= max(1, 0.15 * len(own)) else "does not hold"
        told = f"{len(own) - len(missed)} of {len(own)} intervals hold the true value"
        found.append(Claim(text, SOURCE, verdict, "; ".join([told, *missed])))
    return found


def _inside(row: Row, wanted: float | None) -> bool:
    """Whether the interval holds a value, but for the bound's own Monte Carlo error."""
    if wanted is None or row.low is None or row.high is None:
        return False
    return row.low - 0.003 <= wanted <= row.high + 0.003


def _claim_here(context: Context, rows: list[Row]) -> list[Claim]:
    main = main_variant(context)

    def judged(embedder: str) -> Judged | None:
        about = (next(iter(TASKS)), embedder, "")
        own = {r.system: r for r in rows if (r.measure, r.embedder, r.against) == about}
        row, bound = own.get(main), own.get(BOUND)
        if row is None or bound is None or row.low is None or row.high is None:
            return None
        top = bound.value or 1.0
        verdict: Verdict = "holds" if row.low > 0.5 and row.low <= top else "cannot be told"
        if row.high < 0.5 or row.low > top:
            verdict = "does not hold"
        return verdict, (
            f"{main} {row.value:.3f} [{row.low:.3f}, {row.high:.3f}], "
            f"chance 0.5, best possible {top:.3f}"
        )

    return claim_by(context, BETWEEN, SOURCE, judged)


EXPERIMENT = Experiment(
    name="known_truth",
    title="The measures, where the truth is known",
    report_item="",
    question="Do the measures find what is there, no more and no less?",
    protocol=f"For each coupling of voice and face, {N_PEOPLE} made-up people. The best possible "
    "decision, by the true numbers behind voice and face, goes through the same trials and the "
    "same code as any model; so do one that hears the sex alone, and the best one with the voices "
    "shuffled. Where the corpus itself is of made-up people, its models stand beside.",
    measure="Share of trials right, against the best accuracy that theory allows.",
    chance="0.5; 0.1 for one of ten",
    unit="People, in both roles where a trial has two.",
    run=run,
)
