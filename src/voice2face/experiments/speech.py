"""Recordings that experiments ask about: cut short, put together, or noise in their place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.audio import log_mel as log_mel_of
from voice2face.audio import normalise, tile
from voice2face.corpus import Corpus
from voice2face.settings import FrontEnd

FRAMES_PER_S = 100  # the front ends' hop is 10 ms
NOISES = ("white", "pink", "brown", "babble")
# Power of a noise over frequency, f to this exponent.
SLOPES = {"white": 0.0, "pink": -1.0, "brown": -2.0}
LOWEST_HZ = 20.0  # below which a slope would put nearly all of the power
LOUDNESS = 0.05  # of a noise, as a share of full scale (RMS); about that of speech
BABBLE_VOICES = 6


@dataclass(frozen=True, eq=False)
class Speech:
    """Recordings as log-mel spectrograms; all fields have the same length.

    Attributes:
        clip: Name of each.
        identity: Who speaks; empty for noise.
        log_mel: Natural log of mel power of the voiced parts, each (frames, n_mels), float32 or
            float16; not normalised.
        attributes: What is known of the speaker by name; empty where it is not known.
    """

    clip: npt.NDArray[np.str_]
    identity: npt.NDArray[np.str_]
    log_mel: Sequence[npt.NDArray[Any]]
    attributes: Mapping[str, npt.NDArray[np.str_]]

    def __len__(self) -> int:
        return len(self.log_mel)

    @property
    def seconds(self) -> npt.NDArray[np.float64]:
        """Speech in each, shape (n,)."""
        return np.array([len(frames) for frames in self.log_mel], float) / FRAMES_PER_S

    @classmethod
    def of_corpus(cls, corpus: Corpus, split: str | None) -> "Speech":
        """The recordings of one split, or all.

        Raises:
            CorpusError: A shard is missing or damaged.
            SettingsError: There is no such split.
        """
        from voice2face.training.data.frames import CorpusFrames

        voices = CorpusFrames(corpus).voices(split)
        attributes = {name: texts(cells) for name, cells in voices.attributes.items()}
        return cls(voices.clip, voices.identity, voices.frames, attributes)

    def only(self, rows: npt.ArrayLike) -> "Speech":
        """Some of them, by number or by mask, in that order."""
        numbers = np.arange(len(self))[np.asarray(rows)]
        return Speech(
            self.clip[numbers],
            self.identity[numbers],
            [self.log_mel[i] for i in numbers],
            {name: cells[numbers] for name, cells in self.attributes.items()},
        )

    def at_least(self, seconds: float) -> "Speech":
        """Those that hold so much speech."""
        return self.only(self.seconds >= seconds)

    def cut(self, seconds: float, start_s: npt.ArrayLike = 0.0) -> "Speech":
        """So much of each, from a time on; those that end earlier lose that much.

        Args:
            seconds: How much.
            start_s: Where it begins, for all or for each.
        """
        first = np.broadcast_to(np.rint(np.asarray(start_s) * FRAMES_PER_S).astype(int), len(self))
        n_frames = round(seconds * FRAMES_PER_S)
        parts = [x[i : i + n_frames] for x, i in zip(self.log_mel, first, strict=True)]
        return Speech(self.clip, self.identity, parts, self.attributes)

    def features(self, row: int, min_frames: int) -> npt.NDArray[np.float32]:
        """What the voice encoder is given of one: (max(frames, min_frames), n_mels)."""
        return tile(normalise(np.asarray(self.log_mel[row], np.float32)), min_frames)


def noise(
    kind: str, seconds: float, n: int, voices: Speech, front_end: FrontEnd, seed: int = 0
) -> Speech:
    """Recordings of noise, without voice activity detection, which would leave nothing of them.

    Args:
        kind: One of ``NOISES``. Babble is the sum of several people's speech; mel power of voices
            adds in the mean, as their phases have nothing to do with each other.
        seconds: Length of each.
        n: How many.
        voices: Whose speech babble is made from; of the others they are not needed.
        front_end: That of the models.
        seed: Of the draws.

    Returns:
        ``n`` recordings, named by kind and number, of nobody.
    """
    rng = np.random.default_rng([seed, NOISES.index(kind)])
    n_frames = round(seconds * FRAMES_PER_S)
    if kind == "babble":
        made = [_babble(voices, n_frames, rng) for _ in range(n)]
    else:
        rate = front_end.log_mel.sample_rate
        n_samples = n_frames * rate // FRAMES_PER_S + rate // 10
        sounds = (_coloured(SLOPES[kind], n_samples, rate, rng) for _ in range(n))
        made = [log_mel_of(sound, front_end.log_mel)[:n_frames] for sound in sounds]
    names = np.array([f"{kind} {i}" for i in range(n)], str)
    return Speech(names, np.full(n, "", str), made, {})


def _coloured(
    slope: float, n_samples: int, rate: int, rng: np.random.Generator
) -> npt.NDArray[np.int16]:
    """Gaussian noise whose power goes with frequency to an exponent."""
    spectrum = np.fft.rfft(rng.standard_normal(n_samples))
    hz = np.maximum(np.fft.rfftfreq(n_samples, 1 / rate), LOWEST_HZ)
    sound = np.fft.irfft(spectrum * hz ** (slope / 2), n_samples)
    sound *= LOUDNESS * 32768 / np.sqrt(np.mean(sound**2))
    return np.clip(np.rint(sound), -32768, 32767).astype(np.int16)


def _babble(voices: Speech, n_frames: int, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Several people at once, each as loud as the others and from a place of its own."""
    people = np.unique(voices.identity)
    chosen = rng.choice(people, min(BABBLE_VOICES, len(people)), replace=False)
    total = np.zeros((n_frames, voices.log_mel[0].shape[1]))
    for person in chosen:
        row = rng.choice(np.flatnonzero(voices.identity == person))
        power = np.exp(np.asarray(voices.log_mel[row], np.float64))
        start = rng.integers(len(power))
        power = np.take(power, np.arange(start, start + n_frames), axis=0, mode="wrap")
        total += power / power.mean()
    return np.log(total).astype(np.float32)


def texts(cells: npt.NDArray[np.object_]) -> npt.NDArray[np.str_]:
    """Cells as text; empty where there is nothing."""
    return np.array(["" if cell is None else str(cell) for cell in cells], str)
