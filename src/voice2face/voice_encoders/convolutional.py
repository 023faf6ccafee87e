"""The report's voice encoder: log-mel, strided convolutions along time, a mean (ONNX Runtime).

The network that is trained is ``networks.modules.VoiceEncoder``.
"""

from collections.abc import Iterator

import numpy as np

from voice2face.arrays import Float32s, Floats
from voice2face.audio.front_end import speech_bands
from voice2face.audio.log_mel import normalise, tile
from voice2face.audio.settings import FrontEnd
from voice2face.audio.speech import Speech
from voice2face.onnx_files import Network
from voice2face.parts import PartSource, VoiceEncoderPart
from voice2face.settings import VoiceEncoderSettings
from voice2face.voice_encoders.log_mel_frames import LogMelFrames
from voice2face.voice_encoders.protocol import Listened

FILE, WEIGHTS = "voice_encoder.onnx", "voice_encoder.safetensors"
INPUT, OUTPUT, STEPS = "features", "embedding", "frame_embeddings"
# Frames at once (82 s), so that an hour needs no more memory than minutes; a multiple of any
# voice encoder's stride.
CHUNK_FRAMES = 8_192
# A step sees (stride - 1) frames on either side of its first: one step of margin covers it.
MARGIN_STEPS = 1


class ConvolutionalPart(VoiceEncoderPart, frozen=True, kw_only=True, tag="convolutional"):
    """The report's voice encoder, with the front end that it was trained on.

    Attributes:
        front_end_preset: Name of the front end.
        front_end: From a recording to the features.
        network: Its shape.
        unit: The embedding is scaled to length one.
    """

    front_end_preset: str
    front_end: FrontEnd
    network: VoiceEncoderSettings
    unit: bool = True

    def open(self, source: PartSource) -> "Convolutional":
        """The encoder.

        Raises:
            ModelError: Its file is missing or damaged.
        """
        return Convolutional(self, Network(source.path(FILE), source.threads))

    @property
    def front_end_name(self) -> str:
        """The preset."""
        return self.front_end_preset

    @property
    def least_speech_s(self) -> float:
        """Seconds of speech that it needs."""
        return self.front_end.min_speech_s

    def about(self) -> dict[str, str]:
        """Rows of the card's table of networks."""
        network = self.network
        shape = f"width {network.width:g}, {network.embedding_dim}-d"
        return {"audio preset": self.front_end_preset, "voice encoder": shape}


class Convolutional(LogMelFrames):
    """The encoder at work (a ``FrameEncoder`` and a ``Listener`` of ``voice_encoders.protocol``).

    Its frames are those of the front end: the network has no part in them.

    Args:
        part: What is known of it.
        network: Its graph.

    Attributes:
        dim: Numbers of an embedding.
    """

    def __init__(self, part: ConvolutionalPart, network: Network) -> None:
        super().__init__(part.front_end)
        self.dim: int = part.network.embedding_dim
        self._part, self._network = part, network

    @property
    def stride(self) -> int:
        """Frames per step of the network: each of its convolutions takes every other."""
        return int(2 ** (len(self._part.network.channels) + 1))

    def embed(self, speech: Speech) -> Float32s:
        """Embedding of one recording, shape (dim,).

        Raises:
            AudioError: It holds too little speech, or noise alone.
            ModelError: The network is damaged.
        """
        return self.listen(speech).embedding

    def listen(self, speech: Speech) -> Listened:
        """The embedding, and the speech without the silence.

        Raises:
            AudioError: It holds too little speech, or noise alone.
            ModelError: The network is damaged.
        """
        voiced, bands = speech_bands(speech, self.front_end)
        features = normalise(bands, out=bands)  # an hour's bands take 90 MB
        return Listened(self.encoded(tile(features, self.front_end.min_frames)), voiced)

    def pooled(self, frames: Float32s) -> Float32s:
        """Embedding of log-mel that is not normalised: (frames, n_mels) → (dim,)."""
        return self.encoded(tile(normalise(frames), self.front_end.min_frames))

    def encoded(self, features: Floats) -> Float32s:
        """Embedding of features as the front end gives them.

        Args:
            features: Normalised and tiled log-mel, shape (frames, n_mels), of any length.

        Returns:
            Shape (dim,), of length one if the model says so.

        Raises:
            ModelError: The network is damaged.
        """
        features = features.astype(np.float32, copy=False)
        if len(features) <= CHUNK_FRAMES:
            whole = self._network.floats(OUTPUT, {INPUT: features.T[None]}, (1, self.dim))
            return np.asarray(whole[0])
        total = np.zeros(self.dim)
        n_steps = 0
        for chunk, first, last in _chunks(len(features), self.stride):
            fed = features[chunk].T[None]
            shape = (1, self.dim, -(-fed.shape[2] // self.stride))
            steps = self._network.floats(STEPS, {INPUT: fed}, shape)
            total += steps[0, :, first:last].sum(axis=1, dtype=np.float64)
            n_steps += steps[0, :, first:last].shape[1]
        mean = total / n_steps
        if self._part.unit:
            mean = mean / max(float(np.linalg.norm(mean)), 1e-12)
        return mean.astype(np.float32)


def _chunks(n_frames: int, stride: int) -> Iterator[tuple[slice, int, int]]:
    """Stretches of frames, and the steps of each that see no frame outside it.

    The zero padding at both ends of the recording is the network's own; in between, a step near
    the edge of a stretch is taken from the neighbour, so that the result is that of one pass.
    """
    n_steps, chunk_steps = -(-n_frames // stride), CHUNK_FRAMES // stride
    for begin in range(0, n_steps, chunk_steps):
        end = min(begin + chunk_steps, n_steps)
        left, right = max(begin - MARGIN_STEPS, 0), min(end + MARGIN_STEPS, n_steps)
        frames = slice(left * stride, min(right * stride, n_frames))
        yield frames, begin - left, end - left
