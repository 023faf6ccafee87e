"""Checks of a run's numbers: that they are finite, and the same in all processes."""

import hashlib
import math

import torch
from torch import Tensor

from voice2face.errors import TrainingError
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
