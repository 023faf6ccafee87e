"""Trainees that use AdamW with a learning rate that falls to zero."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from voice2face.training.checkpoint import State
from voice2face.training.distributed import Team


class CosineTrainee:
    """Networks, their optimiser and everything random about them.

    Args:
        networks: Networks by their names in a checkpoint, on their device.
        rng: Random numbers for drawing batches, on the processor.
        learning_rate: Highest rate, from which it falls along half a cosine.
        weight_decay: AdamW's.
        iterations: Steps after which the rate is zero.

    Source:
        Loshchilov and Hutter 2017.
    """

    def __init__(
        self,
        networks: Mapping[str, nn.Module],
        rng: torch.Generator,
        learning_rate: float,
        weight_decay: float,
        iterations: int,
    ) -> None:
        self.rng = rng
        self.parameters = [p for network in networks.values() for p in network.parameters()]
        self.optimiser = torch.optim.AdamW(
            self.parameters, learning_rate, weight_decay=weight_decay, fused=True
        )
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimiser, iterations)
        own = {"optimiser": self.optimiser, "schedule": self.schedule}
        self._kept: dict[str, Any] = {**networks, **own}

    def descend(self, loss: Tensor, team: Team) -> None:
        """Take a step down, by the mean of the gradients of all processes."""
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        team.mean_gradients(self.parameters)
        self.optimiser.step()
        self.schedule.step()

    def state(self) -> State:
        """Networks, optimiser, schedule, random states."""
        state = {name: part.state_dict() for name, part in self._kept.items()}
        return state | {"sampler": self.rng.get_state(), "torch": torch.get_rng_state()}

    def load(self, state: State) -> None:
        """Take up a state."""
        for name, part in self._kept.items():
            part.load_state_dict(state[name])
        self.rng.set_state(state["sampler"])
        if "torch" in state:  # recognisers were once saved without
            torch.set_rng_state(state["torch"])
