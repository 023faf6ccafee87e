"""Which recordings of a batch are changed, and how: augmentation of the speaker stage."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from voice2face.settings import LogMel
from voice2face.training.speaker.mel_bands import Bands
from voice2face.training.speaker.voice_augmentation import (
    add_babble,
    add_steady_noise,
    change_speed,
    normalise_crops,
    reverberate,
    telephone,
)

SNR_DB = (5.0, 20.0)
SPEED = (0.9, 1.1)
RT60_S = (0.2, 1.0)  # until the tail has fallen by 60 dB: a living room to a hall
DIRECT_DB = (-3.0, 9.0)  # energy of the direct sound over that of the tail
VOICES = (3, 7)  # in babble, as the MUSAN recipe has it (Snyder et al. 2018); both included
CODING_DB = (15.0, 35.0)  # speech over coding noise; 8-bit PCM reaches 35

# What each name of the settings may do to a recording.
WAYS = {
    "noise": ("white", "pink", "babble"),
    "reverberation": ("room",),
    "speed": ("speed",),
    "codec": ("telephone",),
}


def uniform(ends: tuple[float, float], n: int, rng: torch.Generator) -> Tensor:
    """Numbers between ``ends``, shape (n, 1, 1), on the generator's device."""
    low, high = ends
    return low + (high - low) * torch.rand(n, 1, 1, generator=rng, device=rng.device)


def draw_ways(names: Sequence[str], n: int, share: float, rng: torch.Generator) -> list[str]:
    """What happens to each of ``n`` recordings: "" to most, one of WAYS to a ``share`` of them.

    Each name is as likely as the others, each sort of noise as the other sorts.
    """
    ways = [way for name in names for way in WAYS[name]]
    chances = [share / len(names) / len(WAYS[name]) for name in names for _ in WAYS[name]]
    weights = torch.tensor([1 - share, *chances])
    drawn = torch.multinomial(weights, n, replacement=True, generator=rng)
    return [["", *ways][number] for number in drawn.tolist()]


def augment(
    batch: Tensor,
    levels: Tensor,
    ways: Sequence[str],
    n_frames: int,
    bands: Bands,
    rng: torch.Generator,
) -> Tensor:
    """Change some recordings of a batch.

    Args:
        batch: Normalised log-mel, (batch, frames, n_mels), with the frames to spare.
        levels: What it was normalised with: each one's mean and deviation, (batch, 2, n_mels).
        ways: What happens to each, as :func:`draw_ways` says.
        n_frames: Frames of the result.
        bands: The bands.
        rng: Draws; on the batch's device.

    Returns:
        Shape (batch, n_frames, n_mels); what was changed is normalised over its own frames, the
        rest is as it was.
    """
    result = batch[:, :n_frames].clone()
    for way in sorted({*ways} - {""}):
        rows = torch.tensor([i for i, name in enumerate(ways) if name == way], device=batch.device)
        log_mel = _raw(batch, levels, rows)
        if way == "speed":
            changed = change_speed(log_mel, uniform(SPEED, len(rows), rng), n_frames, bands)
        else:
            power = log_mel[:, :n_frames].exp()
            if way == "babble":
                others = _others(batch, levels, rows, n_frames, rng)
                changed = add_babble(power, others, uniform(SNR_DB, len(rows), rng), bands, rng)
            else:
                changed = _change(way, power, bands, rng)
            changed = changed.clamp(min=bands.floor).log()
        result[rows] = normalise_crops(changed)
    return result


def _change(way: str, power: Tensor, bands: Bands, rng: torch.Generator) -> Tensor:
    n = len(power)
    if way == "room":
        rt60_s, direct_db = uniform(RT60_S, n, rng), uniform(DIRECT_DB, n, rng)
        return reverberate(power, rt60_s, direct_db, bands, rng)
    if way == "telephone":
        return telephone(power, uniform(CODING_DB, n, rng), bands, rng)
    spectrum = {"white": bands.emphasis, "pink": bands.pink}[way]
    return add_steady_noise(power, spectrum, uniform(SNR_DB, n, rng), bands, rng)


