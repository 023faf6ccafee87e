"""Pictures, recordings and a stand-in for the audio front end."""

import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from made_pictures import encoded, picture  # noqa: F401  (for the tests beside)

from voice2face.audio.settings import FrontEnd
from voice2face.audio.speech import Speech
from voice2face.corpus import prepare as corpus_prepare
from voice2face.corpus.prepare import PrepareReport
from voice2face.faces.settings import FaceCrop


def prepare(
    sources: Sequence[Path], out: Path, *, face_px: int = 64, **options: Any
) -> PrepareReport:
    """``voice2face.corpus.prepare.prepare`` of pictures that are taken as they are."""
    crop = FaceCrop(px=face_px)
    return corpus_prepare.prepare(sources, out, aligned=True, face_crop=crop, **options)


def write_wav(path: Path, seconds: float = 0.5, hz: float = 120.0) -> Path:
    """A square wave: no speech."""
    time_s = np.arange(int(16_000 * seconds)) / 16_000
    return _write(path, 8000 * np.sign(np.sin(2 * np.pi * hz * time_s)))


def write_speech(path: Path, seconds: float = 2.0, hz: float = 120.0) -> Path:
    """Harmonics under two formants that move: the front end takes it for speech."""
    time_s = np.arange(int(16_000 * seconds)) / 16_000
    low_hz = 600 + 400 * np.sin(2 * np.pi * 3 * time_s)
    high_hz = 1500 + 600 * np.sin(2 * np.pi * 2.3 * time_s + 1)
    harmonic_hz = np.arange(1, 30)[:, None] * hz  # (harmonics, 1)
    gain = 1 / (1 + ((harmonic_hz - low_hz) / 150) ** 2)
    gain += 0.6 / (1 + ((harmonic_hz - high_hz) / 200) ** 2)
    waveform = (gain * np.sin(2 * np.pi * harmonic_hz * time_s)).sum(0)
    return _write(path, waveform / np.abs(waveform).max() * 12_000)


def _write(path: Path, waveform: np.ndarray) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(waveform.astype("<i2").tobytes())
    return path


def fake_bands(
    speech: Speech, settings: FrontEnd, check_speech: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Stands for ``voice2face.audio.front_end.speech_bands``: half of it is speech."""
    samples = speech.samples
    bands = np.resize(samples, (len(samples) // 160, 64)).astype(np.float32) / 1000
    return samples[: len(samples) // 2], bands
