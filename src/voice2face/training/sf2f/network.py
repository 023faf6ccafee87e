"""SF2F's generator in torch: a coarse face first, then a fine one that adds to it."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LEAK = 0.1  # as in the paper's program
LAST = 8  # channels before colours
# A face is this many times as wide as the map that an embedding is laid out on. On a smaller map
# the hair is learned early, but the features of the face, which are finer, late.
SIDES = 4


class CoarseToFine(nn.Module):
    """Embedding to faces of two sizes, each the mean face and what the voice adds to it.

    Maps are upsampled and convolved, as in the paper. Nothing rearranges channels as pixels or has
    a stride, which would leave a grid in the faces.

    Args:
        mean: Mean face, shape (3, px, px); px is a multiple of 4.
        dim: Numbers of an embedding.
        channels: Channels of the coarse face's maps; the fine one's have half as many.
    """

    def __init__(self, mean: Tensor, dim: int, channels: int) -> None:
        super().__init__()
        side, fine = mean.shape[-1] // SIDES, max(channels // 2, 1)
        self.side = side
        self.mean = nn.Buffer(mean[None])
        self.coarse_mean = nn.Buffer(halved(mean[None]))
        self.enter = nn.Linear(dim, channels * side**2)
        self.low = nn.Sequential(_convolution(channels, channels), _convolution(channels, channels))
        self.to_coarse = _to_pixels(channels)
        self.high = nn.Sequential(
            nn.Upsample(scale_factor=2, mode="bilinear"), _convolution(channels, fine)
        )
        self.to_fine = _to_pixels(fine + 3)

    def coarse(self, embeddings: Tensor) -> Tensor:
        """The coarse faces alone: (batch, dim) → (batch, 3, px / 2, px / 2)."""
        return self.coarse_mean + self.to_coarse(self._maps(embeddings))  # type: ignore[no-any-return]

    def forward(self, embeddings: Tensor) -> tuple[Tensor, Tensor]:
        """(batch, dim) → (batch, 3, px / 2, px / 2) and (batch, 3, px, px)."""
        low = self._maps(embeddings)
        added = self.to_coarse(low)
        high = torch.cat((self.high(low), added), dim=1)
        finer = F.interpolate(added, scale_factor=2.0, mode="bilinear") + self.to_fine(high)
        return self.coarse_mean + added, self.mean + finer

    def _maps(self, embeddings: Tensor) -> Tensor:
        """(batch, dim) → (batch, channels, px / 4, px / 4)."""
        maps = self.enter(embeddings).unflatten(1, (-1, self.side, self.side))
        return self.low(maps)  # type: ignore[no-any-return]


class FineFace(nn.Module):
    """The fine face alone, as a model needs it.

    Args:
        generator: Trained.
    """

    def __init__(self, generator: CoarseToFine) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, embeddings: Tensor) -> Tensor:
        """(batch, dim) → (batch, 3, px, px)."""
        fine: Tensor = self.generator(embeddings)[1]
        return fine


def halved(faces: Tensor) -> Tensor:
    """Faces of half the size: (batch, 3, px, px) → (batch, 3, px / 2, px / 2)."""
    return F.avg_pool2d(faces, 2)


def _convolution(n_in: int, n_out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, 3, padding=1, bias=False),
        nn.BatchNorm2d(n_out),
        nn.LeakyReLU(LEAK),
    )


def _to_pixels(n_in: int) -> nn.Sequential:
    """A face of twice the side of the maps; nothing at first."""
    convolution = nn.Conv2d(LAST, 3, 3, padding=1)
    nn.init.zeros_(convolution.weight)
    assert convolution.bias is not None
    nn.init.zeros_(convolution.bias)
    return nn.Sequential(
        nn.Conv2d(n_in, LAST, 3, padding=1),
        nn.LeakyReLU(LEAK),
        nn.Upsample(scale_factor=2, mode="bilinear"),
        convolution,
    )
