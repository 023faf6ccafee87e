"""Recordings and faces held in memory, from which batches are cut on any device."""

import itertools
import math
import mmap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from voice2face.audio import normalise
from voice2face.corpus import Corpus
from voice2face.corpus.stream import read_pixels
from voice2face.training.data.frames import CorpusFrames
from voice2face.training.data.pairing import Rows

CPU = torch.device("cpu")


@dataclass(frozen=True)
class VoiceBank:
    """All recordings of a corpus, end to end.

    Attributes:
        frames: Frames of all recordings, as the network takes them, float16, shape (frames of all,
            frame_dim); on any device.
        starts: First frame of each recording, shape (recordings,), on the processor.
        lengths: Number of frames of each recording, on the processor.
        labels: Class of each recording, on the processor.
        device: Where crops are made: that of the frames, or one that has no room for them all.
    """

    frames: Tensor
    starts: Tensor
    lengths: Tensor
    labels: Tensor
    device: torch.device = CPU

    @classmethod
    def of(
        cls,
        recordings: Sequence[np.ndarray],
        labels: np.ndarray,
        prepared: Callable[[np.ndarray], np.ndarray] = normalise,
    ) -> "VoiceBank":
        """Join recordings, each (frames, frame_dim).

        Args:
            recordings: Their frames.
            labels: Class of each.
            prepared: Makes of the frames of a recording what a training cuts.
        """
        lengths = np.array([len(frames) for frames in recordings], np.int64)
        bank = cls.empty(lengths, recordings[0].shape[1], labels)
        for index, frames in enumerate(recordings):
            bank.put(index, frames, prepared)
        return bank

    @classmethod
    def empty(
        cls, lengths: np.ndarray, frame_dim: int, labels: np.ndarray, device: torch.device = CPU
    ) -> "VoiceBank":
        """Room for recordings that are :meth:`put` one by one."""
        starts = np.cumsum(lengths) - lengths
        frames = _empty((int(lengths.sum()), frame_dim), torch.float16, device)
        places = [torch.from_numpy(array) for array in (starts, lengths, labels)]
        return cls(frames, places[0], places[1], places[2], device)

    @classmethod
    def read(cls, source: CorpusFrames, rows: Rows, device: torch.device) -> "VoiceBank":
        """Read row groups one after the other, so that no more than one is held beside the bank.

        Args:
            source: Where from.
            rows: The row groups, and the class of each row; below 0 it is left out.
            device: Where the frames go.

        Raises:
            CorpusError: A shard is missing or damaged.
        """
        bank = cls.empty(rows.kept_lengths, source.dim, rows.classes, device)
        indices = itertools.count()
        for part, chosen in zip(rows.parts, rows.kept, strict=True):
            recordings = source.read(part)
            for row in chosen:
                bank.put(next(indices), recordings[row], source.encoder.prepared)
        return bank

    def put(
        self, index: int, frames: np.ndarray, prepared: Callable[[np.ndarray], np.ndarray]
    ) -> None:
        """Keep a recording."""
        # torch's conversions from and to half precision are ten times as fast as NumPy's.
        single = torch.from_numpy(np.array(frames)).float().numpy()
        start = int(self.starts[index])
        self.frames[start : start + len(single)] = torch.from_numpy(prepared(single))

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def n_bytes(self) -> int:
        """Size of the frames."""
        return self.frames.numel() * self.frames.element_size()

    def to(self, device: torch.device | str) -> "VoiceBank":
        """A copy with its frames on a device."""
        device = torch.device(device)
        return replace(self, frames=self.frames.to(device), device=device)

    def crops(self, chosen: Tensor, n_frames: int, rng: torch.Generator) -> Tensor:
        """A random stretch of each chosen recording, (batch, n_mels, n_frames), float32.

        A recording that is shorter is repeated from its start. Numbers are drawn on the processor,
        so that they are the same for every device; the crops are made on the bank's.
        """
        return self.cut(chosen, torch.rand(len(chosen), generator=rng), n_frames)

    def cut(self, chosen: Tensor, where: Tensor, n_frames: int) -> Tensor:
        """The stretches that begin at a share ``where`` of what each recording allows."""
        lengths = self.lengths[chosen]
        places = torch.stack((self.starts[chosen], offsets(lengths, where, n_frames), lengths))
        starts, first, lengths = sent(places, self.frames.device)[:, :, None]
        within = (first + torch.arange(n_frames, device=self.frames.device)) % lengths
        return as_features(self.frames[starts + within], self.device)

    def whole(self, index: int, min_frames: int) -> Tensor:
        """One recording as the front end would give it, (1, n_mels, at least min_frames)."""
        length = int(self.lengths[index])
        within = torch.arange(max(length, min_frames)) % length
        places = (self.starts[index] + within).to(self.frames.device)
        return self.frames[places].to(self.device).float().T[None]


