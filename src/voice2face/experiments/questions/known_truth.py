"""The proof on known truth: where the best possible accuracy is known, do the measures find it?

Of made-up people it is known how much a voice tells about a face. The best possible system, which
knows the numbers behind voice and face and how they depend on each other, goes through the same
trials and the same measures as a model.
"""

from collections.abc import Mapping

import msgspec
import numpy as np
import numpy.typing as npt

from voice2face.errors import CorpusError
from voice2face.evaluation.metrics.matching import match
from voice2face.evaluation.results import Claim, Result, Row, Series
from voice2face.evaluation.statistics.intervals import SHARE, Estimate, estimate
from voice2face.evaluation.trials.trial_list import Protocol
from voice2face.evaluation.trials.trials import Items, TrialList, make_trials, write_trials
from voice2face.experiments.comparing import LEAST_PEOPLE, MOST_PEOPLE, items_of, score
from voice2face.experiments.context import Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.oracle import coupling_of, oracle, shared_numbers
from voice2face.experiments.recordings import Recordings
from voice2face.experiments.summary import Cell, Summary, lines
from voice2face.experiments.verdicts import BEYOND, Asked, Bound, judged, rows_of
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
REACHED = "the measures find the best possible accuracy where it is known"
AT_CHANCE = "shuffled voices are at chance, however much a voice tells"
ABOVE = "the model is above chance on this corpus, where the best possible accuracy is known"
HERE = "this corpus"
HOLDING = "intervals that hold the true value"
# Of 95 %; in 28 of them a right measure misses three or more about once in six times.
LEAST_HOLDING = 0.7
SLACK = 0.003  # of the bounds, which are drawn too

Floats = npt.NDArray[np.float64]


def run(context: Context, experiment: Experiment) -> Result:
    """A table over couplings; and, if the corpus is of made-up people, all systems beside."""
    summary = Summary(context)
    add_couplings(summary, experiment.name)
    series = _lines(summary)
    claims = _claims(summary)
    speech = context.unseen().of_some_people(MOST_PEOPLE, context.seed)
    heard, known = shared_numbers(speech.attributes, "heard"), coupling_of(context.corpus)
    if heard is not None and known is not None and len(np.unique(speech.identity)) >= LEAST_PEOPLE:
        add_corpus(summary, experiment.name, speech, known)
        claims += _claim_here(summary)
    return summary.result(experiment, series=series, claims=claims, seeds=("people", "resampling"))


def add_couplings(summary: Summary, name: str) -> None:
    """What the oracle and lesser ones reach, of people drawn for each coupling."""
    context = summary.context
    for number, coupling in enumerate(COUPLINGS):
        rng = np.random.default_rng([context.seed, number])
        heard = sample_heard(rng, N_PEOPLE)
        seen = sample_seen(rng, heard, coupling)
        people = np.array([f"p{i:03d}" for i in range(N_PEOPLE)], str)
        items = Items(people, people, {"gender": np.where(seen[:, 0] > 0, "male", "female")})
        stratum = f"coupling {coupling:g}"
        for task, (protocol, n_way, strata) in TASKS.items():
            trials = make_trials(
                items, items, protocol=protocol, n_way=n_way, strata=strata, seed=context.seed
            )
            _write(summary, name, task, stratum, trials)
            _add_task(summary, (heard, seen, coupling), trials, Cell(task, stratum))
        right = (heard[:, 0] == seen[:, 0]).astype(float)
        found = estimate(right, people, ends=SHARE, **context.draws)
        cell = Cell(SEX, stratum, "", 0.5)
        summary.number(cell, BOUND, best_sex_accuracy(coupling), 0)
        summary.add(cell, ORACLE, found, (N_PEOPLE, N_PEOPLE))


def _write(summary: Summary, name: str, task: str, stratum: str, trials: TrialList) -> None:
    slug = f"{stratum} {task}".replace(" ", "-").replace(":", "-")
    write_trials(summary.context.out / f"{name}.{slug}.trials.json", trials)
    summary.trials[f"{task}, {stratum}"] = trials.sha256


def _add_task(
    summary: Summary, people: tuple[Floats, Floats, float], trials: TrialList, cell: Cell
) -> None:
    heard, seen, coupling = people
    _, n_way, strata = TASKS[cell.measure]
    bound = best_matching_accuracy(coupling, n_way, within_sex=bool(strata), n_trials=N_BOUND)
    order = np.random.default_rng(summary.context.seed).permutation(len(heard))
    alone = heard * (np.arange(len(SHARED)) == 0)
    systems = {
        ORACLE: oracle(heard, seen, coupling),
        SEX_ALONE: (alone[:, :1], seen[:, :1]),
        SHUFFLED: oracle(heard[order], seen, coupling),
    }
    of_chance = Cell(cell.measure, cell.stratum, chance=bound.chance)
    summary.number(of_chance, BOUND, bound.accuracy, N_BOUND)
    summary.scored(cell, {name: match(*both, trials) for name, both in systems.items()})


