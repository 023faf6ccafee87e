"""placeholder"""
import torch
from torch import nn, Tensor
from voice2face.errors import ModelError
def load_ordered(network: nn.Module, tensors: dict[str, Tensor], source: str) -> None:
    """Load tensors by their order, which is that of the released program (names differ)."""
    wanted = network.state_dict()
    found = list(tensors.values())
    if [tuple(t.shape) for t in found] != [tuple(t.shape) for t in wanted.values()]:
        raise ModelError(source, "other shapes", "x", "y")
    network.load_state_dict(dict(zip(wanted, found, strict=True)))
