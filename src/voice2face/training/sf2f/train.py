"""Training of SF2F in a small version: head, generator and critics at once."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from voice2face.arrays import Float32s, UInt8s
from voice2face.errors import TrainingError
from voice2face.evaluation.training_people import person_weights
from voice2face.networks.modules import Critics, unit
from voice2face.settings import (
    BatchSize,
    Channels,
    Count,
    CriticSettings,
    NotNegative,
    Positive,
    Settings,
    Share,
)
from voice2face.training.closed_form import VoicesAndFaces, mean_of_each
from voice2face.training.data.in_memory import FaceBank
from voice2face.training.recogniser.network import Recogniser, RecogniserRecipe
from voice2face.training.recogniser.train import RecogniserTrainee
from voice2face.training.sf2f.network import CoarseToFine, halved
from voice2face.training.sf2f.start import regression
from voice2face.training.speaker.adaptation import LEAST_SCALE, HeadNetwork, stretch

CRITICS_DIM = 32
NOTED_S = 30.0  # between two notes of how far a training is
BETAS = (0.5, 0.999)  # usual where critics learn too (Radford et al. 2016)


class Sf2fRecipe(Settings, frozen=True, kw_only=True):
    """Everything that decides what a training computes, but for data and seed.

    The weights of the loss's terms are those of the paper's program at 128 pixels
    (BAI-Yeqi/SF2F_PyTorch, options/vox/sf2f/sf2f_mid_fuser.yaml), but for the likeness, which is
    measured otherwise.
    """

    embedding_dim: Channels = 32
    noise: NotNegative = 0.1  # on each number of an embedding of length one
    hidden: Channels = 32  # of the attention
    channels: Channels = 32  # of the generator
    iterations: Count = 600
    coarse_share: Share = 0.8  # of the iterations, the first ones: coarse faces, no critics
    batch_size: BatchSize = 16
    learning_rate: Positive = 1e-3
    head_rate: Share = 0.01  # of the head's, which starts as a regression
    weight_decay: NotNegative = 1e-2
    windows: Count = 6  # at most, of a recording in a step
    pixels: NotNegative = 100.0
    likeness: NotNegative = 5.0
    discriminator: NotNegative = 1.0
    classifier: NotNegative = 0.05
    recogniser: RecogniserRecipe = RecogniserRecipe(
        width=0.25, embedding_dim=32, iterations=200, batch_size=32
    )
    critics_width: Positive = 0.25


@dataclass(frozen=True, eq=False)
class Windows:
    """Segments of recordings, their numbers around zero and of about one.

    Attributes:
        recordings: Of each, shape (windows, frame_dim).
        centre: What was taken off, shape (frame_dim,).
        scale: What it was divided by, shape (frame_dim,): one for all numbers, for those that
            differ little between segments are to count for little.
    """

    recordings: list[Float32s]
    centre: Float32s
    scale: Float32s

    @classmethod
    def of(cls, frames: list[Float32s]) -> "Windows":
        """Those of recordings, each (windows, frame_dim)."""
        everything = np.concatenate(frames)
        centre, spread = everything.mean(axis=0), float(everything.std(axis=0).mean())
        scale = np.full_like(centre, max(spread, LEAST_SCALE))
        return cls([(one - centre) / scale for one in frames], centre, scale)


@dataclass(frozen=True, eq=False)
class Batch:
    """What one step learns from.

    Attributes:
        windows: Shape (batch, windows, frame_dim).
        fine: Faces of the same people, in [-1, 1], shape (batch, 3, px, px).
        coarse: The same at half the size.
        people: Number of each person, shape (batch,).
    """

    windows: Tensor
    fine: Tensor
    coarse: Tensor
    people: Tensor


class Sampler:
    """Draws batches: people alike, then one of their recordings and one of their faces.

    Args:
        data: Voices and faces.
        windows: Those of the recordings.
        recipe: Sizes of a batch.
        rng: Draws.
    """

    def __init__(
        self,
        data: VoicesAndFaces,
        windows: Windows,
        recipe: Sf2fRecipe,
        rng: np.random.Generator,
    ) -> None:
        self._windows, self._recipe, self._rng = windows.recordings, recipe, rng
        self._pixels = data.pixels
        people = range(len(data.labels))
        self._voices = [np.flatnonzero(data.voice_labels == person) for person in people]
        self._faces = [np.flatnonzero(data.face_labels == person) for person in people]

    def __call__(self) -> Batch:
        """A batch; one segment of each recording, or several: all have as many.

        The paper trains on single segments first and then the attention over several.
        """
        people = self._rng.integers(len(self._voices), size=self._recipe.batch_size)
        n = int(self._rng.integers(1, self._recipe.windows + 1))
        voices = [self._rng.choice(self._voices[person]) for person in people]
        faces = [self._rng.choice(self._faces[person]) for person in people]
        heard = np.stack([stretch(self._windows[voice], n, self._rng) for voice in voices])
        fine = as_faces(self._pixels[faces])
        return Batch(torch.from_numpy(heard), fine, halved(fine), torch.from_numpy(people))


class Sf2fTraining:
    """The networks of a training.

    Args:
        data: Voices and faces.
        windows: Those of the recordings.
        recipe: What to compute.
        seed: Seed of weights; what is random while they learn is the sampler's.
    """

    def __init__(
        self, data: VoicesAndFaces, windows: Windows, recipe: Sf2fRecipe, seed: int
    ) -> None:
        self._recipe = recipe
        px = data.pixels.shape[1]
        self.head = HeadNetwork(len(windows.centre), recipe.hidden, recipe.embedding_dim)
        start = regression(
            windows.recordings, data.voice_labels, mean_faces(data), recipe.embedding_dim, seed
        )
        with torch.no_grad():
            self.head.weight.copy_(torch.from_numpy(start))
        self.generator = CoarseToFine(mean_face(data), recipe.embedding_dim, recipe.channels)
        self._recogniser = trained_recogniser(data, recipe.recogniser, seed)
        shape = {"face_px": px // 2, "width": recipe.critics_width, "trunk_dim": CRITICS_DIM}
        self._critics = Critics(msgspec.convert(shape, CriticSettings), len(data.labels))
        rate, of_head = recipe.learning_rate, recipe.learning_rate * recipe.head_rate
        self._optimiser = _adam(
            [
                {"params": [*self.generator.parameters()], "lr": rate},
                {"params": [*self.head.parameters()], "lr": of_head},
            ],
            recipe,
        )
        self._critics_optimiser = _adam([{"params": [*self._critics.parameters()]}], recipe)
        self._schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
            self._optimiser, recipe.iterations
        )

    def step(self, batch: Batch, *, fine: bool = True) -> float:
        """One step of all networks.

        Args:
            batch: What to learn from.
            fine: Both sizes, and critics; else the coarse faces alone, and none.

        Returns:
            Mean difference of the pixels of the largest faces, in [-1, 1].

        Source:
            Bai et al. 2022: L1 at both sizes, discriminators, identity of the made face, and
            likeness to a face recogniser.
        """
        heard = self.head(batch.windows)
        heard = unit(heard + self._recipe.noise * torch.randn_like(heard))
        r = self._recipe
        if fine:
            coarse, whole = self.generator(heard)
            apart = (whole - batch.fine).abs().mean()
            loss = r.pixels * (apart + (coarse - batch.coarse).abs().mean())
        else:
            coarse = self.generator.coarse(heard)
            apart = (coarse - batch.coarse).abs().mean()
            loss = r.pixels * apart
        loss = loss + r.likeness * self._unlike(coarse, batch)
        if fine and (r.discriminator or r.classifier):
            self._teach_critics(coarse.detach(), batch)
            real, who = self._critics(coarse)
            loss = loss + r.discriminator * F.softplus(-real).mean()
            loss = loss + r.classifier * F.cross_entropy(who, batch.people)
        self._optimiser.zero_grad()
        loss.backward()
        self._optimiser.step()
        self._schedule.step()
        return float(apart.detach())

    def _unlike(self, coarse: Tensor, batch: Batch) -> Tensor:
        """One less the cosine of what the recogniser sees in made and real faces."""
        with torch.no_grad():
            wanted = self._recogniser.layers(batch.coarse).flatten(1)
        seen = self._recogniser.layers(coarse).flatten(1)
        return 1 - F.cosine_similarity(seen, wanted, dim=1).mean()

    def _teach_critics(self, made: Tensor, batch: Batch) -> None:
        of_real, of_made, who = self._critics.compare(batch.coarse, made)
        loss = F.softplus(-of_real).mean() + F.softplus(of_made).mean()
        loss = loss + F.cross_entropy(who, batch.people)
        self._critics_optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._critics_optimiser.step()


def train(
    data: VoicesAndFaces,
    windows: Windows,
    recipe: Sf2fRecipe,
    seed: int,
    look: Callable[[int, Sf2fTraining], None] | None = None,
) -> Sf2fTraining:
    """Train head and generator.

    Args:
        data: Voices and faces.
        windows: Those of the recordings.
        recipe: What to compute.
        seed: Seed of weights and batches.
        look: Told the number of each iteration when it is done.

    Raises:
        TrainingError: The loss is no longer finite.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        training = Sf2fTraining(data, windows, recipe, seed)
        sampler = Sampler(data, windows, recipe, np.random.default_rng(seed))
        noted = time.monotonic()
        for iteration in range(1, recipe.iterations + 1):
            fine = iteration > recipe.coarse_share * recipe.iterations
            apart = training.step(sampler(), fine=fine)
            if not np.isfinite(apart):
                found = f"a loss that is not finite at iteration {iteration}"
                raise TrainingError("sf2f", found, "a number", "lower learning_rate")
            if time.monotonic() - noted > NOTED_S:
                noted = time.monotonic()
                text = f"sf2f: {iteration} of {recipe.iterations} iterations, L1 {apart:.3f}"
                print(text, file=sys.stderr)
            if look is not None:
                look(iteration, training)
    training.head.eval()
    training.generator.eval()
    return training


