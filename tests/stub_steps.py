"""Steps of a made-up work that take no torch, and a program that carries them out."""

import os
import signal
import sys
import time
from functools import partial
from pathlib import Path

import msgspec

from voice2face.errors import TrainingError
from voice2face.experiments.pipeline.lock import alone_in
from voice2face.experiments.pipeline.plan import Step
from voice2face.experiments.pipeline.workers import carry_out

CALLS = "calls.txt"


class Stub:
    """Writes what it was given into a file; counts how often it was called."""

    def __init__(self, out: Path) -> None:
        self.out = out

    def __call__(self, step, given):
        settings = step.settings
        with (self.out / CALLS).open("a") as calls:
            calls.write(f"{step.name}\n")
        time.sleep(settings.get("sleep", 0))
        if settings.get("fail"):
            raise TrainingError(step.name, "failed", "success", "try again")
        if settings.get("fault"):
            raise ZeroDivisionError("division by nothing")
        if settings.get("die"):
            os.kill(os.getpid(), signal.SIGKILL)
        folder = self.out / (step.place or "results")
        folder.mkdir(parents=True, exist_ok=True)
        before = [(self.out / file).read_text() for files in given.values() for file in files]
        path = folder / f"{step.name}.txt"
        path.write_text(f"{settings.get('gives', step.name)} of {step.iterations}; {before}")
        return [path]


def do(steps, out, n_workers=1, notes=None):
    with alone_in(out):
        note = (lambda line: None) if notes is None else notes.append
        return carry_out(steps, out, partial(Stub, out), n_workers=n_workers, note=note)


def calls(out):
    path = out / CALLS
    return path.read_text().split() if path.exists() else []


if __name__ == "__main__":
    # A shell that starts tests in the background makes all that it starts deaf to Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    do(msgspec.json.decode(sys.argv[2], type=list[Step]), Path(sys.argv[1]), 2)
