"""An encoder that gives embeddings alone, as one that a training can cut and pool."""

import hashlib

import numpy as np

from voice2face.arrays import Float32s
from voice2face.audio.speech import Speech
from voice2face.voice_encoders.protocol import FrameEncoder, VoiceEncoder


class WholeRecordings:
    """A ``FrameEncoder`` whose sequence has one row: the embedding of the whole recording.

    Args:
        encoder: Encoder that gives the embeddings.
        name: All that decides what it gives, as text; goes into ``frames_hash``.

    Attributes:
        frames_per_s: 0, as the row stands for a recording of any length.
    """

    frames_per_s = 0.0

    def __init__(self, encoder: VoiceEncoder, name: str) -> None:
        self._encoder = encoder
        self.dim = self.frame_dim = encoder.dim
        self.frames_hash = hashlib.sha256(f"whole recordings 1 {name}".encode()).hexdigest()

    def embed(self, speech: Speech) -> Float32s:
        """Embedding of one recording, shape (dim,)."""
        return self._encoder.embed(speech)

    def frames(self, speech: Speech) -> Float32s:
        """The same as a sequence, shape (1, dim)."""
        return np.asarray(self._encoder.embed(speech), np.float32)[None]

    def prepared(self, frames: Float32s) -> Float32s:
        """The same frames."""
        return frames

    def pooled(self, frames: Float32s) -> Float32s:
        """Mean of some rows: (frames, dim) → (dim,)."""
        return np.asarray(frames.mean(axis=0, dtype=np.float64), np.float32)


def as_frame_encoder(encoder: VoiceEncoder, name: str) -> FrameEncoder:
    """The encoder itself if it can give a sequence, else a sequence of one embedding.

    Args:
        encoder: Any.
        name: All that decides what it gives, as text.
    """
    return encoder if isinstance(encoder, FrameEncoder) else WholeRecordings(encoder, name)
