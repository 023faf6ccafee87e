"""The recordings that teach read-offs, embedded: as they are, and cut short or changed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voice2face.audio.channels import mp3, opus, reverberation, telephone, with_noise
from voice2face.audio.noise import Colour, Sound
from voice2face.audio.resample import RATE_HZ
from voice2face.audio.speech import Speech, read_speech
from voice2face.errors import AudioError
from voice2face.synthetic.sounds import SOUNDS, sound
from voice2face.voice_encoders.protocol import VoiceEncoder

CUT_S = (1.2, 4.0)
SNR_DB = (5.0, 20.0)
SOUND_S = (3.0, 6.0)
CHANNELS = (telephone, mp3, opus, reverberation)

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Embedded:
    """Embeddings of recordings.

    Attributes:
        embeddings: Shape (n, dim).
        row: Which recording each is of, shape (n,); one with too little speech has none.
    """

    embeddings: Vectors
    row: npt.NDArray[np.int64]


def embedded(encoder: VoiceEncoder, recordings: Iterator[Speech]) -> Embedded:
    """Those that hold enough speech."""
    made, rows = [], []
    for row, recording in enumerate(recordings):
        try:
            made.append(encoder.embed(recording))
        except AudioError:
            continue
        rows.append(row)
    vectors = np.stack(made) if made else np.zeros((0, encoder.dim), np.float32)
    return Embedded(vectors, np.array(rows, np.int64))


def as_they_are(paths: Sequence[Path]) -> Iterator[Speech]:
    """The recordings of these files."""
    return (read_speech(path) for path in paths)


def changed(paths: Sequence[Path], seed: int) -> Iterator[Speech]:
    """A stretch of each, most of them noisy or through a channel; each has draws of its own."""
    for number, path in enumerate(paths):
        rng = np.random.default_rng((seed, number))
        recording = read_speech(path)
        yield Speech(_change(_cut(recording.samples, rng), rng), RATE_HZ, recording.name)


def other_sounds(n_each: int, seed: int) -> Iterator[Speech]:
    """Made-up sounds of every kind that are no voice, ``n_each`` of each."""
    for number, kind in enumerate(SOUNDS):
        for draw in range(n_each):
            rng = np.random.default_rng((seed, number, draw))
            yield Speech(sound(kind, rng.uniform(*SOUND_S), rng), RATE_HZ, kind)


def _cut(samples: Sound, rng: np.random.Generator) -> Sound:
    n = min(round(rng.uniform(*CUT_S) * RATE_HZ), len(samples))
    start = int(rng.integers(len(samples) - n + 1))
    return samples[start : start + n]


def _change(samples: Sound, rng: np.random.Generator) -> Sound:
    """A third noisy, a third through a channel, a third as it is."""
    choice = rng.integers(3)
    if choice == 0:
        colour: Colour = "white" if rng.random() < 0.5 else "pink"
        return with_noise(samples, rng.uniform(*SNR_DB), rng, colour)
    return CHANNELS[rng.integers(len(CHANNELS))](samples) if choice == 1 else samples
