"""Where the best possible accuracy is known, do the measures find it?

Of synthetic people it is known how much a voice tells about a face. The best possible system knows
the numbers behind voice and face and how they depend on each other; it is asked the same trials
and measured in the same way as a model.
"""

import numpy as np

from voice2face.arrays import Float64s
from voice2face.evaluation.metrics.matching import match
from voice2face.evaluation.results import Row
from voice2face.evaluation.statistics.intervals import SHARE, estimate
from voice2face.evaluation.trials.trial_list import Protocol
from voice2face.evaluation.trials.trials import Items, TrialList
from voice2face.experiments.comparing import LEAST_PEOPLE, MOST_PEOPLE, items_of, score
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.oracle import coupling_of, oracle, shared_numbers
from voice2face.experiments.recordings import Recordings
from voice2face.experiments.summary import Cell, Summary
from voice2face.experiments.verdicts import BEYOND, Bound, claim
from voice2face.synthetic.ceiling import BestAccuracy, best_matching_accuracy, best_sex_accuracy
from voice2face.synthetic.latent import SHARED, sample_heard, sample_seen

COUPLINGS = (0.0, 0.25, 0.5, 0.75, 0.85, 0.95, 1.0)
N_PEOPLE = 300  # people of each coupling
N_BOUND = 100_000  # trials that a bound is computed from
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
# Of 28 intervals of 95 %, three or more miss the truth in about one of six cases.
LEAST_HOLDING = 0.7
SLACK = 0.003  # Monte Carlo error of the bounds


def run(summary: Summary) -> None:
    """Add a table over couplings, and of synthetic people all systems on this corpus."""
    context = summary.context
    add_couplings(summary)
    points = {f"coupling {coupling:g}": coupling for coupling in COUPLINGS}
    for task, (_, n_way, _) in TASKS.items():
        summary.curves(
            task, points, [(one, one, task) for one in (BOUND, ORACLE, SEX_ALONE, SHUFFLED)],
            embedders=[""], x_label="coupling of voice and face", chance=1 / n_way,
        )  # fmt: skip
    add_claims(summary)
    speech = context.unseen().of_some_people(MOST_PEOPLE, context.seed)
    heard, known = shared_numbers(speech.attributes, "heard"), coupling_of(context.corpus)
    if heard is not None and known is not None and len(np.unique(speech.identity)) >= LEAST_PEOPLE:
        add_corpus(summary, speech, known)
        task = next(iter(TASKS))
        best = next((row.value for row in summary.found(task, HERE, system=BOUND)), None)
        bound = Bound(0.5, "chance", best, "best possible")
        claim(summary, ABOVE, BEYOND, bound, summary.found(task, HERE))


def add_couplings(summary: Summary) -> None:
    """Add what the oracle and lesser systems reach, on people drawn for each coupling."""
    draws = summary.context.draws
    for number, coupling in enumerate(COUPLINGS):
        rng = np.random.default_rng([summary.context.seed, number])
        heard = sample_heard(rng, N_PEOPLE)
        seen = sample_seen(rng, heard, coupling)
        people = np.array([f"p{i:03d}" for i in range(N_PEOPLE)], str)
        items = Items(people, people, {"gender": np.where(seen[:, 0] > 0, "male", "female")})
        stratum = f"coupling {coupling:g}"
        for task, (protocol, n_way, strata) in TASKS.items():
            trials = summary.fix(
                f"{task}, {stratum}", items, items, protocol=protocol, n_way=n_way, strata=strata
            )
            if trials is not None:
                _add_task(summary, (heard, seen, coupling), trials, Cell(task, stratum))
        right = (heard[:, 0] == seen[:, 0]).astype(float)
        cell = Cell(SEX, stratum, "", 0.5)
        summary.number(cell, BOUND, best_sex_accuracy(coupling))
        found = estimate(right, people, ends=SHARE, **draws)
        summary.add(cell, ORACLE, found, (N_PEOPLE, N_PEOPLE))


