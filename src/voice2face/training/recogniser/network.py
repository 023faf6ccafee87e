"""A face recogniser: strided convolutions to a vector, and a direction for each known person.

It has nothing in common with the critics that a generator learns from: it halves the picture at
once, normalises every batch, and tells people by angles.
"""

from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from voice2face.networks.modules import scaled, unit
from voice2face.settings import BatchSize, Channels, Count, NotNegative, Positive, Settings, Width

LAST_PX = 4  # side of the map that one convolution turns into the vector
FIRST_CHANNELS, MOST_CHANNELS = 32, 128  # at full width


class RecogniserRecipe(Settings, frozen=True, kw_only=True):
    """Everything that decides what a recogniser's training computes, but for data and seed."""

    width: Width = 0.5  # share of the channels
    embedding_dim: Channels = 64
    iterations: Count = 600
    batch_size: BatchSize = 64
    learning_rate: Positive = 2e-3
    weight_decay: NotNegative = 5e-4
    # Cosines are scaled before the softmax, and a face's cosine to its own person is lowered by the
    # margin while training (Wang et al. 2018, "CosFace").
    scale: Positive = 16.0
    margin: NotNegative = 0.2


class Recogniser(nn.Module):
    """Face to vector, and its cosines to the directions of known people.

    Args:
        recipe: Widths.
        face_px: Side of a face, more than 4.
        n_people: How many are known.
    """

    def __init__(self, recipe: RecogniserRecipe, face_px: int, n_people: int) -> None:
        super().__init__()
        self.face_px, self.scale = face_px, recipe.scale
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        n_in, px, full = 3, face_px, FIRST_CHANNELS
        while px > LAST_PX:
            n_out, px = scaled(full, recipe.width), (px + 1) // 2
            layers.update(_convolution(f"half{px}", n_in, n_out, stride=2))
            if n_in > 3:  # where the map is widest, a second convolution costs most
                layers.update(_convolution(f"same{px}", n_out, n_out, stride=1))
            n_in, full = n_out, min(full + FIRST_CHANNELS, MOST_CHANNELS)
        layers["embed"] = nn.Conv2d(n_in, recipe.embedding_dim, px, bias=False)
        # Around zero, so that cosines of different people are too.
        layers["embed_norm"] = nn.BatchNorm2d(recipe.embedding_dim, affine=False)
        self.layers = nn.Sequential(layers)
        self.people = nn.Parameter(torch.randn(n_people, recipe.embedding_dim))

    def embed(self, faces: Tensor) -> Tensor:
        """Vectors of length one, (batch, embedding_dim), of faces, (batch, 3, px, px) in [-1, 1].

        In use it is the mean over the face and its mirror image.
        """
        if self.training:
            return unit(self.layers(faces).flatten(1))
        both = self.layers(torch.cat((faces, faces.flip(3)))).flatten(1)
        return unit(both.unflatten(0, (2, -1)).mean(dim=0))

    def forward(self, faces: Tensor) -> Tensor:
        """Cosines of faces to people: (batch, n_people)."""
        return self.cosines(self.embed(faces))

    def cosines(self, vectors: Tensor) -> Tensor:
        """Cosines of vectors of length one to people: (batch, dim) → (batch, n_people)."""
        return vectors @ unit(self.people).T

    def loss(self, cosines: Tensor, labels: Tensor, margin: float) -> Tensor:
        """Cross-entropy of scaled cosines, those to the true people lowered by a margin."""
        lowered = cosines - margin * F.one_hot(labels, cosines.shape[1])
        return F.cross_entropy(self.scale * lowered, labels)


def _convolution(name: str, n_in: int, n_out: int, stride: int) -> dict[str, nn.Module]:
    return {
        # No bias: the batch normalisation that follows has its own.
        name: nn.Conv2d(n_in, n_out, 3, stride, padding=1, bias=False),
        f"{name}_norm": nn.BatchNorm2d(n_out),
        f"{name}_relu": nn.ReLU(inplace=True),
    }
