"""Training of the refiner: differences in the picture, and a critic of patches.

Source:
    Isola et al. 2017 (picture to picture with a critic of patches); Lim and Ye 2017 (hinge);
    Mescheder, Geiger and Nowozin 2018 (the gradient at real pictures kept small); Zhao et al. 2020
    (the same random changes before the critic, of real and made pictures).
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from voice2face.files import atomic_write
from voice2face.training.face_space.refiner.network import NOISE, SIDE, Critic, Refiner
from voice2face.training.face_space.refiner.pairs import Pairs

STEEPEST = 1.0  # norm of the refiner's gradient

Report = Callable[[int, dict[str, float]], None]


@dataclass(frozen=True)
class Recipe:
    """How a refiner is trained.

    Attributes:
        steps: Steps of the optimiser.
        portraits: Pairs of a batch with all that surrounds the face.
        faces: Pairs of which only the face is known.
        nobody: Faces of nobody.
        rate: Of the refiner; Adam's.
        critic_rate: Of the critic.
        picture: Weight of the mean difference of pixels.
        edges: Of the differences between neighbours.
        coarse: Of what changes in blocks of 8 pixels against the picture given.
        judged: Of the critic's judgement, from ``judged_from`` on.
        judged_from: Step.
        gradient: Of the squared gradient of the critic at real pictures.
        gradient_every: Steps between these.
        averaging: Decay of the average of the weights that is released.
        bf16: Convolutions in 16 bits.
    """

    steps: int = 4000
    portraits: int = 3
    faces: int = 1
    nobody: int = 2
    rate: float = 5e-4
    critic_rate: float = 5e-4
    picture: float = 3.0
    edges: float = 3.0
    coarse: float = 8.0
    judged: float = 0.3
    judged_from: int = 100
    gradient: float = 0.2
    gradient_every: int = 16
    averaging: float = 0.99
    bf16: bool = True


class Training:
    """A training that can be stopped and taken up again.

    Args:
        recipe: How.
        pairs: What is learned from.
        blend: How much of each pixel is the face's, (SIDE, SIDE).
        seed: Of all that is drawn.
    """

    def __init__(
        self, recipe: Recipe, pairs: Pairs, blend: npt.NDArray[np.float32], seed: int = 0
    ) -> None:
        torch.manual_seed(seed)
        self._recipe, self._pairs = recipe, pairs
        self._blend = torch.from_numpy(blend)[None, None]
        self._rng = np.random.default_rng(seed)
        self.step = 0
        self.refiner, self.average, self._critic = Refiner(), Refiner(), Critic()
        self.average.load_state_dict(self.refiner.state_dict())
        for network in (self.refiner, self.average, self._critic):
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._adam = torch.optim.Adam(self.refiner.parameters(), recipe.rate, (0.5, 0.99))
        self._critic_adam = torch.optim.Adam(
            self._critic.parameters(), recipe.critic_rate, (0.5, 0.99)
        )
        rows = np.arange(len(pairs.of))
        self._kinds = [
            rows[pairs.whole], rows[~pairs.whole & (pairs.of >= 0)], rows[pairs.of < 0]
        ]  # fmt: skip

    def run(self, folder: Path, every: int, report: Report, until: int | None = None) -> None:
        """Train to the recipe's last step; a checkpoint now and then.

        Args:
            folder: Where ``checkpoint.pt`` lies, which is taken up if it is there.
            every: Steps between checkpoints.
            report: Told the step and the losses, at each of them.
            until: Step to stop at; the recipe's last one if not given.
        """
        path = folder / "checkpoint.pt"
        if path.exists():
            self._load(torch.load(path, weights_only=True))
        sums: dict[str, float] = {}
        started = time.process_time()
        last = self._recipe.steps if until is None else until
        while self.step < last:
            for name, value in self._one().items():
                sums[name] = sums.get(name, 0.0) + value / every
            self.step += 1
            if self.step % every == 0 or self.step == last:
                with atomic_write(path) as temporary:
                    torch.save(self._state(), temporary)
                report(self.step, sums | {"processor s a step": (time.process_time() - started)})
                sums, started = {}, time.process_time()

    def _one(self) -> dict[str, float]:
        """One step of the critic and one of the refiner."""
        recipe = self._recipe
        rate = min(1.0, 4 * (1 - self.step / recipe.steps))  # the last quarter cools down
        for adam, base in ((self._adam, recipe.rate), (self._critic_adam, recipe.critic_rate)):
            adam.param_groups[0]["lr"] = rate * base
        rows = self._rows()
        given, real = (self._tensor(a) for a in (self._pairs.drawn[rows], self._real(rows)))
        flip = self._rng.random(len(rows)) < 0.5
        given[flip], real[flip] = given[flip].flip(-1), real[flip].flip(-1)
        noise = torch.randn(len(rows), NOISE, SIDE // 2, SIDE // 2)
        with self._low():
            made = self.refiner(given, noise)
        made = made.float()
        losses = self._differences(rows, given, real, made)
        total = sum(losses.values(), torch.zeros(()))
        told = {name: float(value.detach()) for name, value in losses.items()}
        if self.step >= recipe.judged_from:
            told |= self._teach_critic(made.detach()[:, :3])
            self._critic.requires_grad_(False)
            with self._low():
                scores = self._critic(changed(made[:, :3], self._rng))
            self._critic.requires_grad_(True)
            total = total - recipe.judged * scores.float().mean()
        self._adam.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.refiner.parameters(), STEEPEST)
        self._adam.step()
        with torch.no_grad():
            decay = min(recipe.averaging, (1 + self.step) / (10 + self.step))
            pairs = zip(self.average.parameters(), self.refiner.parameters(), strict=True)
            for kept, now in pairs:
                kept.lerp_(now, 1 - decay)
        return told

    def _differences(
        self, rows: npt.NDArray[np.int64], given: Tensor, real: Tensor, made: Tensor
    ) -> dict[str, Tensor]:
        """Losses on the picture."""
        recipe = self._recipe
        near = torch.from_numpy(self._pairs.near[rows]) ** 2
        known = near[:, None, None, None] * torch.ones_like(real[:, :1])
        inner = torch.from_numpy(~self._pairs.whole[rows])
        known[inner] = known[inner] * self._blend
        off = known * (made - real)
        across, down = off[..., 1:] - off[..., :-1], off[..., 1:, :] - off[..., :-1, :]
        coarse = F.avg_pool2d(made - given, 8)
        return {
            "picture": recipe.picture * off.abs().mean(),
            "edges": recipe.edges * (across.abs().mean() + down.abs().mean()),
            "coarse": recipe.coarse * coarse[:, :3].abs().mean(),
        }

    def _teach_critic(self, made: Tensor) -> dict[str, float]:
        recipe, pairs = self._recipe, self._pairs
        rows = self._rng.choice(pairs.photographs, len(made), p=pairs.weight)
        real = self._tensor(pairs.real[rows])[:, :3]
        flip = self._rng.random(len(rows)) < 0.5
        real[flip] = real[flip].flip(-1)
        both = torch.cat([changed(real, self._rng), changed(made, self._rng)])
        with self._low():
            scores = self._critic(both)
        of_real, of_made = scores.float().chunk(2)
        loss = F.relu(1 - of_real).mean() + F.relu(1 + of_made).mean()
        if self.step % recipe.gradient_every == 0:
            half = real[: len(real) // 2].clone().requires_grad_(True)
            (slope,) = torch.autograd.grad(self._critic(half).sum(), half, create_graph=True)
            size = slope.square().sum(dim=(1, 2, 3)).mean() / (SIDE / 8) ** 2
            loss = loss + recipe.gradient * recipe.gradient_every / 2 * size
        self._critic_adam.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._critic_adam.step()
        return {
            "score of real": float(of_real.detach().mean()),
            "score of made": float(of_made.detach().mean()),
        }

    def _rows(self) -> npt.NDArray[np.int64]:
        """Of each kind women and men alike."""
        recipe = self._recipe
        numbers = recipe.portraits, recipe.faces, recipe.nobody
        rows = [
            self._rng.choice(kind[self._pairs.male[kind] == men])
            for kind, n in zip(self._kinds, numbers, strict=True)
            for men in self._rng.random(n) < 0.5
        ]
        return np.array(rows)

    def _real(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        of = self._pairs.of[rows]
        there = (of >= 0)[:, None, None, None]
        return np.where(there, self._pairs.real[of], self._pairs.drawn[rows])

    def _tensor(self, pictures: npt.NDArray[np.uint8]) -> Tensor:
        """(n, channels, SIDE, SIDE) in [-1, 1]."""
        return torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1

    def _low(self) -> torch.autocast:
        return torch.autocast("cpu", torch.bfloat16, enabled=self._recipe.bf16)

    def _state(self) -> dict[str, Any]:
        return {
            "recipe": asdict(self._recipe), "step": self.step,
            "refiner": self.refiner.state_dict(), "average": self.average.state_dict(),
            "critic": self._critic.state_dict(), "adam": self._adam.state_dict(),
            "critic_adam": self._critic_adam.state_dict(), "torch": torch.get_rng_state(),
            "numpy": {k: str(v) for k, v in self._rng.bit_generator.state["state"].items()},
        }  # fmt: skip

    def _load(self, state: dict[str, Any]) -> None:
        self.step = state["step"]
        self.refiner.load_state_dict(state["refiner"])
        self.average.load_state_dict(state["average"])
        self._critic.load_state_dict(state["critic"])
        self._adam.load_state_dict(state["adam"])
        self._critic_adam.load_state_dict(state["critic_adam"])
        torch.set_rng_state(state["torch"])
        numbers = {k: int(v) for k, v in state["numpy"].items()}
        self._rng.bit_generator.state = {**self._rng.bit_generator.state, "state": numbers}


def changed(pictures: Tensor, rng: np.random.Generator) -> Tensor:
    """Pictures a little moved, lighter or darker, and of another tint, each by chance."""
    n = len(pictures)
    shift = rng.integers(-4, 5, (n, 2))
    padded = F.pad(pictures, (4, 4, 4, 4), mode="replicate")
    moved = torch.stack([
        one[:, 4 + y : 4 + y + SIDE, 4 + x : 4 + x + SIDE]
        for one, (y, x) in zip(padded, shift.tolist(), strict=True)
    ])  # fmt: skip
    gain = torch.from_numpy(np.exp(0.15 * rng.standard_normal((n, 1, 1, 1))).astype(np.float32))
    tint = torch.from_numpy(0.04 * rng.standard_normal((n, 3, 1, 1)).astype(np.float32))
    return (moved + 1) * gain - 1 + tint