def _add_task(
    summary: Summary, people: tuple[Float64s, Float64s, float], trials: TrialList, cell: Cell
) -> None:
    heard, seen, coupling = people
    order = np.random.default_rng(summary.context.seed).permutation(len(heard))
    alone = heard * (np.arange(len(SHARED)) == 0)
    systems = {
        ORACLE: oracle(heard, seen, coupling),
        SEX_ALONE: (alone[:, :1], seen[:, :1]),
        SHUFFLED: oracle(heard[order], seen, coupling),
    }
    best = _best(cell.measure, coupling)
    known = Cell(cell.measure, cell.stratum, chance=best.chance)
    summary.number(known, BOUND, best.accuracy, N_BOUND)
    summary.scored(cell, {name: match(*both, trials) for name, both in systems.items()})


def _best(task: str, coupling: float) -> BestAccuracy:
    """Best possible accuracy in a task, by theory."""
    _, n_way, strata = TASKS[task]
    return best_matching_accuracy(coupling, n_way, within_sex=bool(strata), n_trials=N_BOUND)


def add_corpus(summary: Summary, speech: Recordings, coupling: float) -> None:
    """Add the bound, the oracle on the same trials, and all systems by each embedder."""
    context = summary.context
    faces = context.faces(context.asked)
    faces = faces.only(np.isin(faces.identity, speech.identity))
    heard = shared_numbers(speech.attributes, "heard")
    seen = shared_numbers(faces.attributes, "seen")
    if heard is None or seen is None:
        return
    probes = Items(speech.clip, speech.identity)
    for task, (protocol, _, strata) in TASKS.items():
        if protocol != "1:2":
            continue
        trials = summary.fix(f"{task}, {HERE}", probes, items_of(faces), strata=strata)
        if trials is None:
            continue
        bound = _best(task, coupling).accuracy
        best = match(*oracle(heard, seen, coupling), trials, by_person=True)
        for embedder in context.embedders:
            of_real = [context.embed(embedder, faces.pixels)]
            vectors = context.vectors(embedder, speech)
            scored = {system: score(trials, seeds, of_real) for system, seeds in vectors.items()}
            cell = Cell(task, HERE, embedder, 0.5)
            summary.number(cell, BOUND, bound, N_BOUND)
            summary.scored(cell, {ORACLE: best} | scored)


def add_claims(summary: Summary) -> None:
    """Add claims: true values lie in the intervals as often as they should."""
    bounds = {(r.measure, r.stratum): r.value for r in summary.rows if r.system == BOUND}
    for text, system in ((REACHED, ORACLE), (AT_CHANCE, SHUFFLED)):
        own = [row for row in summary.rows if row.system == system and row.value is not None]
        truth = [bounds[r.measure, r.stratum] if system == ORACLE else r.chance for r in own]
        inside = np.array([_inside(*pair) for pair in zip(own, truth, strict=True)], float)
        missed = tuple(
            f"{r.measure}, {r.stratum}: {r.value:.3f} [{r.low:.3f}, {r.high:.3f}], not {wanted:.3f}"
            for r, wanted, held in zip(own, truth, inside, strict=True)
            if not held
        )
        found = estimate(inside, np.arange(len(inside)).astype(str), ends=SHARE)
        ends = found.value, found.low, found.high
        row = Row(system, HOLDING, "", "", *ends, n_trials=len(own))
        bound = Bound(LEAST_HOLDING, "an interval of 95 % misses less often than that")
        claim(summary, text, BEYOND, bound, [row], model="", more=missed)


def _inside(row: Row, wanted: float | None) -> bool:
    """Whether the interval holds a value, give or take the Monte Carlo error of the bound."""
    if wanted is None or row.low is None or row.high is None:
        return False
    return row.low - SLACK <= wanted <= row.high + SLACK


EXPERIMENT = Experiment(
    name="known_truth",
    title="The measures, where the truth is known",
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
