"""Readings during the training of faces, each with the threshold of its alarm.

The values, and how they were found: :data:`voice2face.runs.readings.LIMITS`.
"""

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from voice2face.evaluation.embedders.fitted import Fisherfaces
from voice2face.evaluation.metrics.matching import match_one_of_two
from voice2face.networks.modules import Critics
from voice2face.runs.readings import LIMITS, Reading
from voice2face.settings import Recipe
from voice2face.training.data.frames import CorpusFrames
from voice2face.training.data.in_memory import faces_of
from voice2face.training.gan import monitor_inputs as inputs
from voice2face.training.gan.monitor_inputs import Taken, shrunk
from voice2face.training.gan.samples import SAMPLE_S, frames_in, hear_all

MONITORS = tuple(name for name in LIMITS if name != "verification")  # which is of speakers
MIN_PEOPLE = 8  # held out, with voice and face: fewer are matched by luck
JUDGED_FACES = 48  # held-out faces and training faces that the discriminator judges
CLIPPED = {False: 1.0, True: 0.99}  # by tanh or not: a pixel beyond it is saturated
CHUNK = 8192  # faces of the bank compared at once


def spread(faces: Tensor) -> float:
    """Mean distance between two of the faces, made small: (n, 3, px, px) → a number."""
    return float(torch.pdist(shrunk(faces, inputs.SMALL_PX).flatten(1)).mean())


def nearest(faces: Tensor, bank: Tensor) -> Tensor:
    """Distance of each face, or of its mirror image, to the nearest of a bank.

    Args:
        faces: Shape (n, 3, px, px).
        bank: Small faces, shape (m, 3, SMALL_PX, SMALL_PX).

    Returns:
        Shape (n,).
    """
    small = shrunk(faces, inputs.SMALL_PX)
    both = torch.cat([small, small.flip(3)]).flatten(1)
    best = torch.full((len(both),), math.inf, device=faces.device)
    for some in torch.split(bank.flatten(1), CHUNK):
        best = torch.minimum(best, torch.cdist(both, some).amin(dim=1))
    return best.view(2, -1).amin(dim=0)


def saturated(faces: Tensor, tanh: bool) -> float:
    """Share of values at the end of the range: beyond ±1 before clamping, ±0.99 after a tanh."""
    return float((faces.abs() >= CLIPPED[tanh]).float().mean())


def called_real(critics: Critics, faces: Tensor) -> float:
    """Share of faces that the discriminator takes for real."""
    with by_own_statistics(critics):
        logits = critics.real(faces)
    return float((logits > 0).float().mean()) if logits.isfinite().all() else math.nan


@contextlib.contextmanager
def looked_at(*networks: nn.Module) -> Iterator[None]:
    """Networks in evaluation mode and without gradient; each part returns to its own mode."""
    modes = [(part, part.training) for network in networks for part in network.modules()]
    for network in networks:
        network.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for part, training in modes:
            part.training = training


@contextlib.contextmanager
def by_own_statistics(critics: nn.Module) -> Iterator[None]:
    """Batch normalisation by the present batch, as in training; running statistics stay.

    These are of real and made faces together, while the critics learn to judge each kind by its
    own statistics: by the running ones nearly all real faces were called made.
    """
    parts = [part for part in critics.modules() if isinstance(part, nn.BatchNorm2d)]
    modes = [(part.training, part.track_running_stats) for part in parts]
    for part in parts:
        part.training, part.track_running_stats = True, False
    try:
        yield
    finally:
        for part, (training, tracks) in zip(parts, modes, strict=True):
            part.training, part.track_running_stats = training, tracks


@dataclass(frozen=True)
class Matcher:
    """Held-out people's real faces, embedded by a network that was fitted once and is fixed.

    Attributes:
        embedder: Fitted on real training faces.
        real: Embeddings of the real faces, centred, shape (faces, dim).
        real_label: Whose each is, or of which group.
        voice_label: Whose voice each made face is made from.
    """

    embedder: Fisherfaces
    real: np.ndarray
    real_label: np.ndarray
    voice_label: np.ndarray

    def accuracy(self, made: Tensor) -> float:
        """1:2 matching of faces made from the held-out voices, (voices, 3, px, px)."""
        if not made.isfinite().all():
            return math.nan
        # Centred: what all made faces share, as against all real ones, tells nobody apart.
        vectors = _centred(self.embedder.embed(_pixels(made)))
        return match_one_of_two(vectors, self.voice_label, self.real, self.real_label).accuracy


