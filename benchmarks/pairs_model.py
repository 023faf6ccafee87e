"""The pairs model: a face space from canonical faces and their voices, by the program's commands.

    python -m benchmarks.pairs_model OUT --data FOLDER [--clips N] [--workers N]

FOLDER holds ``pairs/avspeech`` and ``open/voices.csv``. Runs ``prepare`` (OUT/corpus) and ``train
face --generator face-space`` (OUT/run/model), and writes OUT/cost.json: seconds on the clock and of
the processor for each. With --clips, of the first N clips alone, to see what size costs. Target: at
most twenty minutes on two cores.
"""

import csv
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import typer

from benchmarks.harness import DataFolder, machine
from voice2face.files import write_text
from voice2face.training.face_space.tables import read_rows

PX = 160
# Canonical faces are drawn by a network: frontal, smooth, with closed mouths; none is left out.
NONE_LEFT_OUT = {
    "filters.min_sharpness": 0, "filters.max_outside": 1, "filters.min_eyes_px": 8,
    "filters.min_brightness": 0, "normalised.max_turned": 0.5, "normalised.max_nodded": 0.5,
    "normalised.max_mouth": 0.5, "normalised.max_spectacles": 10, "normalised.max_burnt": 0.9,
    "normalised.min_brightness": 0, "normalised.min_colour": 0,
}  # fmt: skip


def main(out: Path, data: DataFolder, clips: int | None = None, workers: int = 2) -> None:
    out.mkdir(parents=True, exist_ok=True)
    pairs = data / "pairs" / "avspeech" / "pairs.csv"
    if clips is not None:
        pairs = first(pairs, clips, out / "pairs.csv")
    corpus, run = out / "corpus", out / "run"
    thresholds = [word for name, value in NONE_LEFT_OUT.items()
                  for word in ("--set", f"{name}={value}")]  # fmt: skip
    cost = {
        "machine": machine(),
        "clips": len(read_rows(pairs)),
        "prepare": timed(
            ["prepare", pairs, data / "open" / "voices.csv", corpus, "--face", "canonical",
             "--align", "normalised", "--px", PX, "--split", "hash:100/0/0",
             "--workers", workers, "--quiet", *thresholds]
        ),
        "train face": timed(["train", "face", corpus, run, "--generator", "face-space",
                             "--voice-encoder", "ge2e", "--quiet"]),
    }  # fmt: skip
    write_text(out / "cost.json", json.dumps(cost, indent=1) + "\n")
    print(json.dumps(cost, indent=1))


def first(table: Path, n: int, out: Path) -> Path:
    """The first rows of a table, whose files are named from anywhere."""
    rows = read_rows(table)[:n]
    for row in rows:
        row["voice"], row["canonical"] = (
            str((table.parent / row[name]).resolve()) for name in ("voice", "canonical")
        )
    with out.open("w", newline="", encoding="utf-8") as stream:
        names = ["identity", "voice", "canonical"]
        writer = csv.DictWriter(stream, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return out


def timed(words: Sequence[object]) -> dict[str, float]:
    """Run a command of the program; its seconds on the clock and of all processors."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    limits = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "voice2face", *map(str, words)]
    subprocess.run(command, check=True, env={**os.environ, **limits})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    took = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "clock_s": round(time.perf_counter() - started, 1),
        "processor_s": round(took, 1),
        "peak_mb": round(after.ru_maxrss * 1024 / 1e6),
    }


if __name__ == "__main__":
    typer.run(main)
