"""Shared code of encoders that hear speech in windows of one length."""

import hashlib

import msgspec
import numpy as np

from voice2face.arrays import Float32s, Floats, Int16s
from voice2face.audio.long_silence import LongSilence, levelled_speech
from voice2face.audio.resample import RATE_HZ
from voice2face.audio.speech import Speech
from voice2face.audio.speech_check import Level, too_little_speech
from voice2face.files import sha256_of
from voice2face.onnx_files import Network
from voice2face.settings import Settings


def speech_in(recording: Speech, silence: LongSilence, min_speech_s: float) -> tuple[Int16s, float]:
    """The speech in a recording without long silences, and the gain at which it is to be heard.

    Raises:
        AudioError: It is less than ``min_speech_s``.
    """
    samples, gain = levelled_speech(recording.samples, silence)
    speech_s = len(samples) / RATE_HZ
    if speech_s < min_speech_s:
        level = Level.of(recording.samples)
        raise too_little_speech(recording.name, level, speech_s, min_speech_s)
    return samples, gain


def windows_hash(network: Network, settings: Settings) -> str:
    """Name of the numbers of all windows: checksum of the network's file and of the settings."""
    named = sha256_of(network.path).encode() + msgspec.json.encode(settings)
    return hashlib.sha256(named).hexdigest()


def unit(vectors: Floats) -> Float32s:
    """Vectors made unit length; one that is zero stays so."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-12), np.float32)
