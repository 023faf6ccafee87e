"""The refiner as the file that a face space opens."""

from pathlib import Path

import torch
from torch import Tensor, nn

from voice2face.release.exported import export
from voice2face.training.face_space.refiner.network import NOISE, SIDE, Refiner

SEED = 0  # of the noise, which is the same for all faces: a face without chance stays the same


class _Fixed(nn.Module):
    """A refiner with its noise."""

    def __init__(self, refiner: Refiner) -> None:
        super().__init__()
        self.refiner = refiner
        self.noise = fixed_noise()

    def forward(self, picture: Tensor) -> Tensor:
        refined: Tensor = self.refiner(picture, self.noise.expand(picture.shape[0], -1, -1, -1))
        return refined


def fixed_noise() -> Tensor:
    """Shape (1, NOISE, SIDE / 2, SIDE / 2)."""
    seeded = torch.Generator().manual_seed(SEED)
    return torch.randn(1, NOISE, SIDE // 2, SIDE // 2, generator=seeded)


def export_refiner(refiner: Refiner, path: Path) -> None:
    """Write ``picture`` (batch, 4, SIDE, SIDE) → ``refined``, likewise.

    Args:
        refiner: On the processor.
        path: The ``.onnx`` file; an older one is replaced.

    Raises:
        ModelError: It can't be exported.
    """
    seeded = torch.Generator().manual_seed(SEED)
    examples = {"picture": torch.rand(2, 4, SIDE, SIDE, generator=seeded) * 2 - 1}
    plain = Refiner()
    plain.load_state_dict(refiner.state_dict())
    export(_Fixed(plain), examples, path, ["refined"])
