"""What goes wrong while ``prepare`` is at work: each trial handled; target: all, 20 of 20 SIGKILLs.

Handled means: kept as it should be, or left out with a fitting reason; after an interruption the
same command gives the bytes of an uninterrupted run.
"""

import csv
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.harness import Result, figure
from benchmarks.inputs import Inputs
from benchmarks.prepare_interruptions import Interruptions, Trial
from benchmarks.prepare_odd_files import odd_folders, odd_rows, vanishing
from benchmarks.prepare_runs import real, write_table

SEED = 0


def measure(inputs: Inputs) -> Result:
    folder = inputs.folder / "faults"
    folder.mkdir()
    trials = [
        *odd_rows(folder / "rows"),
        *odd_folders(folder / "tree"),
        *vanishing(folder / "gone"),
        *Interruptions(_table(folder / "some.csv"), folder).all(random.Random(SEED)),
    ]
    return summed_up(trials)


def summed_up(trials: Sequence[Trial]) -> Result:
    """Trials by fault: how many there were, and how many of them were handled."""
    tried = Counter(trial.fault for trial in trials)
    handled = Counter(trial.fault for trial in trials if trial.handled)
    figures = tuple(figure(fault, [handled[fault]], at_least=n) for fault, n in tried.items())
    about = {
        "table": [
            {"fault": fault, "tried": n, "handled": handled[fault], "found": _found(fault, trials)}
            for fault, n in tried.items()
        ]
    }
    return Result("voice2face prepare SOURCE OUT --workers 2", figures, about)


def _found(fault: str, trials: Sequence[Trial]) -> list[str]:
    """What was wanted, and found where that is something else."""
    of_it = [trial for trial in trials if trial.fault == fault]
    wanted = sorted({f"wanted: {trial.wanted}" for trial in of_it})
    return wanted + [f"NOT SO: {trial.found}" for trial in of_it if not trial.handled]


def _table(path: Path) -> Path:
    source = real("pairs", "voxceleb", "pairs.csv")
    with source.open(encoding="utf-8", newline="") as stream:
        rows = [
            (row["identity"], source.parent / row["voice"], source.parent / row["face"])
            for row in csv.DictReader(stream)
        ]
    return write_table(path, ("identity", "voice", "face"), rows)
