"""Pictures, recordings and a stand-in for the audio front end."""

import wave
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from made_pictures import encoded, picture  # noqa: F401  (for the tests beside)

from voice2face.corpus import prepare as corpus_prepare
from voice2face.corpus.prepare import PrepareReport
from voice2face.errors import AudioError
from voice2face.settings import FaceCrop, FrontEnd


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


def fake_extract(source: Path, settings: FrontEnd) -> SimpleNamespace:
    """Stands for ``voice2face.audio.extract``: a made-up spectrogram of the right size."""
    try:
        with wave.open(str(source), "rb") as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    except (wave.Error, EOFError) as error:
        raise AudioError(source, "no sound", "a recording wanted", "choose another") from error
    seconds = len(samples) / 16_000
    log_mel = np.resize(samples, (len(samples) // 160, 64)).astype(np.float32) / 1000
    return SimpleNamespace(log_mel=log_mel, seconds=seconds, speech_s=seconds / 2)
