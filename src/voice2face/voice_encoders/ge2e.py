"""GE2E, a speaker encoder that others trained: three LSTM layers over windows of 1.6 s.

Source:
    Wan et al. 2018, "Generalized end-to-end loss for speaker verification"; Resemblyzer 0.1.4.
"""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import numpy as np

from voice2face.arrays import Float32s, Int16s
from voice2face.audio.long_silence import LongSilence
from voice2face.audio.mel_power import MelPower, mel_power
from voice2face.audio.speech import Speech
from voice2face.audio.windows import window_starts
from voice2face.onnx_files import Network
from voice2face.parts import PartSource, VoiceEncoderPart
from voice2face.settings import Settings
from voice2face.voice_encoders.protocol import Listened
from voice2face.voice_encoders.windows import speech_in, unit, windows_hash

SHIPPED = Path(__file__).parents[1] / "assets" / "networks" / "ge2e.onnx"
FILE = "ge2e.onnx"
DIM = 256
WINDOWS_AT_ONCE = 16  # 1.3 MB of features; more are no faster
INPUT, OUTPUT = "mel", "raw"


class Ge2eSettings(Settings, frozen=True, kw_only=True):
    """How GE2E hears a recording; as it was trained, but for the level (:class:`LongSilence`).

    ``output`` is ``raw``: the mean over windows of what the last layer gives, the one to regress
    from; or ``unit``: each window's rectified and made unit length, their mean made so again, the
    one to compare by its cosine.
    """

    silence: LongSilence = LongSilence()
    mel: MelPower = MelPower()
    window_frames: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 160
    hop_frames: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 77
    least_share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.75
    min_speech_s: Annotated[float, msgspec.Meta(ge=0.03, le=3600)] = 0.9
    output: Literal["raw", "unit"] = "raw"


class Ge2ePart(VoiceEncoderPart, frozen=True, kw_only=True, tag="ge2e"):
    """GE2E in a model folder.

    Attributes:
        settings: How it hears a recording.
    """

    settings: Ge2eSettings = Ge2eSettings()

    def open(self, source: PartSource) -> "Ge2e":
        """The encoder.

        Raises:
            ModelError: Its file is missing or damaged.
        """
        return Ge2e(source.path(FILE), self.settings, source.threads)

    @property
    def least_speech_s(self) -> float:
        """Seconds of speech that it needs."""
        return self.settings.min_speech_s


class Ge2e:
    """GE2E from its file (a :class:`~voice2face.voice_encoders.protocol.FrameEncoder`).

    Args:
        path: Its file; the one in the package by default.
        settings: How it hears a recording.
        threads: Cores for one call; 0 for all.

    Attributes:
        settings: How it hears a recording.
        dim: Numbers of an embedding.
        frame_dim: Numbers of a window.
        frames_per_s: Windows for a second of speech.

    Raises:
        ModelError: The file is missing, damaged or another network.
    """

    dim = frame_dim = DIM

    def __init__(
        self,
        path: Path = SHIPPED,
        settings: Ge2eSettings = Ge2eSettings(),  # noqa: B008 (frozen)
        threads: int = 1,
    ) -> None:
        self.settings = settings
        self.frames_per_s = 1 / (settings.hop_frames * settings.mel.hop_s)
        self._network = Network(path, threads)
        wanted = [None, settings.window_frames, settings.mel.n_mels]
        self._network.check(INPUT, wanted, OUTPUT)

    @cached_property  # Python before 3.12 looks at its value to tell if this is a FrameEncoder
    def frames_hash(self) -> str:
        """Checksum of the network's file and the settings, except how windows are pooled."""
        return windows_hash(self._network, msgspec.structs.replace(self.settings, output="raw"))

    def embed(self, speech: Speech) -> Float32s:
        """Embedding of one recording, shape (256,).

        Raises:
            AudioError: It holds too little speech.
            ModelError: The network failed.
        """
        return self.listen(speech).embedding

    def frames(self, speech: Speech) -> Float32s:
        """What the last layer gives for each window of the speech, shape (windows, 256).

        Raises:
            AudioError: It holds too little speech.
            ModelError: The network failed.
        """
        return self._heard(speech)[1]

    def listen(self, speech: Speech) -> Listened:
        """Embedding, speech and windows of one recording.

        Raises:
            AudioError: It holds too little speech.
            ModelError: The network failed.
        """
        voiced, windows = self._heard(speech)
        return Listened(self.pooled(windows), voiced, windows)

    def _heard(self, speech: Speech) -> tuple[Int16s, Float32s]:
        """The speech in a recording, and what the last layer gives for each window of it."""
        samples, gain = speech_in(speech, self.settings.silence, self.settings.min_speech_s)
        batches = [
            self._network.floats(OUTPUT, {INPUT: batch}, (len(batch), DIM))
            for batch in self._windows(samples, gain)
        ]
        return samples, np.concatenate(batches)

    def prepared(self, frames: Float32s) -> Float32s:
        """The same: windows stand each for itself."""
        return frames

    def pooled(self, frames: Float32s) -> Float32s:
        """Embedding of some windows: (windows, 256) → (256,)."""
        if self.settings.output == "raw":
            return np.asarray(frames.mean(axis=0, dtype=np.float64), np.float32)
        return unit(unit(np.maximum(frames, 0)).mean(axis=0))

    def _windows(self, samples: Int16s, gain: float) -> Iterator[Float32s]:
        """Features of the windows in batches, each (windows, window_frames, n_mels)."""
        mel, length = self.settings.mel, self.settings.window_frames
        n_frames, hop = len(samples) / mel.hop_samples, self.settings.hop_frames
        starts = window_starts(n_frames, length, hop, self.settings.least_share)
        for first in range(0, len(starts), WINDOWS_AT_ONCE):
            some = starts[first : first + WINDOWS_AT_ONCE]
            bands = mel_power(samples, gain, mel, (some[0], some[-1] + length))
            yield np.stack([bands[at - some[0] : at - some[0] + length] for at in some])
