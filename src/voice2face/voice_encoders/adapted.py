"""A frozen voice encoder with a small trained head that pools its windows (numpy)."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voice2face.arrays import Float32s
from voice2face.audio.speech import Speech
from voice2face.errors import ModelError
from voice2face.parts import PartSource, VoiceEncoderPart, read_arrays, write_arrays
from voice2face.voice_encoders.ge2e import Ge2ePart
from voice2face.voice_encoders.onnx_file import OnnxFilePart
from voice2face.voice_encoders.protocol import FrameEncoder

HEAD = "head.npz"
ARRAYS = {
    "centre": "float32 frame_dim",
    "scale": "float32 frame_dim",
    "attention": "float32 frame_dim hidden",
    "query": "float32 hidden",
    "weight": "float32 frame_dim dim",
}


@dataclass(frozen=True, eq=False)
class Head:
    """From the windows of a recording to one embedding of unit length.

    ``unit(sum(share · x) @ weight)``, where ``x = (window - centre) / scale`` and the shares are
    equal (a linear head) or ``softmax(tanh(x @ attention) @ query)``.

    Attributes:
        centre: Mean window of the training people, shape (frame_dim,).
        scale: Spread of each number, shape (frame_dim,).
        attention: Shape (frame_dim, hidden); hidden is 0 for a linear head.
        query: Shape (hidden,).
        weight: Shape (frame_dim, dim).

    Source:
        Attention over windows: Bai et al. 2022, "Speech Fusion to Face".
    """

    centre: Float32s
    scale: Float32s
    attention: Float32s
    query: Float32s
    weight: Float32s

    def __call__(self, windows: Float32s) -> Float32s:
        """One embedding: (windows, frame_dim) → (dim,)."""
        x = (windows - self.centre) / self.scale
        odds = np.tanh(x @ self.attention) @ self.query
        share = np.exp(odds - odds.max())
        pooled = (share / share.sum()) @ x @ self.weight
        return np.asarray(pooled / max(float(np.linalg.norm(pooled)), 1e-12), np.float32)


class AdaptedPart(VoiceEncoderPart, frozen=True, kw_only=True, tag="adapted"):
    """A frozen voice encoder and its head in a model folder.

    Attributes:
        encoder: The frozen one; its files are listed with the head's.
    """

    encoder: Ge2ePart | OnnxFilePart

    def open(self, source: PartSource) -> "Adapted":
        """The encoder.

        Raises:
            ModelError: A file is missing or damaged, or they don't belong together.
        """
        return Adapted(self.encoder.open(source), read_head(source.path(HEAD)))

    @property
    def front_end_name(self) -> str:
        """Front end of the frozen encoder."""
        return self.encoder.front_end_name

    @property
    def least_speech_s(self) -> float:
        """Seconds of speech that it needs."""
        return self.encoder.least_speech_s

    def about(self) -> dict[str, str]:
        """Rows of the card's table of networks."""
        return {"voice encoder": f"{self.encoder.kind}, with a head trained on top"}


class Adapted:
    """A voice encoder and its head (a :class:`~voice2face.voice_encoders.protocol.FrameEncoder`).

    Args:
        encoder: Frozen; gives the windows.
        head: Pools them.

    Attributes:
        dim: Numbers of an embedding.
        frame_dim: Numbers of a window.
        frames_per_s: Windows for a second of speech.
        frames_hash: The frozen encoder's.

    Raises:
        ModelError: The head was made for another encoder.
    """

    def __init__(self, encoder: FrameEncoder, head: Head) -> None:
        if encoder.frame_dim != len(head.centre):
            found, wanted = f"windows of {len(head.centre)} numbers", f"{encoder.frame_dim}"
            raise ModelError("head", found, wanted, "name the encoder that it was trained on")
        self._encoder, self._head = encoder, head
        self.dim = int(head.weight.shape[1])
        self.frame_dim = encoder.frame_dim
        self.frames_per_s, self.frames_hash = encoder.frames_per_s, encoder.frames_hash

    def frames(self, speech: Speech) -> Float32s:
        """Windows of the frozen encoder, shape (windows, frame_dim).

        Raises:
            AudioError: The recording holds too little speech.
            ModelError: The network failed.
        """
        return self._encoder.frames(speech)

    def prepared(self, frames: Float32s) -> Float32s:
        """As the frozen encoder has it."""
        return self._encoder.prepared(frames)

    def pooled(self, frames: Float32s) -> Float32s:
        """Embedding of some windows, of unit length: (windows, frame_dim) → (dim,)."""
        return self._head(frames)

    def embed(self, speech: Speech) -> Float32s:
        """Embedding of one recording, of unit length, shape (dim,).

        Raises:
            AudioError: It holds too little speech.
            ModelError: The network failed.
        """
        return self._head(self.frames(speech))


def write_head(path: Path, head: Head) -> None:
    """Write a head as an ``.npz`` file of arrays.

    Raises:
        OutputError: It could not be written.
    """
    write_arrays(path, {name: getattr(head, name) for name in ARRAYS})


def read_head(path: Path) -> Head:
    """Read a head that :func:`write_head` wrote; nothing is unpickled.

    Raises:
        ModelError: The file is missing, damaged or something else.
    """
    return Head(**read_arrays(path, ARRAYS, what="a head", remedy="train the head again"))