def trained_recogniser(data: VoicesAndFaces, recipe: RecogniserRecipe, seed: int) -> Recogniser:
    """A recogniser of the training people, on faces of half the size; frozen."""
    order = np.argsort(data.face_labels, kind="stable")
    small = halved_pixels(data.pixels[order])
    trainee = RecogniserTrainee(FaceBank.of(small, data.face_labels[order]), recipe, seed)
    for _ in range(recipe.iterations):
        trainee.step()
    return trainee.recogniser.eval().requires_grad_(False)


def halved_pixels(pixels: UInt8s) -> UInt8s:
    """Pictures of half the size: (n, px, px, 3) → (n, px / 2, px / 2, 3)."""
    n, px = pixels.shape[:2]
    small = np.empty((n, px // 2, px // 2, 3), np.uint8)
    for row, one in enumerate(pixels):
        blocks = one.reshape(px // 2, 2, px // 2, 2, 3)
        small[row] = np.rint(blocks.mean(axis=(1, 3)))
    return small


def mean_face(data: VoicesAndFaces) -> Tensor:
    """The mean face, each person alike, in [-1, 1], shape (3, px, px)."""
    weights = person_weights(data.face_labels)
    total = np.zeros(data.pixels.shape[1:])
    for weight, one in zip(weights, data.pixels, strict=True):
        total += weight * one
    return as_faces(total[None])[0]


def as_faces(pixels: npt.NDArray[np.generic]) -> Tensor:
    """Pictures (n, px, px, 3), 0 to 255, as faces (n, 3, px, px) in [-1, 1]."""
    planes = np.ascontiguousarray(pixels.transpose(0, 3, 1, 2).astype(np.float32))
    return torch.from_numpy(planes) / 127.5 - 1


def mean_faces(data: VoicesAndFaces) -> Float32s:
    """The mean face of each person at half the size, in [-1, 1], shape (people, values)."""
    small = halved_pixels(data.pixels).reshape(len(data.pixels), -1)
    means = mean_of_each(small / np.float32(127.5) - 1, data.face_labels, len(data.labels))
    return means.astype(np.float32)


def _adam(groups: list[dict[str, Any]], recipe: Sf2fRecipe) -> torch.optim.AdamW:
    return torch.optim.AdamW(groups, recipe.learning_rate, BETAS, weight_decay=recipe.weight_decay)
