"""One way of taking training steps on a device, timed in a process of its own.

``python -m benchmarks.gpu_steps WAY ANSWER.json --scale '{"device": "cuda"}'``; ``training_gpu``
starts one for each way.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import typer

from benchmarks.gpu_plain import plain_steps
from benchmarks.gpu_scale import Scale, made_data
from voice2face.networks.modules import VoiceEncoder
from voice2face.training.data.in_memory import VoiceBank
from voice2face.training.distributed import solo
from voice2face.training.gan.trainee import FaceTrainee
from voice2face.training.run_state import LossWatch

LOOK_EVERY = 10  # steps, as the loop does by default


@dataclass(frozen=True)
class Way:
    """How steps are taken; all but the first two are the project's.

    Attributes:
        says: In words.
        plain: The recipe as docs/method.md says that the released program works.
        loads: With the plain recipe: a loading process, else one batch again and again.
        precision: Precision of the recipe.
        tf32: Products in 32 bits rounded; None: as the training sets it.
        search: cuDNN looks for its fastest convolutions.
        compiled: ``torch.compile``.
        captured: One CUDA graph a step.
    """

    says: str
    plain: bool = False
    loads: bool = False
    precision: str = "fp32"
    tf32: bool | None = None
    search: bool = False
    compiled: bool = False
    captured: bool = False


WAYS: dict[str, Way] = {
    "plain": Way("plain recipe, fp32, one loading worker", plain=True, loads=True, tf32=False),
    "plain-tf32": Way("the same, all products in TF32", plain=True, loads=True, tf32=True),
    "plain-step": Way("plain recipe, fp32, its step alone", plain=True, tf32=False),
    "fp32": Way("fp32"),
    "tf32": Way("fp32, products in TF32", tf32=True),
    "bf16": Way("bf16, as --precision bf16", precision="bf16"),
    "bf16-search": Way("bf16, cuDNN's search", precision="bf16", search=True),
    "bf16-compiled": Way("bf16, torch.compile", precision="bf16", compiled=True),
    "bf16-graph": Way("bf16, one graph", precision="bf16", captured=True),
    "bf16-search-graph": Way("bf16, search, graph", precision="bf16", search=True, captured=True),
    "bf16-all": Way(
        "bf16, torch.compile, search, graph",
        precision="bf16",
        search=True,
        compiled=True,
        captured=True,
    ),
}


def own_trainee(scale: Scale, way: Way) -> FaceTrainee:
    """The project's, as ``train face`` makes it."""
    device = torch.device(scale.device)
    data = made_data(scale).to(device)
    torch.manual_seed(0)
    encoder = VoiceEncoder(scale.voice).eval()
    samples = VoiceBank.of([np.zeros((scale.frames[0], scale.voice.n_mels))], np.zeros(1, np.int64))
    chosen = scale.recipe(way.precision)
    trainee = FaceTrainee(data, chosen, encoder, samples, 0, solo(device))
    if way.compiled:
        trainee.compile()
    if way.captured:
        trainee.capture()
    return trainee


def measure(name: str, scale: Scale, *, profile: bool = False) -> dict[str, Any]:
    """Blocks of steps; seconds a step by the clock, and of the processor's launching alone."""
    way, device = WAYS[name], torch.device(scale.device)
    trainee = None if way.plain else own_trainee(scale, way)
    _set(way)
    steps = plain_steps(scale, loads=way.loads) if trainee is None else _own_steps(trainee)
    for _ in range(scale.warm_up):
        next(steps)()
    _reset_peak(device)
    blocks = [_block(steps, scale.steps, device) for _ in range(scale.blocks)]
    found: dict[str, Any] = {
        "says": way.says,
        "s": [whole for whole, _ in blocks],
        "launched_s": [launched for _, launched in blocks],
        "peak_mb": _peak_mb(device),
        "device": device_name(device),
    }
    if trainee is not None:
        found["captured"] = trainee.is_captured
        found["compiled"] = trainee.is_compiled
    if profile:
        found["kernels"] = _kernels(steps, device)
    return found


