"""Flow matching: a network learns how chance moves to become the codes of faces."""

from dataclasses import dataclass
from typing import Annotated

import msgspec
import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from voice2face.arrays import Floats
from voice2face.parts import Arrays
from voice2face.settings import BatchSize, Channels, Count, NotNegative, Positive, Settings, Share
from voice2face.training.flow.network import VelocityNetwork, as_arrays

AVERAGED = 0.999  # share of the averaged weights that remains at each step
LEAST_SPREAD = 1e-3  # of each number of what is known


class FlowTraining(Settings, frozen=True, kw_only=True):
    """Size of the network and length of its training.

    Attributes:
        width: Numbers inside.
        n_blocks: Residual blocks.
        hidden: Numbers that say what time it is and what is known.
        dropout: Share of a block's inner numbers left out in training.
        steps: Steps.
        batch_size: Faces in a step.
        learning_rate: The highest; it rises for a tenth of the steps and then falls to zero.
        weight_decay: AdamW's.
        blur: Chance added to codes, in their spreads: so that no face is learned by heart.
        known_blur: Chance added to what is known, in its spreads: so that it is no name by which a
            face is learned by heart.
        forgotten: Share of faces of which the network is not to know anything; guidance needs it.
    """

    width: Channels = 256
    n_blocks: Annotated[int, msgspec.Meta(ge=1, le=100)] = 3
    hidden: Channels = 128
    dropout: Share = 0.1
    steps: Count = 2500
    batch_size: BatchSize = 256
    learning_rate: Positive = 1e-3
    weight_decay: NotNegative = 1e-2
    blur: NotNegative = 0.15
    known_blur: NotNegative = 0.0
    forgotten: Share = 0.15


@dataclass(frozen=True, eq=False)
class Faces:
    """Faces to learn from.

    Attributes:
        codes: Codes of mean 0 and spread 1 by and large, shape (n, code).
        known: What is known of each, shape (n, known).
        weight: How often each is shown, relative to the others, shape (n,).
        matters: How much an error in each number of a code counts, shape (code,).
    """

    codes: Floats
    known: Floats
    weight: Floats
    matters: Floats


def train_flow(faces: Faces, training: FlowTraining, seed: int, title: str = "flow") -> Arrays:
    """Train a flow; the same on the same machine for the same seed.

    Args:
        faces: What is learned from.
        training: How.
        seed: Seed of the first weights and of what is drawn.
        title: Title of the progress bar.

    Returns:
        The arrays of :class:`voice2face.generators.velocity.Velocity`.

    Source:
        Lipman et al. 2023: straight paths; times near the middle more often (Esser et al. 2024).
    """
    middle = np.average(faces.known, axis=0, weights=faces.weight)
    spread = np.sqrt(np.average((faces.known - middle) ** 2, axis=0, weights=faces.weight))
    spread = np.maximum(spread, LEAST_SPREAD)
    codes = torch.tensor(faces.codes, dtype=torch.float32)
    known = torch.tensor((faces.known - middle) / spread, dtype=torch.float32)
    chance = torch.tensor(faces.weight / faces.weight.sum(), dtype=torch.float64)
    matters = torch.tensor(faces.matters / faces.matters.mean(), dtype=torch.float32)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # first weights, and what is left out
        n_code, n_known = codes.shape[1], known.shape[1]
        size = n_code, n_known, training.width, training.n_blocks, training.hidden
        network, kept = (VelocityNetwork(*size, training.dropout) for _ in range(2))
        kept.load_state_dict(network.state_dict())
        learner = _Learner(network, kept, training)
        for step in tqdm(range(training.steps), desc=title, unit="step", disable=None):
            rows = torch.multinomial(chance, training.batch_size, replacement=True)
            learner.step(step, codes[rows], known[rows], matters)
    return as_arrays(kept) | {
        "flow_condition_mean": middle.astype(np.float32),
        "flow_condition_scale": spread.astype(np.float32),
    }


class _Learner:
    """The network in training, and the running mean of its weights that is kept."""

    def __init__(
        self, network: VelocityNetwork, kept: VelocityNetwork, training: FlowTraining
    ) -> None:
        self._network, self._kept, self._training = network, kept, training
        rate = training.learning_rate
        self._optimizer = torch.optim.AdamW(
            network.parameters(), rate, weight_decay=training.weight_decay
        )
        self._schedule = torch.optim.lr_scheduler.OneCycleLR(
            self._optimizer, rate, max(2, training.steps), pct_start=0.1
        )

    def step(self, number: int, codes: Tensor, known: Tensor, matters: Tensor) -> None:
        """Learn from some faces."""
        n, training = len(codes), self._training
        faces = codes + training.blur * torch.randn_like(codes)
        start = torch.randn_like(faces)
        known = known + training.known_blur * torch.randn_like(known)
        time = torch.sigmoid(torch.randn(n))
        between = start + time[:, None] * (faces - start)
        is_known = (torch.rand(n) >= training.forgotten).float()
        error = self._network(between, time, known, is_known) - (faces - start)
        loss = (error**2 * matters).mean()
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self._optimizer.step()
        self._schedule.step()
        share = 1 - min(AVERAGED, (1 + number) / (10 + number))
        with torch.no_grad():
            for mean, now in zip(self._kept.parameters(), self._network.parameters(), strict=True):
                mean.lerp_(now, share)
