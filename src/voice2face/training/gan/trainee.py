"""The networks of a face training, stepped, saved and looked at."""

import contextlib
import copy
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from voice2face.files import atomic_write
from voice2face.networks.modules import Generator
from voice2face.runs.readings import READINGS, Alarms, append_readings
from voice2face.settings import Recipe
from voice2face.training.checkpoint import State, say
from voice2face.training.data.batch import Batch
from voice2face.training.data.in_memory import VoiceBank
from voice2face.training.data.source import FaceSource
from voice2face.training.distributed import Team
from voice2face.training.gan.captured import Captured
from voice2face.training.gan.compilation import compile_networks
from voice2face.training.gan.monitors import Monitors
from voice2face.training.gan.samples import SAMPLE_FRAMES, grid, hear_all
from voice2face.training.gan.steps import (
    FaceNetworks,
    iteration,
    make_optimisers,
)
from voice2face.training.precision import set_arithmetic


class FaceTrainee:
    """The networks of a face training, with everything random about them.

    Args:
        data: What batches are drawn from.
        recipe: What to compute.
        encoder: The frozen voice encoder: stretches (batch, frame_dim, frames) → (batch, dim).
        samples: The voices whose faces are looked at.
        seed: Seed of initialisation and drawing.
        team: The processes that train together.
        n_frames: Frames of each of these voices that are heard.
    """

    monitors: Monitors | None = None  # what snapshots are measured by; the leader's

    def __init__(
        self,
        data: FaceSource,
        recipe: Recipe,
        encoder: nn.Module,
        samples: VoiceBank,
        seed: int,
        team: Team,
        n_frames: int = SAMPLE_FRAMES,
    ) -> None:
        torch.manual_seed(seed)
        self.rng = torch.Generator().manual_seed(seed)  # for drawing only
        self.data, self.recipe, self.team, self.device = data, recipe, team, team.device
        self.waited_s = 0.0
        self._alarms: Alarms | None = None
        set_arithmetic(self.device, recipe.training.precision)
        networks = FaceNetworks.make(recipe, encoder, len(data.labels))
        self.networks = networks.to(self.device)
        self.optimisers = make_optimisers(self.networks, recipe)
        self.average = copy.deepcopy(self.networks.generator)
        both = self.average, self.networks.generator
        self._numbers = [_tensors(network, floating=True) for network in both]
        self._counts = [_tensors(network, floating=False) for network in both]
        self._captured: Captured | None = None
        self.is_compiled = False
        self.n_steps = 0
        with torch.no_grad():
            self._sample_embeddings = hear_all(
                self.networks.voice_encoder, samples.to(self.device), n_frames, recipe.embedding
            )

    def step(self) -> dict[str, Tensor]:
        """One iteration on one batch."""
        started = time.perf_counter()
        batch = self.data.draw(self.recipe, self.rng, self.team.rank, self.team.world)
        batch = batch.to(self.device)
        self.waited_s += time.perf_counter() - started
        if self._captured is not None:
            losses = self._captured.iteration(batch, self.n_steps)
        else:
            losses = iteration(
                self.networks, self.optimisers, batch, self.recipe, self.n_steps, self.team
            )
        self.n_steps += 1
        self._follow()
        return losses

    def compile(self) -> None:
        """Try to compile the networks; nothing random is used up by it."""
        batch = _some_batch(self.data, self.recipe, self.team)
        self.is_compiled = compile_networks(self.networks, batch, self.recipe)

    def capture(self) -> None:
        """Launch each step as a whole where that is possible, see :mod:`.captured`."""
        self._captured = Captured.of(self.networks, self.optimisers, self.recipe, self.team)

    @property
    def is_captured(self) -> bool:
        """Whether steps are captured by now."""
        return self._captured is not None and self._captured.is_captured

    def _follow(self) -> None:
        """Move the averaged generator towards the present one."""
        # Early on the average is over fewer steps, or it would keep the initial weights for long.
        decay = min(self.recipe.training.ema_decay, (1 + self.n_steps) / (10 + self.n_steps))
        with torch.no_grad():
            # All tensors in a few kernels, which matters where launching is what takes time.
            mean, now = self._numbers
            torch._foreach_lerp_(mean, now, 1 - decay)
            for count, latest in zip(*self._counts, strict=True):
                count.copy_(latest)

    def state(self) -> State:
        """Networks, optimisers, average, random states, steps."""
        state: State = {
            "networks": {name: net.state_dict() for name, net in self.networks.named().items()},
            "optimisers": {name: o.state_dict() for name, o in self.optimisers.items()},
            "average": self.average.state_dict(),
            "sampler": self.rng.get_state(),
            "torch": torch.get_rng_state(),
            "data": self.data.state(),
            "n_steps": self.n_steps,
        }
        if self.device.type == "cuda":
            state["cuda"] = torch.cuda.get_rng_state(self.device)
        return state

    def load(self, state: State) -> None:
        """Take up a state."""
        for name, net in self.networks.named().items():
            net.load_state_dict(state["networks"][name])
        for name, optimiser in self.optimisers.items():
            optimiser.load_state_dict(state["optimisers"][name])
        self.average.load_state_dict(state["average"])
        self.rng.set_state(state["sampler"])
        torch.set_rng_state(state["torch"])
        self.data.load(state.get("data", {}))
        self.n_steps = state["n_steps"]
        if self.device.type == "cuda" and "cuda" in state:
            torch.cuda.set_rng_state(state["cuda"], self.device)

    def released(self) -> Generator:
        """The generator as it is released: the averaged one, ready for use."""
        released = Generator(self.recipe.generator)
        released.load_state_dict(self.average.state_dict())
        return released.eval()

    def show(self, step: int, out: Path) -> dict[str, float] | None:
        """The same voices' faces each time, as a grid: ``out/samples/STEP.png``; and readings."""
        self.average.eval()
        with torch.no_grad():
            faces = self.average(self._sample_embeddings).float().cpu()
        picture = grid(faces)
        with atomic_write(out / "samples" / f"{step:08d}.png") as path:
            picture.save(path)
        if self.monitors is None:
            return None
        if self._alarms is None:
            self._alarms = Alarms(out / READINGS)
            for name, reason in self.monitors.left_out.items():
                say(f"monitor {name} left out: {reason}")
        with _not_compiled(self.is_compiled):  # for other numbers of faces it compiles again
            readings = self.monitors.measure(self.average, step, self.networks.critics)
        append_readings(out / READINGS, step, readings)
        self._alarms.tell(step, readings)
        return {reading.name: reading.value for reading in readings}


