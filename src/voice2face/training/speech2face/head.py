"""Training of the head that tells a recogniser's feature from a voice, by Speech2Face's loss.

It starts from the ridge regression of the features on the embeddings, which the loss then has to
improve on for people held out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import msgspec
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from voice2face.arrays import Bools, Float32s, Floats, Int64s
from voice2face.evaluation.statistics.ridge import STRENGTHS, LinearMap, ridges_of
from voice2face.evaluation.training_people import person_weights
from voice2face.parts import Arrays
from voice2face.settings import BatchSize, Channels, Count, NotNegative, Positive, Settings

LEAST_SCALE = 1e-6
HELD_OUT = 5  # one in this many people tells when to stop
TEMPERATURE = 2.0  # the paper's T


class HeadRecipe(Settings, frozen=True, kw_only=True):
    """Everything that decides what a head's training computes, but for data and seed."""

    hidden: Channels = 256
    dropout: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.5
    iterations: Count = 600  # at most: it stops where people held out are told best
    batch_size: BatchSize = 128
    learning_rate: Positive = 2e-4
    weight_decay: NotNegative = 1.0
    look_every: Count = 25
    # Cosines are scaled so before the softmax over training people, as in the recogniser that this
    # program trains.
    sharpness: Positive = 16.0


@dataclass(frozen=True, eq=False)
class Pairs:
    """Voices and what a recogniser sees in the faces of those who speak.

    Attributes:
        voices: Embeddings, shape (recordings, dim).
        owner: Person of each, shape (recordings,).
        features: Feature of each person, shape (people, feature).
    """

    voices: Float32s
    owner: Int64s
    features: Float32s

    def only(self, rows: Bools) -> "Pairs":
        """Some of the recordings."""
        return Pairs(self.voices[rows], self.owner[rows], self.features)


class FeatureHead(nn.Module):
    """A linear map, and beside it two layers, as Speech2Face's voice encoder ends with.

    Args:
        start: The linear map at first; the two layers add nothing then.
        spread: Spread of the voices, the unit in which they enter.
        recipe: Size.
    """

    def __init__(self, start: LinearMap, spread: float, recipe: HeadRecipe) -> None:
        super().__init__()
        dim, feature = start.weights.shape
        self._spread = max(spread, LEAST_SCALE)
        self.centre = torch.from_numpy(start.centre.astype(np.float32))
        self.linear = nn.Linear(dim, feature)
        self.hidden = nn.Linear(dim, recipe.hidden)
        self.dropout = nn.Dropout(recipe.dropout)
        self.told = nn.Linear(recipe.hidden, feature, bias=False)
        with torch.no_grad():
            self.linear.weight.copy_(torch.from_numpy(self._spread * start.weights.T))
            self.linear.bias.copy_(torch.from_numpy(start.offset))
            self.told.weight.zero_()

    def forward(self, voices: Tensor) -> Tensor:
        """(batch, dim) → (batch, feature)."""
        given = (voices - self.centre) / self._spread
        hidden = self.dropout(torch.relu(self.hidden(given)))
        return self.linear(given) + self.told(hidden)  # type: ignore[no-any-return]

    def arrays(self) -> Arrays:
        """What ``generators.speech2face.HEAD`` lists, but for the spread."""
        tensors = {
            "centre": self.centre,
            "linear": self.linear.weight.T / self._spread,
            "offset": self.linear.bias,
            "hidden": self.hidden.weight.T / self._spread,
            "hidden_offset": self.hidden.bias,
            "told": self.told.weight.T,
        }
        return {k: np.ascontiguousarray(v.detach().numpy()) for k, v in tensors.items()}


