"""Any speaker encoder in an ONNX file, with a small YAML file beside it: how it is fed."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import numpy as np

from voice2face.arrays import Float32s, Int16s
from voice2face.audio.kaldi_fbank import KaldiFbank, kaldi_fbank
from voice2face.audio.log_mel import log_mel, normalise
from voice2face.audio.long_silence import LongSilence
from voice2face.audio.mel_power import MelPower, mel_power
from voice2face.audio.resample import RATE_HZ, at_rate
from voice2face.audio.settings import LogMel
from voice2face.audio.speech import Speech
from voice2face.audio.windows import window_starts
from voice2face.errors import ModelError
from voice2face.onnx_files import Network
from voice2face.parts import PartSource, VoiceEncoderPart
from voice2face.settings import Settings, read_yaml
from voice2face.voice_encoders.windows import speech_in, unit, windows_hash

FILE = "speaker.onnx"  # in a model folder
Seconds = Annotated[float, msgspec.Meta(ge=0.1, le=600)]


class Waveform(Settings, frozen=True, kw_only=True, tag_field="kind", tag="waveform"):
    """The samples themselves, multiplied: 1 for floats in [-1, 1], 32768 for the int16 scale."""

    sample_rate: Annotated[int, msgspec.Meta(ge=8000, le=48_000)] = 16_000
    scale: Annotated[float, msgspec.Meta(gt=0, le=1e6)] = 1.0


class Fbank(KaldiFbank, frozen=True, kw_only=True, tag_field="kind", tag="kaldi_fbank"):
    """:class:`KaldiFbank`: the networks of WeSpeaker and 3D-Speaker, ECAPA and CAM++ among them."""


class Power(MelPower, frozen=True, kw_only=True, tag_field="kind", tag="mel_power"):
    """:class:`MelPower`: Slaney's filters, no logarithm, as GE2E has it."""


class LogPower(LogMel, frozen=True, kw_only=True, tag_field="kind", tag="log_mel"):
    """:class:`LogMel`: as the voice encoders have it that this program trains."""

    normalise: bool = True  # each band over what enters the network at once


class SpeakerFile(Settings, frozen=True, kw_only=True):
    """What FILE.yaml says of FILE.onnx."""

    front_end: Waveform | Fbank | Power | LogPower
    # Of the input: (batch, samples), (batch, frames, bands) or (batch, bands, frames).
    layout: Literal["samples", "frames_bands", "bands_frames"] = "frames_bands"
    input: str = "input"
    output: str = "output"
    window_s: Seconds = 6.0  # speech that enters at once; a shorter recording enters as it is
    hop_s: Seconds = 3.0
    least_share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5  # of a last window that counts
    pooling: Literal["mean", "unit"] = "unit"  # unit: of windows made unit length, made so again
    min_speech_s: Annotated[float, msgspec.Meta(ge=0.1, le=600)] = 0.9
    silence: LongSilence = LongSilence()

    def __post_init__(self) -> None:
        """Refuse what does not fit together."""
        if (self.layout == "samples") != isinstance(self.front_end, Waveform):
            raise ValueError("layout of samples: for the front end waveform, and for it alone")


class OnnxFilePart(VoiceEncoderPart, frozen=True, kw_only=True, tag="onnx"):
    """A speaker encoder of others in a model folder.

    Attributes:
        settings: How it is fed.
    """

    settings: SpeakerFile

    def open(self, source: PartSource) -> "OnnxFile":
        """The encoder.

        Raises:
            ModelError: Its file is missing or damaged, or is fed otherwise.
        """
        return OnnxFile(source.path(FILE), self.settings, source.threads)

    @property
    def front_end_name(self) -> str:
        """The kind of its features."""
        return str(self.settings.front_end.__struct_config__.tag)

    @property
    def least_speech_s(self) -> float:
        """Seconds of speech that it needs."""
        return self.settings.min_speech_s


