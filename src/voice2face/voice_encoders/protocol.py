"""What every voice encoder can do, whoever made it."""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from voice2face.audio.speech import Speech

Float32Array = npt.NDArray[np.float32]


class VoiceEncoder(Protocol):
    """A recording in, numbers out that tell its speaker from others.

    Voice activity, level and features are each encoder's own affair: it takes the recording as it
    is.
    """

    @property
    def dim(self) -> int:
        """How many numbers."""
        ...

    def embed(self, speech: Speech) -> Float32Array:
        """Embedding of one recording, shape (dim,).

        Raises:
            AudioError: It holds too little speech.
            ModelError: The network is missing or damaged, or gives what is not finite.
        """
        ...


class FrameEncoder(VoiceEncoder, Protocol):
    """An encoder whose work splits into a sequence that can be kept and a pooling that is quick.

    A training reads each recording once, keeps the sequence (log-mel bands, or the embeddings of
    windows), and takes another stretch of it in each step.
    """

    @property
    def frame_dim(self) -> int:
        """Numbers of one frame of the sequence."""
        ...

    @property
    def frames_per_s(self) -> float:
        """Frames for a second of speech."""
        ...

    def frames(self, speech: Speech) -> Float32Array:
        """The sequence of one recording, shape (frames, frame_dim).

        Raises:
            AudioError: It holds too little speech.
            ModelError: The network is missing or damaged, or gives what is not finite.
        """
        ...

    def pooled(self, frames: Float32Array) -> Float32Array:
        """Embedding of a sequence or of a stretch of it: (frames, frame_dim) → (dim,)."""
        ...
