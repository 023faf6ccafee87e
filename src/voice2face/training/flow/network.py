"""The network behind a flow (torch); its arrays are :mod:`voice2face.generators.velocity`'s."""

import math

import numpy as np
import torch
from torch import Tensor, nn

from voice2face.arrays import Float16s
from voice2face.generators.velocity import EPSILON, FASTEST, FREQUENCIES
from voice2face.parts import Arrays


class Block(nn.Module):
    """A residual block of two layers, tuned by time and by what is known.

    Args:
        width: Numbers in and out.
        hidden: Numbers that tune it.
        dropout: Share of the inner numbers left out in training.
    """

    def __init__(self, width: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.tuned = nn.Linear(hidden, 3 * width)
        self.norm = nn.LayerNorm(width, EPSILON, elementwise_affine=False)
        self.first, self.second = nn.Linear(width, width), nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)
        for layer in (self.tuned, self.second):  # at first the block changes nothing
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor, hidden: Tensor) -> Tensor:
        """(n, width) and (n, hidden) to (n, width)."""
        shift, scale, gate = self.tuned(hidden).chunk(3, dim=1)
        inner = nn.functional.silu(self.first(self.norm(x) * (1 + scale) + shift))
        changed: Tensor = x + (1 + gate) * self.second(self.dropout(inner))
        return changed


class VelocityNetwork(nn.Module):
    """Velocities of codes on their way from chance to faces.

    Args:
        code_dim: Numbers of a code.
        known_dim: Numbers known of a face.
        width: Numbers inside.
        n_blocks: Residual blocks.
        hidden: Numbers that say what time it is and what is known.
        dropout: Share of a block's inner numbers left out in training.
    """

    rates: Tensor

    def __init__(
        self, code_dim: int, known_dim: int, width: int, n_blocks: int, hidden: int, dropout: float
    ) -> None:
        super().__init__()
        self.clues = nn.Linear(FREQUENCIES + known_dim + 1, hidden)
        self.enter, self.leave = nn.Linear(code_dim, width), nn.Linear(width, code_dim)
        self.blocks = nn.ModuleList(Block(width, hidden, dropout) for _ in range(n_blocks))
        rates = torch.exp(torch.linspace(0, math.log(FASTEST), FREQUENCIES // 2))
        self.register_buffer("rates", rates, persistent=False)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def forward(self, code: Tensor, time: Tensor, known: Tensor, is_known: Tensor) -> Tensor:
        """Velocities, shape (n, code_dim).

        Args:
            code: Shape (n, code_dim).
            time: From 0, chance, to 1, a face, shape (n,).
            known: Standardised, shape (n, known_dim).
            is_known: 1, or 0 where the network is not to know, shape (n,).
        """
        turned = time[:, None] * self.rates
        flag = is_known[:, None]
        clues = torch.cat([turned.sin(), turned.cos(), known * flag, flag], dim=1)
        hidden = nn.functional.silu(self.clues(clues))
        x = self.enter(code)
        for block in self.blocks:
            x = block(x, hidden)
        velocity: Tensor = self.leave(x)
        return velocity


def as_arrays(network: VelocityNetwork) -> Arrays:
    """Its weights, in half precision, as a part's file holds them."""
    layers = {name: getattr(network, name) for name in ("clues", "enter", "leave")}
    arrays: Arrays = {}
    for name, layer in layers.items():
        arrays[f"flow_{name}"] = _numbers(layer.weight.T)
        arrays[f"flow_{name}_bias"] = _numbers(layer.bias)
    for name in ("tuned", "first", "second"):
        stack = [getattr(block, name) for block in network.blocks]
        arrays[f"flow_{name}"] = np.stack([_numbers(layer.weight.T) for layer in stack])
        arrays[f"flow_{name}_bias"] = np.stack([_numbers(layer.bias) for layer in stack])
    return arrays


def _numbers(weights: Tensor) -> Float16s:
    return weights.detach().numpy().astype(np.float16)
