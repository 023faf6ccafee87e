"""Whole runs of ``prepare``; target: two processes at least 1.8 times as fast as one.

One process means that the program itself reads the files; with two, two others do and it writes.
The runs take turns, on a machine that does nothing else. Beside them: what ``plan`` forecast, and
the same on Ray, which must give the same rows (target: 1 of 1).
"""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.harness import PROGRAM, Figure, Result, figure
from benchmarks.inputs import Inputs
from benchmarks.prepare_runs import Watched, content, info_of, need, prepare, real, watch

ROUNDS = 3


def measure(inputs: Inputs) -> Result:
    tables = [real("pairs", name, "pairs.csv") for name in ("voxceleb", "avspeech")]
    tables.append(real("open", "voices.csv"))  # a minute of work for one: starting takes seconds
    out = inputs.folder / "scaling"
    plan, about_plan = _plan(tables)
    runs: dict[int, list[Watched]] = {0: [], 2: []}
    kept: dict[int, dict[str, bytes]] = {}
    need(prepare(*tables, out, "--workers", "2"))  # the disk's cache, the compiled modules
    for _ in range(ROUNDS):
        for workers in runs:
            shutil.rmtree(out)
            runs[workers].append(need(prepare(*tables, out, "--workers", str(workers))))
            kept[workers] = content(out)
    data_hash, n_inputs = info_of(out).data_hash, info_of(out).inputs
    n_bytes = sum(len(data) for data in kept[2].values())
    shutil.rmtree(out)
    on_ray = need(prepare(*tables, out, "--engine", "ray", "--workers", "2"))
    same = info_of(out).data_hash == data_hash and content(out) == kept[2] == kept[0]
    shutil.rmtree(out)
    rates = [one.wall_s / two.wall_s for one, two in zip(runs[0], runs[2], strict=True)]
    figures = (
        figure("two processes against one", rates, at_least=1.8),
        *(figure(f"{n or 1} processes, wall_s", [r.wall_s for r in runs[n]]) for n in runs),
        figure("Ray, two workers, wall_s", [on_ray.wall_s]),
        figure("same bytes: one, two, Ray", [float(same)], at_least=1),
        *_forecasts(plan, runs[2], n_bytes),
    )
    about = {"inputs": n_inputs, "plan": about_plan, "forecast / found": "1 is right"}
    command = "voice2face prepare voxceleb.csv avspeech.csv voices.csv OUT --workers 0|2"
    return Result(command, figures, about)


def _plan(tables: Sequence[Path]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What ``plan`` says, whole and in short."""
    run = need(watch([*PROGRAM, "plan", *tables, "--workers", "2", "--json"]), 0)
    plan = json.loads(run.output)
    names = ("seconds", "seconds_low", "seconds_high", "corpus_bytes", "worker_bytes")
    return plan, {name: plan[name] for name in (*names, "parent_bytes")} | {"took_s": run.wall_s}


def _forecasts(plan: dict[str, Any], runs: Sequence[Watched], n_bytes: int) -> tuple[Figure, ...]:
    """Each forecast divided by what was found."""
    found = {
        "seconds": [run.wall_s for run in runs],
        "corpus_bytes": [n_bytes],
        "worker_bytes": [1e6 * run.worker_mb for run in runs],
        "parent_bytes": [1e6 * run.parent_mb for run in runs],
    }
    return tuple(
        figure(f"forecast / found, {name}", [plan[name] / value for value in values])
        for name, values in found.items()
        if all(values)
    )