def _others(
    batch: Tensor, levels: Tensor, rows: Tensor, n_frames: int, rng: torch.Generator
) -> Tensor:
    """Sum of the power of other recordings of the batch, each as loud: (n, n_frames, n_mels)."""
    fewest, most = VOICES
    size = (len(rows), most)
    away = torch.randint(1, max(2, len(batch)), size, generator=rng, device=rng.device)
    who = (rows[:, None] + away) % len(batch)
    power = _raw(batch[:, :n_frames], levels, who.flatten()).exp()
    power = power / power.mean(dim=(1, 2), keepdim=True)
    n_voices = torch.randint(fewest, most + 1, (len(rows), 1), generator=rng, device=rng.device)
    speaks = torch.arange(most, device=rng.device) < n_voices
    return torch.einsum("nv,nvtm->ntm", speaks.float(), power.view(*size, *power.shape[1:]))


def _raw(batch: Tensor, levels: Tensor, rows: Tensor) -> Tensor:
    """Log-mel as it was before it was normalised, (n, frames, n_mels)."""
    mean, deviation = levels[rows, 0, None], levels[rows, 1, None]
    return torch.addcmul(mean, batch[rows], deviation)


@dataclass(frozen=True)
class Plan:
    """What happens to the recordings of one batch.

    Attributes:
        ways: To each, as :func:`draw_ways` says.
        seed: Of all else.
        spare: Share of frames that must be there beyond those of the result.
    """

    ways: Sequence[str]
    seed: int
    spare: float

    def frames_needed(self, n_frames: int) -> int:
        """Frames of the crops."""
        return n_frames + (math.ceil(n_frames * self.spare) + 1 if self.spare else 0)


@dataclass(frozen=True)
class Augmenter:
    """Augmentation of crops of a bank's recordings.

    Attributes:
        levels: Mean and deviation that each recording was normalised with,
            (recordings, 2, n_mels).
        bands: The front end's.
    """

    levels: Tensor
    bands: Bands

    @classmethod
    def of(cls, log_mels: Sequence[np.ndarray], settings: LogMel) -> "Augmenter":
        """From the recordings that are not normalised yet, each (frames, n_mels)."""
        levels = np.empty((len(log_mels), 2, settings.n_mels), np.float32)
        for level, log_mel in zip(levels, log_mels, strict=True):
            frames = np.asarray(log_mel, np.float32)
            level[0], level[1] = frames.mean(axis=0), frames.std(axis=0)
        return cls(torch.from_numpy(levels), Bands.of(settings))

    def to(self, device: torch.device) -> "Augmenter":
        """The same on a device."""
        return Augmenter(self.levels.to(device), self.bands.to(device))

    def plan(
        self, names: Sequence[str], share: float, n: int, part: slice, rng: torch.Generator
    ) -> Plan:
        """Draw what happens to ``n`` recordings, on the processor, and keep a process' part."""
        ways = draw_ways(names, n, share, rng)[part]
        seed = int(torch.randint(1 << 62, (1,), generator=rng)) + part.start
        return Plan(ways, seed, SPEED[1] - 1 if "speed" in names else 0.0)

    def apply(self, features: Tensor, chosen: Tensor, plan: Plan, n_frames: int) -> Tensor:
        """Change crops of the chosen recordings.

        Args:
            features: Normalised, (batch, n_mels, frames), with the frames that the plan needs.
            chosen: Which recordings they are of, (batch,).
            plan: What happens.
            n_frames: Of the result.

        Returns:
            Shape (batch, n_mels, n_frames).
        """
        rng = torch.Generator(features.device).manual_seed(plan.seed)
        levels = self.levels[chosen.to(features.device)]
        batch = features.transpose(1, 2)
        changed = augment(batch, levels, plan.ways, n_frames, self.bands, rng)
        return changed.transpose(1, 2)