def add_corpus(summary: Summary, name: str, speech: Recordings, coupling: float) -> None:
    """The bound, the oracle on the very trials, and all systems by each embedder."""
    context = summary.context
    faces = context.faces(context.asked)
    faces = faces.only(np.isin(faces.identity, speech.identity))
    gallery, probes = items_of(faces), Items(speech.clip, speech.identity)
    heard = shared_numbers(speech.attributes, "heard")
    seen = shared_numbers(faces.attributes, "seen")
    for task, (protocol, n_way, strata) in TASKS.items():
        if protocol != "1:2" or heard is None or seen is None:
            continue
        try:
            trials = make_trials(probes, gallery, protocol="1:2", strata=strata)
        except CorpusError:
            continue
        _write(summary, name, task, HERE, trials)
        bound = best_matching_accuracy(coupling, n_way, within_sex=bool(strata), n_trials=N_BOUND)
        best = match(*oracle(heard, seen, coupling), trials, by_person=True)
        for embedder in context.embedders:
            of_real = context.embed(embedder, faces.pixels)
            scored = {ORACLE: best} | {
                system: score(trials, seeds, [of_real])
                for system, seeds in context.vectors(embedder, speech).items()
            }
            cell = Cell(task, HERE, embedder, 0.5)
            summary.number(cell, BOUND, bound.accuracy, N_BOUND)
            summary.scored(cell, scored)


def _lines(summary: Summary) -> list[Series]:
    """Accuracy over the coupling: the bound, what is measured, and lesser systems."""
    x = [(coupling, f"coupling {coupling:g}") for coupling in COUPLINGS]
    systems = (BOUND, ORACLE, SEX_ALONE, SHUFFLED)
    return [
        line
        for task, (_, n_way, _) in TASKS.items()
        for line in lines(
            summary.rows, x, [(name, name, task) for name in systems], "", task,
            x_label="coupling of voice and face", chance=1 / n_way,
        )
    ]  # fmt: skip


def _claims(summary: Summary) -> list[Claim]:
    """Whether the true values lie in the intervals, as often as they must."""
    rows, claims = summary.rows, list[Claim]()
    bounds = {(r.measure, r.stratum): r.value for r in rows if r.system == BOUND}
    for text, system in ((REACHED, ORACLE), (AT_CHANCE, SHUFFLED)):
        own = [r for r in rows if r.system == system and r.value is not None]
        truth = {
            (r.measure, r.stratum): bounds[r.measure, r.stratum] if system == ORACLE else r.chance
            for r in own
        }
        row, missed = _holding(own, truth)
        bound = Bound(LEAST_HOLDING, "an interval of 95 % misses less often than that")
        for claim in judged(summary.context, Asked(text, BEYOND, bound, model=""), [row]):
            claims.append(
                msgspec.structs.replace(claim, evidence="; ".join([claim.evidence, *missed]))
            )
    return claims


def _holding(
    rows: list[Row], truth: Mapping[tuple[str, str], float | None]
) -> tuple[Row, list[str]]:
    """Share of intervals that hold the truth, and those that don't."""
    inside = np.array([_inside(r, truth[r.measure, r.stratum]) for r in rows], float)
    missed = [
        f"{r.measure}, {r.stratum}: {r.value:.3f} [{r.low:.3f}, {r.high:.3f}], "
        f"not {truth[r.measure, r.stratum]:.3f}"
        for r, held in zip(rows, inside, strict=True)
        if not held
    ]
    found: Estimate = estimate(inside, np.arange(len(inside)).astype(str), ends=SHARE)
    ends = found.value, found.low, found.high
    return Row(rows[0].system, HOLDING, "", "", *ends, n_trials=len(rows)), missed


def _inside(row: Row, wanted: float | None) -> bool:
    """Whether the interval holds a value, but for the bound's own Monte Carlo error."""
    if wanted is None or row.low is None or row.high is None:
        return False
    return row.low - SLACK <= wanted <= row.high + SLACK


def _claim_here(summary: Summary) -> list[Claim]:
    task, rows = next(iter(TASKS)), summary.rows
    best = next((r.value for r in rows_of(rows, BOUND, task, HERE)), None)
    bound = Bound(0.5, "chance", best, "best possible")
    own = rows_of(rows, summary.context.main, task, HERE)
    return judged(summary.context, Asked(ABOVE, BEYOND, bound), own)


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
    chapter="beyond",
    run=run,
)
