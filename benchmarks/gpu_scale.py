"""What the GPU's benchmark steps on: sizes, and a corpus of noise in memory."""

from dataclasses import dataclass

import numpy as np
import torch

from benchmarks import training_step
from voice2face.networks.variants import recipe
from voice2face.settings import Recipe, VoiceEncoderSettings, change
from voice2face.training.data.in_memory import FaceBank, VoiceBank
from voice2face.training.data.source import FaceData


@dataclass(frozen=True)
class Scale:
    """What is stepped, where and how often."""

    device: str = "cuda"
    width: float = 1.0
    px: int = 64
    batch: int = training_step.BATCH
    n_people: int = training_step.N_IDENTITIES
    frames: tuple[int, int] = (600, 1000)  # of a recording
    crop: tuple[int, int] = (300, 800)
    warm_up: int = 30
    blocks: int = 5
    steps: int = 60  # of a block
    matrix: int = 8192
    copied_mb: int = 1024

    def recipe(self, precision: str) -> Recipe:
        """The baseline of this size."""
        changes = {
            "generator.face_px": self.px,
            "critics.face_px": self.px,
            "training.batch_size": self.batch,
            "training.crop_frames": list(self.crop),
            "training.precision": precision,
        }
        return change(recipe("baseline", width=self.width), changes)

    @property
    def voice(self) -> VoiceEncoderSettings:
        """The encoder, of the same width."""
        return VoiceEncoderSettings(width=self.width)


def made_data(scale: Scale) -> FaceData:
    """Noise: four recordings and four faces of each person."""
    rng, n = np.random.default_rng(0), 4 * scale.n_people
    lengths = rng.integers(scale.frames[0], scale.frames[1] + 1, n)
    labels = np.arange(n) % scale.n_people
    voices = VoiceBank.empty(lengths, scale.voice.n_mels, labels)
    voices.frames.copy_(torch.randn(voices.frames.shape))
    pixels = rng.integers(0, 256, (n, scale.px, scale.px, 3), np.uint8)
    return FaceData(voices, FaceBank.of(pixels, labels), [f"p{i}" for i in range(scale.n_people)])
