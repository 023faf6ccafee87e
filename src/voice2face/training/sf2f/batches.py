"""Recipe and data of a training of SF2F: windows of recordings, batches of voices and faces."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from voice2face.arrays import Float32s
from voice2face.settings import BatchSize, Channels, Count, NotNegative, Positive, Settings, Share
from voice2face.training.closed_form import VoicesAndFaces
from voice2face.training.data.in_memory import faces_of
from voice2face.training.recogniser.network import RecogniserRecipe
from voice2face.training.sf2f.network import halved
from voice2face.training.speaker.adaptation import LEAST_SCALE, stretch


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
    coarse_share: Share = 0.8  # the first iterations: coarse faces, no critics
    batch_size: BatchSize = 16
    learning_rate: Positive = 1e-3
    head_rate: Share = 0.01  # the head's share of the rate: it starts as a regression
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
        recordings: Windows of each recording, shape (windows, frame_dim).
        centre: Mean that was subtracted, shape (frame_dim,).
        scale: Divisor, shape (frame_dim,): the same for all numbers, so that those that differ
            little between segments count for little.
    """

    recordings: list[Float32s]
    centre: Float32s
    scale: Float32s

    @classmethod
    def of(cls, frames: list[Float32s]) -> "Windows":
        """Windows of recordings, each (windows, frame_dim)."""
        everything = np.concatenate(frames)
        centre, spread = everything.mean(axis=0), float(everything.std(axis=0).mean())
        scale = np.full_like(centre, max(spread, LEAST_SCALE))
        return cls([(one - centre) / scale for one in frames], centre, scale)


@dataclass(frozen=True, eq=False)
class Batch:
    """Voices and faces for one step.

    Attributes:
        windows: Shape (batch, windows, frame_dim).
        fine: Faces of the same people, in [-1, 1], shape (batch, 3, px, px).
        coarse: The same faces at half the size.
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
        windows: Windows of the recordings.
        recipe: Sizes of a batch.
        rng: Random numbers.
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
        fine = faces_of(self._pixels[faces])
        return Batch(torch.from_numpy(heard), fine, halved(fine), torch.from_numpy(people))