class Loss:
    """Speech2Face's loss: three terms whose gradients are equally long at the start.

    Args:
        decode: First layer of the decoder, shape (feature, k).
        people: Features of the training people, shape (people, feature).
        sharpness: See :class:`HeadRecipe`.

    Source:
        Oh et al. 2019, section 3: with v_f of the face and v_s of the voice,
        L = |f_dec(v_f) - f_dec(v_s)|₁ + λ₁ ‖v_f/‖v_f‖ - v_s/‖v_s‖‖₂² + λ₂ L_distill(f_VGG(v_f),
        f_VGG(v_s)), where L_distill(a, b) = -Σᵢ pᵢ(a) log pᵢ(b), pᵢ(a) = softmax(a / T)ᵢ.
        The paper's numbers are T = 2, which is used here, and λ₁ = 0.025 and λ₂ = 200, which are
        not: they were chosen so that the gradients of the three terms were alike early in its
        training (at the 1000th iteration), and belong to its features of 4,096 numbers. Here both
        weights are measured, by the same rule, where the regression ends. All other numbers
        (:class:`HeadRecipe`, the sharpness) are this program's own.

        The terms, λ₁, λ₂ and T are as a program of others after the paper has them; they were not
        compared with the paper itself.
    """

    def __init__(self, decode: Float32s, people: Float32s, sharpness: float) -> None:
        # In units of the usual face, so that the sizes of pictures and features don't matter.
        usual = float(np.abs(people @ decode).mean())
        self._decode = torch.from_numpy(decode / max(usual, LEAST_SCALE))
        # f_VGG is the layer after the feature. A recogniser that ends with its feature has none:
        # the directions of the training people take its place.
        self._people = sharpness * F.normalize(torch.from_numpy(people), dim=1).T
        self.weights = (1.0, 1.0, 1.0)

    def terms(self, heard: Tensor, seen: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The three terms for features (batch, feature), each the mean over the batch."""
        first = ((seen - heard) @ self._decode).abs().mean()
        heard, seen = F.normalize(heard, dim=1), F.normalize(seen, dim=1)
        direction = ((seen - heard) ** 2).sum(dim=1).mean()
        wanted = torch.softmax(seen @ self._people / TEMPERATURE, dim=1)
        told = torch.log_softmax(heard @ self._people / TEMPERATURE, dim=1)
        return first, direction, -(wanted * told).sum(dim=1).mean()

    def balance(self, heard: Tensor, seen: Tensor) -> None:
        """Weigh the terms so that their gradients are as long as the first one's."""
        heard = heard.detach().requires_grad_()
        first, direction, distilled = (
            max(float(torch.autograd.grad(term, heard, retain_graph=True)[0].norm()), LEAST_SCALE)
            for term in self.terms(heard, seen)
        )
        self.weights = (1.0, first / direction, first / distilled)

    def __call__(self, heard: Tensor, seen: Tensor) -> Tensor:
        """The weighted sum."""
        terms = self.terms(heard, seen)
        return torch.stack([w * t for w, t in zip(self.weights, terms, strict=True)]).sum()


@dataclass(frozen=True, eq=False)
class TrainedHead:
    """A head and how well it does.

    Attributes:
        head: Trained on all people.
        iterations: How many; 0: the regression was best.
        weights: Weights of the terms of the loss.
        cosine: Between the features that are told and those of faces, of people held out.
        regression: That cosine for the regression alone.
        left: Share of the features' variance that is left over, of people held out.
    """

    head: FeatureHead
    iterations: int
    weights: tuple[float, float, float]
    cosine: float
    regression: float
    left: float


def train_head(pairs: Pairs, decode: Float32s, recipe: HeadRecipe, seed: int) -> TrainedHead:
    """Train a head twice: to find out how strongly and for how long, then on everybody.

    Args:
        pairs: Voices and features; HELD_OUT people at least.
        decode: First layer of the decoder, shape (feature, k).
        recipe: How.
        seed: Seed of weights, batches and who is held out.
    """
    fold = np.random.default_rng(seed).permutation(len(pairs.features)) % HELD_OUT
    out = (fold == 0)[pairs.owner]
    known, held_out = pairs.only(~out), pairs.only(out)
    starts = regressions(known)
    strength, start = max(
        enumerate(starts), key=lambda one: agreement(one[1](held_out.voices), held_out)[0]
    )
    found = [(*agreement(start(held_out.voices), held_out), 0)]

    def look(iteration: int, head: FeatureHead) -> None:
        found.append((*agreement(_told(head, held_out), held_out), iteration))

    _, weights = _train(known, start, decode, recipe, recipe.iterations, seed, look)
    cosine, left, iterations = max(found, key=lambda one: one[0])
    start = regressions(pairs)[strength]
    head, _ = _train(pairs, start, decode, recipe, iterations, seed)
    return TrainedHead(head, iterations, weights, cosine, found[0][0], left)


def regressions(pairs: Pairs) -> list[LinearMap]:
    """Ridge regressions of features on voices, each person alike, one for each of STRENGTHS."""
    wanted, weights = pairs.features[pairs.owner], person_weights(pairs.owner)
    voices = pairs.voices.astype(np.float64)
    return ridges_of(voices, wanted.astype(np.float64), weights, STRENGTHS[:, None])


def agreement(told: Floats, pairs: Pairs) -> tuple[float, float]:
    """Mean cosine of told and true features, and the share of the variance that is left over."""
    wanted = pairs.features[pairs.owner]
    lengths = np.linalg.norm(told, axis=1) * np.linalg.norm(wanted, axis=1)
    cosines = (told * wanted).sum(axis=1) / np.maximum(lengths, LEAST_SCALE)
    return float(cosines.mean()), float(((wanted - told) ** 2).sum() / (wanted**2).sum())


def _train(
    pairs: Pairs,
    start: LinearMap,
    decode: Float32s,
    recipe: HeadRecipe,
    iterations: int,
    seed: int,
    look: Callable[[int, FeatureHead], None] | None = None,
) -> tuple[FeatureHead, tuple[float, float, float]]:
    """A head after so many iterations, and the weights of the loss's terms."""
    rng = np.random.default_rng(seed)
    people = np.unique(pairs.owner)
    rows = [np.flatnonzero(pairs.owner == person) for person in people]
    voices, features = torch.from_numpy(pairs.voices), torch.from_numpy(pairs.features)
    loss = Loss(decode, pairs.features[people], recipe.sharpness)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head = FeatureHead(start, float(pairs.voices.std(axis=0).mean()), recipe)
        optimiser = torch.optim.AdamW(
            head.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        for iteration in range(1, iterations + 1):
            drawn = rng.integers(len(people), size=recipe.batch_size)
            batch = np.array([rng.choice(rows[person]) for person in drawn])
            heard, seen = head(voices[batch]), features[people[drawn]]
            if iteration == 1:
                loss.balance(heard, seen)
            optimiser.zero_grad()
            loss(heard, seen).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            if look is not None and iteration % recipe.look_every == 0:
                head.eval()
                look(iteration, head)
                head.train()
    return head.eval(), loss.weights


def _told(head: FeatureHead, pairs: Pairs) -> Float32s:
    with torch.inference_mode():
        told: Float32s = head(torch.from_numpy(pairs.voices)).numpy()
    return told
