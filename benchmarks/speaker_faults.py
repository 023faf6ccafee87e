"""A voice encoder's training killed ten times, its clock set back; target: one model, 10 of 10."""

import contextlib
import hashlib
import os
import random
import time
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.harness import NotHereError, Result, figure
from benchmarks.inputs import Inputs

N_KILLS, ITERATIONS, EVERY = 10, 1800, 10
PATIENCE_S = 300
YEAR_S = 365 * 86_400


def measure(inputs: Inputs) -> Result:
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise NotHereError("torch; install voice2face[train]") from error
    folder = inputs.folder / "speaker-faults"
    folder.mkdir()
    corpus, rng = _corpus(folder), random.Random(0)
    _ended(_started(corpus, folder / "whole", 0.0))
    run, steps = folder / "killed", list[int]()
    for number in range(N_KILLS):
        process = _started(corpus, run, number * YEAR_S)
        _wait_for_step(run, steps[-1] if steps else 0, process)
        process.join(rng.uniform(0, 0.5))
        process.kill()
        process.join()
        steps.append(_last_step(run))
    _ended(_started(corpus, run, N_KILLS * YEAR_S))
    left = [path.name for path in run.rglob(".*") if path.is_file()]
    same = _model(run) == _model(folder / "whole") and not left
    n_in_time = sum(step < ITERATIONS for step in steps)  # the others found it finished
    figures = (figure("SIGKILLs survived", [n_in_time * same], at_least=N_KILLS),)
    about = {
        "steps done when killed": steps,
        "iterations": ITERATIONS,
        "clock": "a year earlier at each start",
        "left over": left,
    }
    return Result("voice2face train voice CORPUS OUT --resume", figures, about)


def _started(corpus: Path, out: Path, back_s: float) -> Any:
    process = get_context("spawn").Process(target=_train, args=(corpus, out, back_s))
    process.start()
    return process


def _ended(process: Any) -> None:
    process.join(PATIENCE_S)
    if process.exitcode != 0:
        process.kill()
        raise RuntimeError(f"a training ended with {process.exitcode}")


def _train(corpus: Path, out: Path, back_s: float) -> None:
    """What the command does, by a clock that is behind."""
    os.environ["OMP_NUM_THREADS"] = "1"
    real = time.time
    time.time = lambda: real() - back_s
    from voice2face.networks.variants import speaker_recipe
    from voice2face.settings import Run, change
    from voice2face.training.speaker.train import train_speaker

    changes = {
        "training.iterations": ITERATIONS, "training.batch_size": 4, "voice_encoder.width": 0.06,
        "training.crop_frames": [40, 60], "training.precision": "fp32",
    }  # fmt: skip
    run = Run(checkpoint_every=EVERY, sample_every=10 * EVERY, log_every=EVERY)
    recipe = change(speaker_recipe("released"), changes)
    train_speaker(corpus, out, recipe, run=run, resume=True, quiet=True)


def _wait_for_step(run: Path, before: int, process: Any) -> None:
    """Until it has gone on, or has ended."""
    end = time.monotonic() + PATIENCE_S
    while _last_step(run) <= before and process.is_alive() and time.monotonic() < end:
        time.sleep(0.05)


def _last_step(run: Path) -> int:
    with contextlib.suppress(OSError, ValueError):
        return max(int(path.stem) for path in (run / "checkpoints").glob("0*.pt"))
    return 0


def _model(run: Path) -> str:
    """Checksum of the network of a run's model."""
    (network,) = (run / "model").glob("*.onnx")
    return hashlib.sha256(network.read_bytes()).hexdigest()


def _corpus(folder: Path) -> Path:
    from voice2face.corpus.prepare import prepare
    from voice2face.synthetic import CohortSettings, write_cohort

    people = CohortSettings(
        n_identities=8, seed=7, clips_per_identity=2, faces_per_identity=0, face_px=16
    )
    write_cohort(folder / "people", people)
    prepare([folder / "people"], folder / "corpus", split="hash:60/20/20")
    return folder / "corpus"