class OnnxFile:
    """A speaker encoder (a :class:`~voice2face.voice_encoders.protocol.FrameEncoder`).

    Args:
        path: FILE.onnx.
        settings: How it is fed; what FILE.yaml beside it says, if not given.
        threads: Cores for one call; 0 for all.

    Attributes:
        settings: How it is fed.
        dim: Numbers of an embedding.
        frame_dim: Numbers of a window, as many.
        frames_per_s: Windows for a second of speech.

    Raises:
        ModelError: A file is missing or damaged, or the network is not fed as its YAML says.
        SettingsError: FILE.yaml has an entry that does not exist, or a value that it cannot have.
    """

    def __init__(self, path: Path, settings: SpeakerFile | None = None, threads: int = 1) -> None:
        self.settings = settings or _beside(path)
        self._network = Network(path, threads)
        self._length = self._check_input()
        noise = np.random.default_rng(0).normal(0, 1000, round(self.settings.window_s * RATE_HZ))
        self.dim = 0
        self.dim = self.frame_dim = len(self._run(np.rint(noise).astype(np.int16)))
        self.frames_per_s = 1 / self.settings.hop_s

    @cached_property  # Python before 3.12 looks at its value to tell if this is a FrameEncoder
    def frames_hash(self) -> str:
        """Checksum of the network's file and the settings, except how windows are pooled."""
        return windows_hash(self._network, msgspec.structs.replace(self.settings, pooling="mean"))

    def prepared(self, frames: Float32s) -> Float32s:
        """The same: windows stand each for itself."""
        return frames

    def embed(self, speech: Speech) -> Float32s:
        """Embedding of one recording, shape (dim,).

        Raises:
            AudioError: It holds too little speech.
            ModelError: The network failed.
        """
        return self.pooled(self.frames(speech))

    def frames(self, speech: Speech) -> Float32s:
        """What the network gives for each window of the speech, shape (windows, dim).

        Raises:
            AudioError: It holds too little speech.
            ModelError: The network failed.
        """
        samples, gain = speech_in(speech, self.settings.silence, self.settings.min_speech_s)
        return np.stack([self._run(window) for window in self._windows(samples, gain)])

    def pooled(self, frames: Float32s) -> Float32s:
        """Embedding of some windows: (windows, dim) → (dim,)."""
        if self.settings.pooling == "mean":
            return np.asarray(frames.mean(axis=0, dtype=np.float64), np.float32)
        return unit(unit(frames).mean(axis=0))

    def _windows(self, samples: Int16s, gain: float) -> Iterator[Int16s]:
        """Stretches of the speech, at the level at which it is heard."""
        size, hop = (round(s * RATE_HZ) for s in (self.settings.window_s, self.settings.hop_s))
        for start in window_starts(len(samples), size, hop, self.settings.least_share):
            loud = samples[start : start + size] * gain
            yield np.clip(np.rint(loud), -32768, 32767).astype(np.int16)

    def _run(self, window: Int16s) -> Float32s:
        """What the network gives for a stretch, shape (dim,)."""
        fed = _features(window, self.settings.front_end)
        if self._length is not None and len(fed):  # repeated or cut to what it always wants
            fed = np.resize(fed, (self._length, *fed.shape[1:]))
        if self.settings.layout == "bands_frames":
            fed = fed.T
        (answer,) = self._network.run([self.settings.output], {self.settings.input: fed[None]})
        if answer.size == 0 or self.dim not in (0, answer.size):
            found = f"output '{self.settings.output}' of shape {answer.shape}"
            wanted = f"{self.dim or 'some'} numbers for a window"
            raise self._network.wrong(found, wanted, "correct the YAML file beside it")
        return np.asarray(answer.reshape(-1), np.float32)

    def _check_input(self) -> int | None:
        """Frames or samples that the network always wants; None if it takes any number."""
        settings, found = self.settings, self._network.inputs.get(self.settings.input)
        axis = 2 if settings.layout == "bands_frames" else 1
        length = found[1][axis] if found and len(found[1]) > axis else None
        if isinstance(settings.front_end, Waveform):
            shape: list[int | None] = [1, length]
        else:
            bands = settings.front_end.n_mels
            shape = [1, bands, length] if axis == 2 else [1, length, bands]
        self._network.check(settings.input, shape, settings.output)
        return length


def _features(window: Int16s, front_end: Waveform | Fbank | Power | LogPower) -> Float32s:
    """What enters the network: (samples,) or (frames, n_mels)."""
    samples = at_rate(window, front_end.sample_rate)
    if isinstance(front_end, Waveform):
        return samples.astype(np.float32) * np.float32(front_end.scale / 32768)
    if isinstance(front_end, Fbank):
        return kaldi_fbank(samples, front_end)
    if isinstance(front_end, Power):
        return mel_power(samples, settings=front_end)
    bands = log_mel(samples, front_end)
    return normalise(bands) if front_end.normalise else bands


def _beside(path: Path) -> SpeakerFile:
    about = path.with_suffix(".yaml")
    if not about.is_file():
        wanted = "a YAML file that says how the network is fed"
        raise ModelError(about, "no such file", wanted, "write it beside the network")
    return read_yaml(about, SpeakerFile)
