"""A corpus held in memory, and batches drawn from it."""

from collections.abc import Sized
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from voice2face.corpus.arrays import Faces, Voices
from voice2face.settings import Recipe
from voice2face.training.data.batch import Batch
from voice2face.training.data.frames import CorpusFrames, HeardVoices, note
from voice2face.training.data.in_memory import CPU, FaceBank, VoiceBank, sent
from voice2face.training.data.memory import room_on
from voice2face.training.data.pairing import Pairing


class FaceSource(Protocol):
    """Where a face training gets its batches: from memory, or from the shards."""

    @property
    def labels(self) -> list[str]:
        """Name of each class."""

    @property
    def voices(self) -> Sized:
        """All recordings."""

    @property
    def faces(self) -> Sized:
        """All faces."""

    def draw(self, recipe: Recipe, rng: torch.Generator, rank: int = 0, world: int = 1) -> Batch:
        """The next batch; see :meth:`FaceData.draw`."""

    def state(self) -> dict[str, Any]:
        """What :meth:`load` needs, with the generator's state, to go on exactly: a few numbers."""

    def load(self, state: dict[str, Any]) -> None:
        """Take up a state."""

    def close(self) -> None:
        """Let go of threads and memory."""


@dataclass(frozen=True)
class FaceData:
    """Voices and faces of the people, or groups, that have both, in memory."""

    voices: VoiceBank
    faces: FaceBank
    labels: list[str]

    @classmethod
    def read(
        cls, frames: CorpusFrames, pairing: Pairing, device: torch.device | str = CPU
    ) -> "FaceData":
        """Load what is paired; nothing but one row group is held beside it meanwhile.

        Raises:
            CorpusError: A shard is missing or damaged.
        """
        place = torch.device(device)
        return cls(
            VoiceBank.read(frames, pairing.voices, place),
            FaceBank.read(frames.corpus, pairing.faces, place),
            pairing.labels,
        )

    def to(self, device: torch.device | str) -> "FaceData":
        """The same with batches on a device: the banks too where they fit, see ``memory``."""
        place = torch.device(device)
        if place.type == "cpu" or self.voices.n_bytes + self.faces.n_bytes <= room_on(place):
            return replace(self, voices=self.voices.to(place), faces=self.faces.to(place))
        voices, faces = replace(self.voices, device=place), replace(self.faces, device=place)
        return replace(self, voices=voices, faces=faces)

    def draw(self, recipe: Recipe, rng: torch.Generator, rank: int = 0, world: int = 1) -> Batch:
        """One batch: voices and faces independently of each other, with replacement.

        Args:
            recipe: Its batch size is that of one process.
            rng: Random numbers of the processor, in the same state in all processes.
            rank: This process' number.
            world: How many processes there are: each takes its part of one large batch.

        Returns:
            The batch, on the banks' device.
        """
        n_frames, n = sizes(recipe, rng, world)
        heard = torch.randint(len(self.voices), (n,), generator=rng)
        seen = torch.randint(len(self.faces), (n,), generator=rng)
        chances = Chances.draw(recipe, rng, rank, world)
        heard, seen = heard[chances.part], seen[chances.part]
        return Batch(
            voices=self.voices.cut(heard, chances.where, n_frames),
            voice_labels=sent(self.voices.labels[heard], self.voices.device),
            faces=self.faces.pick(seen, chances.mirrored),
            face_labels=sent(self.faces.labels[seen], self.faces.device),
            noise=sent(chances.noise, self.voices.device),
        )

    def state(self) -> dict[str, Any]:
        """Nothing: what is drawn depends on the generator alone."""
        return {}

    def load(self, state: dict[str, Any]) -> None:
        """Go on; a note if the corpus was streamed before, which drew in another order."""
        if state:
            note("the corpus was streamed before and is in memory now: other batches follow")

    def close(self) -> None:
        """Nothing to do: the memory goes with the object."""


@dataclass(frozen=True)
class Chances:
    """Random draws for the items of one process' batch, beside the choice of the items.

    Attributes:
        part: The process' items among those of all processes.
        where: Place of each crop, as a share of what the recording allows, shape (batch,).
        mirrored: Whether each face is turned left to right, shape (batch,).
        noise: Added to the embeddings, already scaled, shape (batch, embedding_dim).
    """

    part: slice
    where: Tensor
    mirrored: Tensor
    noise: Tensor

    @classmethod
    def draw(cls, recipe: Recipe, rng: torch.Generator, rank: int, world: int) -> "Chances":
        """Draw for all processes and keep the part of one."""
        n = recipe.training.batch_size
        part = slice(rank * n, (rank + 1) * n)
        mirrored = torch.rand(n * world, generator=rng) < recipe.training.flip_share
        where = torch.rand(n * world, generator=rng)
        noise = torch.randn(n * world, recipe.generator.embedding_dim, generator=rng)
        return cls(part, where[part], mirrored[part], recipe.embedding.noise * noise[part])


def sizes(recipe: Recipe, rng: torch.Generator, world: int) -> tuple[int, int]:
    """Frames of each crop of a batch, drawn at random, and the items of all processes."""
    shortest, longest = recipe.training.crop_frames
    n_frames = int(torch.randint(shortest, longest + 1, (1,), generator=rng))
    return n_frames, recipe.training.batch_size * world


def values_of(rows: Voices | HeardVoices | Faces, column: str) -> list[str]:
    """A column of the corpus as text, ``identity`` or an attribute; "" where it is unknown."""
    if column == "identity":
        return [str(name) for name in rows.identity]
    values = rows.attributes.get(column, np.full(len(rows), None))
    return ["" if value is None else str(value) for value in values]
