"""What is compared: anything that puts a face to a recording."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from voice2face.experiments.speech import Speech
from voice2face.release.inference import Model
from voice2face.voice_encoders.whole import as_frame_encoder

AT_ONCE = 64  # faces


@dataclass(frozen=True, eq=False)
class Made:
    """Faces made from recordings, one each.

    Attributes:
        pixels: RGB, uint8, (n, px, px, 3).
        raw: Before they were cut to [-1, 1], (n, 3, px, px); None for faces that were not made by
            a generator.
        embeddings: What a voice encoder heard, (n, dim); None without one.
    """

    pixels: npt.NDArray[np.uint8]
    raw: npt.NDArray[np.float32] | None = None
    embeddings: npt.NDArray[np.float32] | None = None


class System(Protocol):
    """From recordings to faces."""

    @property
    def name(self) -> str:
        """In tables."""

    @property
    def sentence(self) -> str:
        """What it does, in one sentence."""

    def make(self, speech: Speech) -> Made:
        """One face for each recording."""


@dataclass(frozen=True, eq=False)
class ModelSystem:
    """A released model."""

    name: str
    sentence: str
    model: Model

    @classmethod
    def of(cls, name: str, folder: Path) -> "ModelSystem":
        """The model of a folder.

        Raises:
            ModelError: A part is missing or damaged.
        """
        model = Model(folder, threads=1)
        variant = str(model.config.provenance.get("variant", "a model"))
        return cls(name, f"{variant}, {folder.name}", model)

    def embed(self, speech: Speech) -> npt.NDArray[np.float32]:
        """What the voice encoder hears, (n, dim)."""
        encoder = as_frame_encoder(self.model.voice_encoder, self.model.sha256)
        heard = [encoder.pooled(np.asarray(log_mel, np.float32)) for log_mel in speech.log_mel]
        return np.array(heard, np.float32).reshape(len(speech), encoder.dim)

    def faces(self, embeddings: npt.NDArray[np.float32]) -> Made:
        """Faces of embeddings, (n, dim)."""
        starts = range(0, len(embeddings), AT_ONCE)
        parts = [self.model.faces(embeddings[i : i + AT_ONCE]) for i in starts]
        px = self.model.generator.px
        raw = np.concatenate([np.empty((0, 3, px, px), np.float32), *parts])
        return Made(to_pixels(raw), raw, embeddings)

    def make(self, speech: Speech) -> Made:
        """One face for each recording."""
        return self.faces(self.embed(speech))


@dataclass(frozen=True, eq=False)
class RivalSystem:
    """A trivial rival, which hears what a model hears and draws no face of its own."""

    name: str
    sentence: str
    hearing: ModelSystem
    rival: Callable[[npt.NDArray[np.float32]], npt.NDArray[np.uint8]]

    def make(self, speech: Speech) -> Made:
        """One face for each recording."""
        embeddings = self.hearing.embed(speech)
        return Made(self.rival(embeddings), None, embeddings)


def to_pixels(raw: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """(n, 3, px, px) as RGB pictures (n, px, px, 3); what is beyond [-1, 1] is cut."""
    pixels = np.rint((np.clip(raw, -1, 1) + 1) * 127.5).astype(np.uint8)
    return np.ascontiguousarray(pixels.transpose(0, 2, 3, 1))


def mean_over_seeds(per_probe: Sequence[npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
    """One number a probe from those of a model's seeds: their mean, shape (probes,).

    A probe that some seed could not be asked is NaN, as it is the same question for all of them.
    """
    return np.asarray(np.mean(np.stack(per_probe), axis=0))