def trial_step(
    data: FaceSource, encoder: nn.Module, team: Team, recipe: Recipe
) -> Callable[[], object]:
    """A step of new networks on one batch, to be timed; ``data`` is afterwards where it was.

    Args:
        data: What batches are drawn from.
        encoder: The frozen voice encoder.
        team: The processes that train together.
        recipe: What to compute.
    """
    batch = _some_batch(data, recipe, team)
    networks = FaceNetworks.make(recipe, encoder, len(data.labels)).to(team.device)
    optimisers = make_optimisers(networks, recipe)
    return lambda: iteration(networks, optimisers, batch, recipe)


def _some_batch(data: FaceSource, recipe: Recipe, team: Team) -> Batch:
    """A batch on the team's device; ``data`` is afterwards where it was."""
    position, rng = data.state(), torch.Generator().manual_seed(0)
    batch = data.draw(recipe, rng, team.rank, team.world)
    data.load(position)
    return batch.to(team.device)


def _tensors(network: Generator, *, floating: bool) -> list[Tensor]:
    """Numbers of a network, or counts of batches."""
    found = network.state_dict().values()
    return [tensor for tensor in found if tensor.is_floating_point() == floating]


def _not_compiled(compiled: bool) -> contextlib.AbstractContextManager[object]:
    return torch.compiler.set_stance("force_eager") if compiled else contextlib.nullcontext()
