"""Both heads as small networks, trained by how well they tell people apart."""

from typing import Annotated, Literal

import msgspec
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from voice2face.arrays import Float32s
from voice2face.matchers.heads import Head, Matcher
from voice2face.settings import BatchSize, Channels, Count, NotNegative, Positive, Settings, Share
from voice2face.training.matching.closed import Side

Loss = Literal["cca", "contrastive", "fop"]


class MatchingRecipe(Settings, frozen=True, kw_only=True):
    """How heads are trained; all but ``loss`` matters for the losses with a loop alone.

    Chosen on held-out people of AVSpeech.
    """

    loss: Loss = "cca"
    hidden: Channels = 256
    dim: Channels = 128  # of the common space
    dropout: Share = 0.5
    iterations: Count = 200
    batch_size: BatchSize = 256  # people, each with one recording and one picture
    learning_rate: Positive = 1e-3
    weight_decay: NotNegative = 1e-2
    temperature: Annotated[float, msgspec.Meta(gt=0, le=10)] = 0.3
    orthogonal: NotNegative = 1.0  # weight of FOP's second term


class _HeadNetwork(nn.Module):
    """Standardised embeddings to the common space, (n, dim) → (n, k), of length one."""

    def __init__(self, x: Tensor, recipe: MatchingRecipe) -> None:
        super().__init__()
        self.mean, self.scale = x.mean(dim=0), x.std(dim=0) + 1e-6
        self.first = nn.Linear(x.shape[1], recipe.hidden)
        self.second = nn.Linear(recipe.hidden, recipe.dim)
        self.dropout = nn.Dropout(recipe.dropout)

    def forward(self, x: Tensor) -> Tensor:
        hidden = torch.relu(self.first(self.dropout((x - self.mean) / self.scale)))
        return functional.normalize(self.second(self.dropout(hidden)), dim=1)

    def as_head(self) -> Head:
        """The same in NumPy, without dropout; the standardisation is in the first layer."""
        weights = self.first.weight / self.scale  # (hidden, dim)
        offset = self.first.bias - weights @ self.mean
        layers = [(weights.T, offset), (self.second.weight.T, self.second.bias)]
        return Head([(_numbers(w), _numbers(b)) for w, b in layers])


class FusionLoss(nn.Module):
    """Fusion and orthogonal projection: people told apart by voice and face together.

    A gate weighs both and fuses them. The result is classified, and should be alike for one
    person and orthogonal for two.

    Args:
        n_people: People to tell apart.
        recipe: Size of the space, temperature, and weight of the second term.

    Source:
        Saeed et al. 2022, "Fusion and Orthogonal Projection for Improved Face-Voice Association".
    """

    def __init__(self, n_people: int, recipe: MatchingRecipe) -> None:
        super().__init__()
        self.gate = nn.Linear(2 * recipe.dim, recipe.dim)
        self.classes = nn.Linear(recipe.dim, n_people, bias=False)
        self.temperature, self.orthogonal = recipe.temperature, recipe.orthogonal

    def forward(self, voices: Tensor, faces: Tensor, people: Tensor) -> Tensor:
        """Loss of a batch: voices and faces, (n, dim) each, and the person of each, (n,)."""
        share = torch.sigmoid(self.gate(torch.cat([voices, faces], dim=1)))
        mixed = share * torch.tanh(voices) + (1 - share) * torch.tanh(faces)
        fused = functional.normalize(mixed, dim=1)
        cosines, same = fused @ fused.T, people[:, None] == people
        others = same & ~torch.eye(len(people), dtype=torch.bool)
        apart = cosines[~same].mean().abs() if bool((~same).any()) else cosines.new_zeros(())
        alike = 1 - cosines[others].mean() if bool(others.any()) else cosines.new_zeros(())
        told = functional.cross_entropy(self.classes(fused) / self.temperature, people)
        return told + self.orthogonal * (alike + apart)


class ContrastiveLoss(nn.Module):
    """Which of a batch's faces belongs to a voice, and which of its voices to a face.

    Args:
        temperature: Divisor of the cosines.

    Source:
        Sohn 2016 (N pairs), in both directions. DIMNet (Wen et al. 2019) classifies all people of
        the training instead, which with one recording each told fewer held-out people apart.
    """

    def __init__(self, temperature: float) -> None:
        super().__init__()
        self.temperature = temperature

    def forward(self, voices: Tensor, faces: Tensor, people: Tensor) -> Tensor:
        """Loss of a batch: voices and faces, (n, dim) each, and the person of each, (n,)."""
        scores = voices @ faces.T / self.temperature
        same = (people[:, None] == people).float()
        wanted = same / same.sum(dim=1, keepdim=True)
        return functional.cross_entropy(scores, wanted) + functional.cross_entropy(scores.T, wanted)


def train_heads(voices: Side, faces: Side, recipe: MatchingRecipe, seed: int = 0) -> Matcher:
    """Train both heads by ``contrastive`` or ``fop``.

    Each batch draws people, and of each a recording and a picture.

    Args:
        voices: Voices of people who have both, numbered from 0.
        faces: Faces of the same people.
        recipe: How.
        seed: Seed of weights, batches and dropout.
    """
    rng = np.random.default_rng(seed)
    n_people = int(voices.person.max()) + 1
    x, y = (torch.from_numpy(np.asarray(s.embeddings, np.float32)) for s in (voices, faces))
    rows = [[np.flatnonzero(s.person == p) for p in range(n_people)] for s in (voices, faces)]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        heads = [_HeadNetwork(x, recipe), _HeadNetwork(y, recipe)]
        loss: nn.Module = (
            FusionLoss(n_people, recipe)
            if recipe.loss == "fop"
            else ContrastiveLoss(recipe.temperature)
        )
        optimiser = torch.optim.AdamW(
            [p for part in (*heads, loss) for p in part.parameters()],
            lr=recipe.learning_rate, weight_decay=recipe.weight_decay,
        )  # fmt: skip
        for _ in range(recipe.iterations):
            some = rng.permutation(n_people)[: recipe.batch_size]
            picked = [[own[p][rng.integers(len(own[p]))] for p in some] for own in rows]
            made = heads[0](x[picked[0]]), heads[1](y[picked[1]])
            optimiser.zero_grad()
            loss(*made, torch.from_numpy(some)).backward()
            optimiser.step()
    return Matcher(*(head.as_head() for head in heads))


def _numbers(values: Tensor) -> Float32s:
    return np.ascontiguousarray(values.detach().numpy(), np.float32)