def _own_steps(trainee: FaceTrainee) -> Iterator[Callable[[], object]]:
    watch = LossWatch(trainee.team)

    def step() -> None:
        watch.add(trainee.step())
        if trainee.n_steps % LOOK_EVERY == 0:
            watch.look(trainee.n_steps)

    while True:
        yield step


def _set(way: Way) -> None:
    torch.backends.cudnn.benchmark = way.search
    if way.tf32 is not None:
        torch.backends.cuda.matmul.allow_tf32 = way.tf32
        torch.backends.cudnn.allow_tf32 = way.tf32
        torch.backends.cudnn.deterministic = False


def _block(
    steps: Iterator[Callable[[], object]], n: int, device: torch.device
) -> tuple[float, float]:
    _finish(device)
    start = time.perf_counter()
    for _ in range(n):
        next(steps)()
    launched = time.perf_counter() - start
    _finish(device)
    return (time.perf_counter() - start) / n, launched / n


def _kernels(steps: Iterator[Callable[[], object]], device: torch.device) -> list[dict[str, Any]]:
    """What takes longest of ten steps, and how often a step it is launched."""
    from torch.profiler import ProfilerActivity

    n, cuda = 10, device.type == "cuda"
    kinds = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if cuda else [])]
    with torch.profiler.profile(activities=kinds) as profiler:
        for _ in range(n):
            next(steps)()
        _finish(device)
    took = "self_device_time_total" if cuda else "self_cpu_time_total"
    rows = sorted(profiler.key_averages(), key=lambda row: -getattr(row, took))[:15]
    return [
        {"name": row.key[:80], "us": round(getattr(row, took) / n, 1), "times": row.count / n}
        for row in rows
    ]


def rates(scale: Scale) -> dict[str, float]:
    """What the device can do: multiply-adds a second by precision, bytes a second copied.

    Bytes that are read and bytes that are written count both.
    """
    device, n = torch.device(scale.device), scale.matrix
    found: dict[str, float] = {}
    for name, dtype, tf32 in (
        ("bf16", torch.bfloat16, False),
        ("tf32", torch.float32, True),
        ("fp32", torch.float32, False),
    ):
        torch.backends.cuda.matmul.allow_tf32 = tf32
        left, right = (torch.randn(n, n, device=device).to(dtype) for _ in range(2))
        found[name] = n**3 / _best_s(lambda a=left, b=right: a @ b, device)  # type: ignore[misc]
    source = torch.randn(scale.copied_mb * 250_000, device=device)
    target = torch.empty_like(source)
    moved = 2 * source.numel() * source.element_size()
    found["bytes"] = moved / _best_s(lambda: target.copy_(source), device)
    return found


def _best_s(call: Callable[[], object], device: torch.device, n: int = 10) -> float:
    """The fastest of three series of calls, in seconds a call."""
    took = []
    for _ in range(4):  # the first is a warm-up
        _finish(device)
        start = time.perf_counter()
        for _ in range(n):
            call()
        _finish(device)
        took.append((time.perf_counter() - start) / n)
    return min(took[1:])


def device_name(device: torch.device) -> str:
    """As its maker calls it."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def _finish(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _reset_peak(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def _peak_mb(device: torch.device) -> float | None:
    """Most of the card's memory that tensors have held since the warm-up, in 10^6 bytes."""
    return torch.cuda.max_memory_allocated(device) / 1e6 if device.type == "cuda" else None


def main(way: str, answer: Path, scale: str = "{}", profile: bool = False) -> None:
    chosen = Scale(**json.loads(scale))
    if chosen.device == "cpu":
        torch.set_num_threads(1)
    found = rates(chosen) if way == "rates" else measure(way, chosen, profile=profile)
    answer.write_text(json.dumps(found | {"scale": asdict(chosen)}), "utf-8")


if __name__ == "__main__":
    typer.run(main)
