"""Checks of a run's numbers: that they are finite, and the same in all processes."""

import hashlib
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from voice2face.errors import TrainingError
from voice2face.settings import parse_yaml
from voice2face.training.checkpoint import State, tensors
from voice2face.training.distributed import Team


class LossWatch:
    """Losses of the steps since the last look, which stay on their device until then.

    Args:
        team: Their means over its processes are looked at.
    """

    def __init__(self, team: Team) -> None:
        self._team = team
        self._names: list[str] = []
        self._last: Tensor | None = None
        self._total: Tensor | None = None  # once a number is not finite, it stays so
        self._n = 0

    def add(self, losses: dict[str, Tensor]) -> None:
        """Take up the losses of one step, each a scalar."""
        self._names = list(losses)
        self._last = torch.stack([loss.detach().float() for loss in losses.values()])
        self._total = self._last if self._total is None else self._total + self._last
        self._n += 1

    def look(self, step: int) -> dict[str, float]:
        """Losses of the last step, the same in all processes.

        Args:
            step: That step.

        Raises:
            TrainingError: One of them was not finite at a step since the last look.
        """
        if self._last is None or self._total is None:
            return {}
        means = self._team.mean(torch.stack([self._last, self._total / self._n]))
        last, over_steps = means.tolist()
        if not all(map(math.isfinite, over_steps)):
            pairs = zip(self._names, over_steps, strict=True)
            terms = ", ".join(f"{name} {value:.4g}" for name, value in pairs)
            steps = f"step {step}" if self._n == 1 else f"steps {step - self._n + 1} to {step}"
            raise _not_finite(steps, f"a loss is not finite ({terms})")
        self._total, self._n = None, 0
        return dict(zip(self._names, last, strict=True))


def check_finite(state: State, step: int) -> None:
    """Refuse a state with numbers that are not finite.

    Raises:
        TrainingError: There is one, after a step whose losses still were finite.
    """
    for name, tensor in tensors(state):
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise _not_finite(f"step {step}", f"{name} is not finite")


def _not_finite(thing: str, found: str) -> TrainingError:
    remedy = "lower the learning rate or use --precision fp32; earlier checkpoints are untouched"
    return TrainingError(thing, found, "finite numbers", remedy)


def digest(state: State) -> bytes:
    """SHA-256 of all tensors of a state, with their places in it."""
    checksum = hashlib.sha256()
    for name, tensor in tensors(state):
        checksum.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
        content = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
        checksum.update(content.numpy().tobytes())
    return checksum.digest()


def place_of(team: Team) -> dict[str, str]:
    """Where a run computes, which decides the last bits of its numbers."""
    kind = team.device.type
    place = {"device": kind, "processes": str(team.world), "torch": str(torch.__version__)}
    if kind == "cuda":
        return place | {"device": f"{kind} ({torch.cuda.get_device_name(team.device)})"}
    return place | {"threads": str(torch.get_num_threads())}


def check_same(out: Path, before: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Refuse to go on with a run that was started otherwise.

    Args:
        out: Folder of the run.
        before: What the run was started with, by name; a recipe is YAML.
        now: What is asked for.

    Raises:
        TrainingError: Something differs; of a recipe the settings are named.
    """
    for name in now:
        if before.get(name) == now[name]:
            continue
        was, asked = _differences(name, before.get(name, "none"), now[name])
        raise TrainingError(
            out, f"was started with {was}", f"the same to go on exactly ({asked} is asked for)",
            "repeat the command that started it, or use another folder",
        )  # fmt: skip


def _differences(name: str, before: str, now: str) -> tuple[str, str]:
    """What differs, as it was and as it is asked for."""
    if name != "recipe":
        return f"another {name} ({_short(before)})", _short(now)
    old, new = (dict(_entries(parse_yaml(text, name))) for text in (before, now))
    paths = [path for path in {**old, **new} if old.get(path) != new.get(path)]
    listed = (", ".join(f"{path} {_short(of.get(path))}" for path in paths) for of in (old, new))
    was, asked = listed
    return f"another recipe ({was})", asked


def _entries(data: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """All settings of nested mappings, by their paths."""
    if not isinstance(data, dict):
        yield prefix, data
        return
    for key, value in data.items():
        yield from _entries(value, f"{prefix}.{key}" if prefix else key)


def _short(text: object) -> str:
    words = str(text)
    return words if len(words) <= 40 else words[:37] + "..."
