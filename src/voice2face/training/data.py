"""A corpus held in memory, and batches drawn from it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from voice2face.audio import normalise
from voice2face.corpus import Corpus
from voice2face.corpus.arrays import Faces, Voices
from voice2face.errors import TrainingError
from voice2face.settings import Recipe
from voice2face.training.steps import Batch


@dataclass(frozen=True)
class VoiceBank:
    """All recordings of a corpus, end to end.

    Attributes:
        frames: Normalised log-mel of all recordings, float16, shape (frames of all, n_mels).
        starts: First frame of each recording, shape (recordings,).
        lengths: Number of frames of each, shape (recordings,).
        labels: Class of each, shape (recordings,).
    """

    frames: Tensor
    starts: Tensor
    lengths: Tensor
    labels: Tensor

    @classmethod
    def of(cls, log_mels: Sequence[np.ndarray], labels: np.ndarray) -> "VoiceBank":
        """Normalise each recording, as the front end does, and join them."""
        lengths = np.array([len(log_mel) for log_mel in log_mels], np.int64)
        frames = np.empty((int(lengths.sum()), log_mels[0].shape[1]), np.float16)
        starts = np.cumsum(lengths) - lengths
        for log_mel, start, length in zip(log_mels, starts, lengths, strict=True):
            frames[start : start + length] = normalise(np.asarray(log_mel, np.float32))
        return cls(*map(torch.from_numpy, (frames, starts, lengths, labels)))

    def __len__(self) -> int:
        return len(self.lengths)

    def crops(self, chosen: Tensor, n_frames: int, rng: torch.Generator) -> Tensor:
        """A random stretch of each chosen recording, (batch, n_mels, n_frames), float32.

        A recording that is shorter is repeated from its start.
        """
        lengths = self.lengths[chosen]
        room = (lengths - n_frames).clamp(min=0) + 1
        offsets = (torch.rand(len(chosen), generator=rng) * room).long()
        within = (offsets[:, None] + torch.arange(n_frames)) % lengths[:, None]
        return self.frames[self.starts[chosen][:, None] + within].float().transpose(1, 2)

    def whole(self, index: int, min_frames: int) -> Tensor:
        """One recording as the front end would give it, (1, n_mels, at least min_frames)."""
        length = int(self.lengths[index])
        within = torch.arange(max(length, min_frames)) % length
        return self.frames[self.starts[index] + within].float().T[None]


@dataclass(frozen=True)
class FaceBank:
    """All faces of a corpus: uint8 pixels (faces, 3, px, px) and the class of each."""

    pixels: Tensor
    labels: Tensor

    @classmethod
    def of(cls, pixels: np.ndarray, labels: np.ndarray) -> "FaceBank":
        """From pictures of shape (faces, px, px, 3); the memory layout stays channels-last."""
        return cls(torch.from_numpy(pixels).permute(0, 3, 1, 2), torch.from_numpy(labels))

    def __len__(self) -> int:
        return len(self.labels)

    def pick(self, chosen: Tensor, mirrored: Tensor) -> Tensor:
        """Chosen faces in [-1, 1], some of them left to right: (batch, 3, px, px)."""
        faces = (self.pixels[chosen].float() - 127.5) / 127.5
        return torch.where(mirrored[:, None, None, None], faces.flip(3), faces)


@dataclass(frozen=True)
class FaceData:
    """Voices and faces of the people, or groups, that have both."""

    voices: VoiceBank
    faces: FaceBank
    labels: list[str]

    @classmethod
    def of(cls, corpus: Corpus, pair_by: str, split: str = "train") -> "FaceData":
        """Load one split and number what voices and faces are paired by.

        Args:
            corpus: Where from.
            pair_by: ``identity``, or an attribute that voices and faces have in common.
            split: Which part.

        Raises:
            TrainingError: Nothing has both a voice and a face.
        """
        voices, faces = corpus.voices(split), corpus.faces(split)
        of_voices, of_faces = values_of(voices, pair_by), values_of(faces, pair_by)
        labels = sorted((set(of_voices) & set(of_faces)) - {""})
        if not labels:
            raise TrainingError(
                corpus.path,
                f"no {pair_by} of the {split} split has both a voice and a face "
                f"({len(of_voices)} voices, {len(of_faces)} faces)",
                "at least one",
                f"pair by an attribute that both have ({_common(voices, faces)})",
            )
        number = {label: i for i, label in enumerate(labels)}
        heard = [i for i, label in enumerate(of_voices) if label in number]
        seen = [i for i, label in enumerate(of_faces) if label in number]
        return cls(
            VoiceBank.of([voices.log_mel[i] for i in heard], _numbers(of_voices, heard, number)),
            FaceBank.of(faces.pixels[seen], _numbers(of_faces, seen, number)),
            labels,
        )

    def draw(self, recipe: Recipe, rng: torch.Generator) -> Batch:
        """One batch: voices and faces independently of each other, with replacement."""
        settings = recipe.training
        n = settings.batch_size
        shortest, longest = settings.crop_frames
        n_frames = int(torch.randint(shortest, longest + 1, (1,), generator=rng))
        heard = torch.randint(len(self.voices), (n,), generator=rng)
        seen = torch.randint(len(self.faces), (n,), generator=rng)
        mirrored = torch.rand(n, generator=rng) < settings.flip_share
        dim = recipe.generator.embedding_dim
        return Batch(
            voices=self.voices.crops(heard, n_frames, rng),
            voice_labels=self.voices.labels[heard],
            faces=self.faces.pick(seen, mirrored),
            face_labels=self.faces.labels[seen],
            noise=recipe.embedding.noise * torch.randn(n, dim, generator=rng),
        )


def values_of(rows: Voices | Faces, column: str) -> list[str]:
    """A column of the corpus as text, ``identity`` or an attribute; "" where it is unknown."""
    if column == "identity":
        return [str(name) for name in rows.identity]
    values = rows.attributes.get(column, np.full(len(rows), None))
    return ["" if value is None else str(value) for value in values]


def _numbers(values: list[str], chosen: list[int], number: dict[str, int]) -> np.ndarray:
    return np.array([number[values[i]] for i in chosen], np.int64)


def _common(voices: Voices, faces: Faces) -> str:
    return ", ".join(sorted({*voices.attributes} & {*faces.attributes})) or "they share none"
