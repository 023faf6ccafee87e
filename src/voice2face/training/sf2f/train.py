"""Training of SF2F in a small version: head, generator and critics at once."""

import sys
import time
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from voice2face.errors import TrainingError
from voice2face.networks.modules import Critics, unit
from voice2face.settings import CriticSettings
from voice2face.training.closed_form import VoicesAndFaces
from voice2face.training.sf2f.batches import Batch, Sampler, Sf2fRecipe, Windows
from voice2face.training.sf2f.network import CoarseToFine
from voice2face.training.sf2f.start import mean_face, mean_faces, regression, trained_recogniser
from voice2face.training.speaker.adaptation import HeadNetwork

CRITICS_DIM = 32
NOTED_S = 30.0  # between two notes of how far a training is
BETAS = (0.5, 0.999)  # usual where critics learn too (Radford et al. 2016)


class Sf2fTraining:
    """The networks of a training.

    Args:
        data: Voices and faces.
        windows: Windows of the recordings.
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
        windows: Windows of the recordings.
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


def _adam(groups: list[dict[str, Any]], recipe: Sf2fRecipe) -> torch.optim.AdamW:
    return torch.optim.AdamW(groups, recipe.learning_rate, BETAS, weight_decay=recipe.weight_decay)
