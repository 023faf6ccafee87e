"""Matching and intervals, one core; target: 1:2 of 1,000 people in 2 s and 1 GB, bootstrap 2 s.

All 10^9 triples of 1,000 people with 10 recordings and 10 faces each, after embedding; 10,000
resamples of these people. The measuring is done by this file as a program of one core.
"""

import json
import os
import time
from collections.abc import Callable

import numpy as np

from benchmarks.harness import Result, figure, measured_apart, memory_mb
from benchmarks.inputs import Inputs
from voice2face.evaluation.metrics.matching import match
from voice2face.evaluation.metrics.retrieval import retrieve
from voice2face.evaluation.statistics.intervals import estimate
from voice2face.evaluation.trials.trials import Items, make_trials

N_PEOPLE, EACH, DIM = 1000, 10, 256  # as many numbers as face_reid_0095 gives
REPEATS = 5
TARGETS = {"1:2, all triples": 2.0, "bootstrap": 2.0, "bootstrap, both roles": 2.0}


def measure(inputs: Inputs) -> Result:
    """Run this file on one core and read what it found."""
    answer = measured_apart("evaluation_speed")
    figures = (
        *(
            figure(f"{name}, s", samples, **({"at_most": TARGETS[name]} if name in TARGETS else {}))
            for name, samples in answer["wall_s"].items()
        ),
        figure("peak memory, MB", [answer["peak_mb"]], at_most=1000),
    )
    about = {
        "people": N_PEOPLE,
        "recordings and faces of each": EACH,
        "numbers of an embedding": DIM,
        "trials": answer["trials"],
        "resamples": 10_000,
        "processor time, s": answer["cpu_s"],
        "cores": 1,
    }
    return Result("python -m benchmarks.evaluation_speed", figures, about)


def main() -> None:
    """Print times and memory as JSON."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    rng = np.random.default_rng(0)
    people = np.array([f"p{i:04}" for i in range(N_PEOPLE)]).repeat(EACH)
    gender = np.array(["female", "male"])[rng.integers(2, size=N_PEOPLE)].repeat(EACH)
    items = Items(people, people, {"gender": gender})
    centres = rng.normal(size=(N_PEOPLE, DIM)).repeat(EACH, axis=0)
    made, real = (
        (centres + noise * rng.normal(size=centres.shape)).astype(np.float32) for noise in (6, 2)
    )
    every = make_trials(items, items, protocol="1:2")
    within = make_trials(items, items, protocol="1:2", strata=("gender",))
    whole = make_trials(items, items, protocol="retrieval")
    scored = match(made, real, every)
    work: dict[str, Callable[[], object]] = {
        "1:2, all triples": lambda: match(made, real, every),
        "1:2, within gender": lambda: match(made, real, within),
        "retrieval, whole gallery": lambda: retrieve(made, real, whole),
        "bootstrap": lambda: estimate(scored.share_right, scored.people),
        "bootstrap, both roles": scored.estimate,
    }
    wall: dict[str, list[float]] = {name: [] for name in work}
    cpu: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(REPEATS):
        for name, do in work.items():
            start, start_cpu = time.perf_counter(), time.process_time()
            do()
            wall[name].append(time.perf_counter() - start)
            cpu[name].append(round(time.process_time() - start_cpu, 3))
    answer = {"wall_s": wall, "cpu_s": cpu, "trials": scored.n_trials, "peak_mb": memory_mb()}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
