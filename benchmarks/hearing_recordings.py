"""Recordings of the benchmark ``hearing``: embedded once, changed, and what their pictures show."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from benchmarks.prepare_runs import real
from voice2face.audio.channels import (
    Sound,
    amr,
    mp3,
    opus,
    reverberation,
    telephone,
    with_noise,
)
from voice2face.audio.speech import Speech, read_speech
from voice2face.errors import AudioError
from voice2face.evaluation.embedders.attributes import AgeGender
from voice2face.evaluation.embedders.face_set import FaceSet, detector
from voice2face.evaluation.embedders.fitted import open_embedder
from voice2face.voice_encoders.ge2e import Ge2e, Ge2eSettings, unit

PATIENT = Ge2eSettings(min_speech_s=0.03)
CHANGES: dict[str, Callable[[Sound], Sound]] = {
    "first half": lambda sound: sound[: len(sound) // 2],
    "second half": lambda sound: sound[len(sound) // 2 :],
    "white noise, 20 dB": lambda sound: with_noise(sound, 20, np.random.default_rng(0)),
    "white noise, 10 dB": lambda sound: with_noise(sound, 10, np.random.default_rng(0)),
    "pink noise, 10 dB": lambda sound: with_noise(sound, 10, np.random.default_rng(0), "pink"),
    "telephone": telephone,
    "AMR": amr,
    "Opus": opus,
    "MP3": mp3,
    "reverberation": reverberation,
}

Windows = list[np.ndarray]


@dataclass(frozen=True, eq=False)
class Heard:
    """The recordings of a table, with what GE2E gives for their windows."""

    root: Path
    rows: list[dict[str, str]]
    windows: Windows

    @classmethod
    def of(cls, *parts: str) -> "Heard":
        """The recordings of a table that lies beside the project."""
        path = real(*parts)
        with path.open(newline="") as stream:
            rows = list(csv.DictReader(stream))
        patient = Ge2e(settings=PATIENT)
        voices = [read_speech(path.parent / row["voice"]) for row in rows]
        return cls(path.parent, rows, [patient.frames(voice) for voice in voices])

    def column(self, name: str) -> np.ndarray:
        """Cells of a column."""
        return np.array([row[name] for row in self.rows])

    @property
    def people(self) -> np.ndarray:
        """Speaker of each recording."""
        return self.column("identity")

    @property
    def raw(self) -> np.ndarray:
        """Mean over windows of what the last layer gives, (n, 256)."""
        return np.stack([windows.mean(axis=0) for windows in self.windows])

    @property
    def unit(self) -> np.ndarray:
        """Embeddings to compare by their cosine, (n, 256)."""
        return np.stack([pooled(windows) for windows in self.windows])

    def speech(self, number: int) -> Speech:
        """One of the recordings, read again."""
        return read_speech(self.root / self.rows[number]["voice"])


def pooled(windows: np.ndarray) -> np.ndarray:
    """Unit mean of the windows' unit embeddings: (windows, 256) → (256,)."""
    return unit(unit(np.maximum(windows, 0)).mean(axis=0))


def changed(heard: Heard, change: Callable[[Sound], Sound]) -> Windows:
    """Windows of the recordings after a change of their waveforms."""
    patient = Ge2e(settings=PATIENT)
    windows = []
    for number in range(len(heard.rows)):
        try:
            windows.append(patient.frames(Speech(change(heard.speech(number).samples))))
        except AudioError:  # nothing left to hear
            windows.append(np.zeros((1, patient.frame_dim), np.float32))
    return windows


def _faces(heard: Heard, column: str) -> tuple[FaceSet, np.ndarray]:
    faces, left_out = FaceSet.of_files([heard.root / c for c in heard.column(column)], detector())
    there = np.ones(len(heard.rows), bool)
    there[[one.row for one in left_out]] = False
    return faces, there


@lru_cache(maxsize=8)
def shown(heard: Heard, column: str) -> tuple[np.ndarray, np.ndarray]:
    """Ages that pictures show, and how male they seem; NaN where there is no face."""
    faces, there = _faces(heard, column)
    ages, male = np.full((2, len(heard.rows)), np.nan)
    ages[there], male[there] = AgeGender().judge(faces)
    return ages, male


@lru_cache(maxsize=8)
def embedded(heard: Heard, column: str) -> np.ndarray:
    faces, there = _faces(heard, column)
    assert there.all()
    return open_embedder("face_reid_0095").embed(faces)


def canonical(heard: Heard) -> np.ndarray:
    return unit(embedded(heard, "canonical").astype(np.float64))