@dataclass(frozen=True)
class FaceBank:
    """All faces of a corpus: uint8 pixels (faces, 3, px, px) and the class of each.

    ``device`` is where faces are made of them: the pixels' own, or one without room for all.
    """

    pixels: Tensor
    labels: Tensor
    device: torch.device = CPU

    @classmethod
    def of(cls, pixels: np.ndarray, labels: np.ndarray) -> "FaceBank":
        """From pictures of shape (faces, px, px, 3); the memory layout stays channels-last."""
        return cls(torch.from_numpy(pixels).permute(0, 3, 1, 2), torch.from_numpy(labels))

    @classmethod
    def read(cls, corpus: Corpus, rows: Rows, device: torch.device) -> "FaceBank":
        """Read row groups one after the other, as :meth:`VoiceBank.read` does."""
        classes, px = rows.classes, corpus.info.face_px
        pixels = _empty((len(classes), px, px, 3), torch.uint8, device)
        start = 0
        for part, chosen in zip(rows.parts, rows.kept, strict=True):
            found = read_pixels(corpus, part)[chosen]
            pixels[start : start + len(chosen)] = torch.from_numpy(found)
            start += len(chosen)
        return cls(pixels.permute(0, 3, 1, 2), torch.from_numpy(classes), device)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def n_bytes(self) -> int:
        """Size of the pixels."""
        return self.pixels.numel()

    def to(self, device: torch.device | str) -> "FaceBank":
        """A copy with its pixels on a device."""
        device = torch.device(device)
        return replace(self, pixels=self.pixels.to(device), device=device)

    def pick(self, chosen: Tensor, mirrored: Tensor) -> Tensor:
        """Chosen faces in [-1, 1], some of them left to right: (batch, 3, px, px)."""
        pixels = self.pixels[sent(chosen, self.pixels.device)]
        return as_faces(pixels, mirrored, self.device)


def sent(tensor: Tensor, device: torch.device) -> Tensor:
    """A copy of a tensor on a device, made without waiting for the work that is queued there.

    A graphics card can copy only from pinned memory without making the processor wait.
    """
    if device.type == "cuda" and tensor.device.type == "cpu" and not tensor.is_pinned():
        tensor = tensor.pin_memory()
    return tensor.to(device, non_blocking=True)


def offsets(lengths: Tensor, where: Tensor, n_frames: int) -> Tensor:
    """First frame of stretches that lie at a share ``where`` of what the lengths allow."""
    return (where * ((lengths - n_frames).clamp(min=0) + 1)).long()


def as_features(frames: Tensor, device: torch.device) -> Tensor:
    """(batch, frames, n_mels), float16, to (batch, n_mels, frames), float32, on a device."""
    return sent(frames, device).float().transpose(1, 2)


def faces_of(pixels: np.ndarray) -> Tensor:
    """Pictures (n, px, px, 3), 0 to 255, as faces in [-1, 1], (n, 3, px, px)."""
    return (torch.from_numpy(pixels).permute(0, 3, 1, 2).float() - 127.5) / 127.5


def as_faces(pixels: Tensor, mirrored: Tensor, device: torch.device) -> Tensor:
    """Pixels (batch, 3, px, px), uint8, to faces in [-1, 1], some mirrored, on a device."""
    faces = (sent(pixels, device).float() - 127.5) / 127.5
    turned = sent(mirrored, device)[:, None, None, None]
    return torch.where(turned, faces.flip(3), faces)


def _empty(shape: tuple[int, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    """Memory that goes back to the system as soon as it is free.

    Of blocks below 32 MiB, as row groups are, the C library's allocator would keep many.
    """
    n_bytes = math.prod(shape) * dtype.itemsize
    if device.type != "cpu" or not n_bytes:
        return torch.empty(shape, dtype=dtype, device=device)
    return torch.frombuffer(mmap.mmap(-1, n_bytes), dtype=dtype).view(shape)
