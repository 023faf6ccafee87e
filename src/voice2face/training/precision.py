"""The precision of a training: the one that is asked for, or the faster on this device.

On a CPU with bfloat16 units a training is quicker in ``bf16`` than in ``fp32``, on one without them
slower. So with ``auto`` a step of each is tried, unless steps are so short that nothing is gained:
then it is ``fp32``, and the same training has the same weights each time.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch

from voice2face.settings import Precision, Recipe, SpeakerRecipe, change, parse_yaml
from voice2face.training import checkpoint
from voice2face.training.checkpoint import say
from voice2face.training.distributed import Team

TRIED_S = 0.3  # for which each precision is tried; one step at least
LEAST_GAIN = 1.1  # times as fast; below it 32 bits, which are exact, are kept
SHORT_S = 0.03  # a step in fp32: of shorter ones a clock tells too little, and 10,000 take minutes

R = TypeVar("R", Recipe, SpeakerRecipe)
Step = Callable[[], object]


def set_arithmetic(device: torch.device, precision: str) -> None:
    """How an NVIDIA GPU computes in 32 bits: exactly if the training is in them, else fast.

    With fp32 products are not rounded to TF32, which PyTorch does in convolutions unless told, and
    convolutions add up in the same order each time, so that a run can be repeated. With bf16
    neither. Settings of the whole process.
    """
    if device.type == "cuda":
        fast = precision == "bf16"
        torch.backends.cuda.matmul.allow_tf32 = fast
        torch.backends.cudnn.allow_tf32 = fast
        torch.backends.cudnn.deterministic = not fast


def settled(
    recipe: R,
    out: Path,
    *,
    resume: bool,
    team: Team,
    trial: Callable[[R], Step],
    quiet: bool = False,
) -> R:
    """The recipe with the precision that its training computes in.

    Args:
        recipe: Recipe with the precision that is asked for.
        out: Folder of the run.
        resume: A run that is in ``out`` keeps what it was started with.
        team: The processes that train together, which all call this; its leader tries.
        trial: Makes a step by a recipe, which changes nothing of the training to come.
        quiet: What is chosen is not said.

    Raises:
        TrainingError: The run's checkpoints are all damaged.
    """
    if recipe.training.precision != "auto":
        return recipe

    def step_in(precision: Precision) -> Step:
        return trial(change(recipe, {"training.precision": precision}))

    chosen = ""
    if team.is_leader:
        chosen = _kept(out) if resume else ""
        chosen = chosen or _faster(team.device, step_in, tells=not quiet)
    return change(recipe, {"training.precision": team.share(chosen.encode()).decode()})


def _kept(out: Path) -> str:
    """The precision of the run that is there; "" where there is none."""
    found = checkpoint.load_last(out / "checkpoints")
    if found is None:
        return ""
    precision = parse_yaml(found[1]["recipe"], out)["training"]["precision"]
    return str(precision) if precision in ("fp32", "bf16") else ""


def _faster(
    device: torch.device, step_in: Callable[[Precision], Step], *, tells: bool
) -> Precision:
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        seconds = {"fp32": _seconds(device, "fp32", step_in)}
        if seconds["fp32"] >= SHORT_S:
            seconds["bf16"] = _seconds(device, "bf16", step_in)
    half = seconds.get("bf16", np.inf) * LEAST_GAIN < seconds["fp32"]
    chosen: Precision = "bf16" if half else "fp32"
    if tells:
        times = ", ".join(f"{name} {s:.3g} s" for name, s in seconds.items())
        say(f"precision {chosen}: a step takes {times} (--precision chooses)")
    return chosen


def _seconds(
    device: torch.device, precision: Precision, step_in: Callable[[Precision], Step]
) -> float:
    """Time of a step once it is warm: the quickest of a few."""
    set_arithmetic(device, precision)
    step, clock = step_in(precision), _clock(device)
    step()  # looks for algorithms, takes memory
    taken: list[float] = []
    while sum(taken) < TRIED_S:
        before = clock()
        step()
        taken.append(clock() - before)
    return min(taken)


def _clock(device: torch.device) -> Callable[[], float]:
    """Seconds of this process' own where it is a processor that computes, which others may use."""
    if device.type == "cpu":
        return time.process_time
    synchronise = getattr(torch, device.type).synchronize

    def now() -> float:
        synchronise()
        return time.perf_counter()

    return now