class Monitors:
    """The monitors of one training: fixed voices, embedded once, and real faces to compare with.

    Nothing is drawn from torch's random state, and no network is changed.

    Attributes:
        left_out: Monitors that this corpus has too little for, with the reason.
    """

    def __init__(
        self,
        frames: CorpusFrames,
        encoder: nn.Module,
        recipe: Recipe,
        seed: int,
        device: torch.device | str = "cpu",
    ) -> None:
        """Read what is needed of ``train`` and ``validation``, shard by shard.

        Args:
            frames: Frames of the training's corpus, as the voice encoder takes them.
            encoder: The frozen voice encoder, on the device.
            recipe: Recipe of the training; only names and shapes are taken from it.
            seed: Seed of the choice of training faces to compare with.
            device: Where the networks are.

        Raises:
            CorpusError: The corpus can't be read.
        """
        self.left_out: dict[str, str] = {}
        corpus = frames.corpus
        self._device = torch.device(device)
        self._tanh = recipe.generator.tanh
        pair_by = recipe.training.pair_by
        voices = inputs.unheard_voices(frames, pair_by)
        heard = inputs.heard_voices(frames, pair_by)
        faces = inputs.held_out_faces(corpus, pair_by, set(voices.label))
        bank, learned = inputs.training_faces(corpus, pair_by, seed)
        rng = np.random.default_rng(seed)
        self._n_heard = len(heard)
        banks = [part.voices(frames).to(self._device) for part in (heard, voices) if len(part)]
        n_frames = frames_in(SAMPLE_S, frames.encoder.frames_per_s)
        with looked_at(encoder):
            found = [hear_all(encoder, bank, n_frames, recipe.embedding) for bank in banks]
        self._embeddings = torch.cat(found)
        self._bank = bank.to(self._device)
        one_each = dict(zip(learned.identity, learned.items, strict=True))  # one of each person
        self._real_spread = math.nan
        if len(one_each) > 1:
            self._real_spread = spread(faces_of(np.stack(list(one_each.values()))))
        self._held_out = _some(faces, JUDGED_FACES, rng).to(self._device)
        self._judged = _some(learned, JUDGED_FACES, rng).to(self._device)
        self._real_saturated = saturated(self._judged, self._tanh) if len(learned) else 0.0
        self._real_nearest = math.nan
        if len(faces) and len(bank):
            self._real_nearest = float(nearest(faces.faces().to(self._device), self._bank).mean())
        else:
            reason = "no real face of the validation split"
            self.left_out |= dict.fromkeys(("memorisation", "discriminator_held_out"), reason)
        self._matcher = self._match(voices, faces, learned)

    def measure(
        self, generator: nn.Module, step: int, critics: Critics | None = None
    ) -> list[Reading]:
        """Readings of the networks in their present state.

        Args:
            generator: From embeddings, (n, dim), to faces, (n, 3, px, px).
            step: Iterations done; some alarms don't ring before the first few.
            critics: Critics of the same training; None where it has no discriminator.

        Returns:
            One reading of each monitor that is not left out.
        """
        with looked_at(*(net for net in (generator, critics) if net is not None)):
            made = generator(self._embeddings).float()
            values, reference = self._of_faces(made), {"saturated": self._real_saturated}
            if critics is not None:
                values |= self._of_critics(critics, made[: self._n_heard])
                if len(self._held_out):
                    reference["discriminator_held_out"] = called_real(critics, self._judged)
        return [LIMITS[n].judge(n, v, step, reference.get(n, 0.0)) for n, v in values.items()]

    def _of_faces(self, raw: Tensor) -> dict[str, float]:
        made = raw.clamp(-1, 1)
        heard, unheard = made[: self._n_heard], made[self._n_heard :]
        values = {}
        if math.isfinite(self._real_spread) and len(heard) > 1:
            values["diversity"] = spread(heard) / self._real_spread
        if math.isfinite(self._real_nearest):
            values["memorisation"] = float(nearest(heard, self._bank).mean()) / self._real_nearest
        values["saturated"] = saturated(raw, self._tanh) if raw.isfinite().all() else math.nan
        if self._matcher is not None:
            values["matching"] = self._matcher.accuracy(unheard)
        return values

    def _of_critics(self, critics: Critics, made: Tensor) -> dict[str, float]:
        values = {"discriminator_made": 1 - called_real(critics, made)}
        if not len(self._held_out):
            return values
        return {"discriminator_held_out": called_real(critics, self._held_out)} | values

    def _match(self, voices: Taken, faces: Taken, learned: Taken) -> Matcher | None:
        both = set(voices.label) & set(faces.label)
        n_people = len(
            {p for p, lab in zip(voices.identity, voices.label, strict=True) if lab in both}
        )
        if n_people < MIN_PEOPLE or len(both) < 2:
            reason = f"{n_people} people of the validation split have voice and face"
            self.left_out["matching"] = f"{reason}; {MIN_PEOPLE} or more wanted"
            return None
        try:
            embedder = Fisherfaces.fit(_pixels(learned.faces()), np.array(learned.label))
        except ValueError as error:
            self.left_out["matching"] = str(error)
            return None
        real = _centred(embedder.embed(_pixels(faces.faces())))
        return Matcher(embedder, real, np.array(faces.label), np.array(voices.label))


def _some(taken: Taken, most: int, rng: np.random.Generator) -> Tensor:
    chosen = rng.permutation(len(taken))[:most]
    return faces_of(np.stack([taken.items[i] for i in chosen])) if len(chosen) else torch.zeros(0)


def _pixels(faces: Tensor) -> np.ndarray:
    return shrunk(faces, inputs.EMBEDDER_PX).cpu().numpy()


def _centred(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(vectors - vectors.mean(axis=0))
