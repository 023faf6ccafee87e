"""Recordings that experiments ask about: cut short, put together, or noise in their place."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.audio import log_mel as log_mel_of
from voice2face.corpus import Corpus
from voice2face.corpus.arrays import joined
from voice2face.settings import FrontEnd
from voice2face.training.data.frames import CorpusFrames, HeardVoices

FRAMES_PER_S = 100  # the front ends' hop is 10 ms
PLAIN_NOISES, BABBLE = ("white", "pink", "brown"), "babble"  # babble is speech
NOISES = (*PLAIN_NOISES, BABBLE)
# Power of a noise over frequency, f to this exponent.
SLOPES = {"white": 0.0, "pink": -1.0, "brown": -2.0}
LOWEST_HZ = 20.0  # below which a slope would put nearly all of the power
LOUDNESS = 0.05  # of a noise, as a share of full scale (RMS); about that of speech
BABBLE_VOICES = 6
DIGEST_BYTES = 16

Sound = npt.NDArray[Any]
Texts = npt.NDArray[np.str_]


@dataclass(frozen=True, eq=False)
class Recordings:
    """Recordings that are asked about; all fields have the same length.

    What a recording is held as is known here and in :mod:`voice2face.experiments.systems` alone.

    Attributes:
        clip: Name of each.
        identity: Who speaks; empty for noise.
        sounds: What is heard of each: natural log of mel power of the voiced parts, (frames,
            n_mels), float32 or float16; not normalised.
        attributes: What is known of the speaker by name; empty where it is not known.
        corpus: Checksum of the corpus whose recordings they are, whole; "" of what was cut or made.
    """

    clip: Texts
    identity: Texts
    sounds: Sequence[Sound]
    attributes: Mapping[str, Texts]
    corpus: str = ""

    def __len__(self) -> int:
        return len(self.sounds)

    @property
    def seconds(self) -> npt.NDArray[np.float64]:
        """Length of each, shape (n,)."""
        return np.array([len(sound) for sound in self.sounds], float) / FRAMES_PER_S

    @cached_property
    def digests(self) -> tuple[bytes, ...]:
        """Of the content of each, whatever its name."""
        return tuple(digest(sound) for sound in self.sounds)

    @cached_property
    def key(self) -> bytes:
        """Of the content of all, in their order: two sets of one key give the same faces."""
        return hashlib.blake2b(b"".join(self.digests), digest_size=DIGEST_BYTES).digest()

    @classmethod
    def of_corpus(cls, corpus: Corpus, split: str | None) -> "Recordings":
        """The recordings of one split, or all.

        Raises:
            CorpusError: A shard is missing or damaged.
            SettingsError: There is no such split.
        """
        return cls._of(CorpusFrames(corpus).voices(split), slice(None), corpus)

    @classmethod
    def silent(cls, corpus: Corpus, split: str | None) -> "Recordings":
        """The same without their sound, which is not read: stand-ins as long as the speech is.

        Raises:
            CorpusError: A shard is missing or damaged.
        """
        names = corpus.info.attributes["voice"]
        columns = ["clip", "identity", "speech_s", *names]
        shards = [s for s in corpus.info.shards if s.kind == "voice" and split in (None, s.split)]
        tables = [corpus.table(shard, columns) for shard in shards]
        cells = {
            name: [cell for table in tables for cell in table[name].to_pylist()] for name in columns
        }
        nothing = np.zeros((1, 1), np.float16)
        return cls(
            np.array(cells["clip"], str),
            np.array(cells["identity"], str),
            [np.broadcast_to(nothing, (round(s * FRAMES_PER_S), 1)) for s in cells["speech_s"]],
            {name: texts(np.array(cells[name], object)) for name in names},
        )

    @classmethod
    def of_people(cls, corpus: Corpus, people: Texts) -> "Recordings":
        """The recordings of some people; no more than a shard of others is in memory.

        Raises:
            CorpusError: A shard is missing or damaged.
        """
        shards = CorpusFrames(corpus).shards(None)
        parts = [
            cls._of(some, np.flatnonzero(np.isin(some.identity, people)), corpus) for some in shards
        ]
        return cls.together([part for part in parts if len(part)])

    @classmethod
    def _of(
        cls, voices: HeardVoices, rows: slice | npt.NDArray[np.int64], corpus: Corpus
    ) -> "Recordings":
        numbers = np.arange(len(voices.clip))[rows]
        sounds: Sequence[Sound] = voices.frames
        if not isinstance(rows, slice):  # a copy of few frees the shard
            sounds = [voices.frames[i].copy() for i in numbers]
        attributes = {name: texts(cells[rows]) for name, cells in voices.attributes.items()}
        of = corpus.info.data_hash
        return cls(voices.clip[rows], voices.identity[rows], sounds, attributes, of)

    @classmethod
    def together(cls, parts: Sequence["Recordings"]) -> "Recordings":
        """Several as one; of attributes those that all have."""
        names = set.intersection(*(set(part.attributes) for part in parts)) if parts else set()
        return cls(
            joined((part.clip for part in parts), np.str_),
            joined((part.identity for part in parts), np.str_),
            [sound for part in parts for sound in part.sounds],
            {n: joined((part.attributes[n] for part in parts), np.str_) for n in sorted(names)},
            parts[0].corpus if len({part.corpus for part in parts}) == 1 else "",
        )

    def only(self, rows: npt.ArrayLike) -> "Recordings":
        """Some of them, by number or by mask, in that order."""
        numbers = np.arange(len(self))[np.asarray(rows)]
        return Recordings(
            self.clip[numbers],
            self.identity[numbers],
            [self.sounds[i] for i in numbers],
            {name: cells[numbers] for name, cells in self.attributes.items()},
            self.corpus,
        )

    def named(self, clips: Texts) -> "Recordings":
        """The same under other names."""
        return Recordings(clips, self.identity, self.sounds, self.attributes)

    def at_least(self, seconds: float) -> "Recordings":
        """Those that are so long."""
        return self.only(self.seconds >= seconds)

    def cut(self, seconds: float, start_s: npt.ArrayLike = 0.0) -> "Recordings":
        """So much of each, from a time on; those that end earlier lose that much.

        Args:
            seconds: How much.
            start_s: Where it begins, for all or for each.
        """
        first = np.broadcast_to(np.rint(np.asarray(start_s) * FRAMES_PER_S).astype(int), len(self))
        n_frames = round(seconds * FRAMES_PER_S)
        parts = [x[i : i + n_frames] for x, i in zip(self.sounds, first, strict=True)]
        return Recordings(self.clip, self.identity, parts, self.attributes)

    def by_person(self) -> "Recordings":
        """Each person's recordings put one after the other as one, named by the person."""
        people, first = np.unique(self.identity, return_index=True)
        rows = (np.flatnonzero(self.identity == person) for person in people)
        whole = [np.concatenate([self.sounds[int(i)] for i in own]) for own in rows]
        attributes = {name: cells[first] for name, cells in self.attributes.items()}
        return Recordings(people, people, whole, attributes)

    def of_some_people(self, most: int, seed: int) -> "Recordings":
        """The recordings of at most so many people, drawn by lot; in the same order."""
        return self.only(people_drawn(self.identity, most, seed))

    def labels(self, name: str) -> Texts:
        """An attribute of each recording's speaker; empty where it is not known."""
        return self.attributes.get(name, np.full(len(self), "", str))


def people_drawn(identity: Texts, most: int, seed: int) -> npt.NDArray[np.bool_]:
    """Which rows are of at most so many people, drawn by lot, (n,)."""
    kept = np.random.default_rng(seed).permutation(np.unique(identity))[:most]
    return np.isin(identity, kept)


def digest(data: npt.NDArray[Any]) -> bytes:
    """What names the content of an array, such as a recording or a face."""
    whole = np.ascontiguousarray(data)
    return hashlib.blake2b(whole.view(np.uint8).data, digest_size=DIGEST_BYTES).digest()


def digests_of(corpus: Corpus) -> Iterator[bytes]:
    """What names the content of each recording of a corpus; one shard is in memory."""
    for voices in CorpusFrames(corpus).shards(None):
        yield from map(digest, voices.frames)


def noise(
    kind: str, seconds: float, n: int, voices: Recordings, front_end: FrontEnd, seed: int = 0
) -> Recordings:
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
    if kind == BABBLE:
        made = [_babble(voices, n_frames, rng) for _ in range(n)]
    else:
        rate = front_end.log_mel.sample_rate
        n_samples = n_frames * rate // FRAMES_PER_S + rate // 10
        sounds = (_coloured(SLOPES[kind], n_samples, rate, rng) for _ in range(n))
        made = [log_mel_of(sound, front_end.log_mel)[:n_frames] for sound in sounds]
    names = np.array([f"{kind} {i}" for i in range(n)], str)
    return Recordings(names, np.full(n, "", str), made, {})


def _coloured(
    slope: float, n_samples: int, rate: int, rng: np.random.Generator
) -> npt.NDArray[np.int16]:
    """Gaussian noise whose power goes with frequency to an exponent."""
    spectrum = np.fft.rfft(rng.standard_normal(n_samples))
    hz = np.maximum(np.fft.rfftfreq(n_samples, 1 / rate), LOWEST_HZ)
    sound = np.fft.irfft(spectrum * hz ** (slope / 2), n_samples)
    sound *= LOUDNESS * 32768 / np.sqrt(np.mean(sound**2))
    return np.clip(np.rint(sound), -32768, 32767).astype(np.int16)


def _babble(voices: Recordings, n_frames: int, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Several people at once, each as loud as the others and from a place of its own."""
    people = np.unique(voices.identity)
    chosen = rng.choice(people, min(BABBLE_VOICES, len(people)), replace=False)
    total = np.zeros((n_frames, voices.sounds[0].shape[1]))
    for person in chosen:
        row = rng.choice(np.flatnonzero(voices.identity == person))
        power = np.exp(np.asarray(voices.sounds[row], np.float64))
        start = rng.integers(len(power))
        power = np.take(power, np.arange(start, start + n_frames), axis=0, mode="wrap")
        total += power / power.mean()
    return np.log(total).astype(np.float32)


def texts(cells: npt.NDArray[np.object_]) -> npt.NDArray[np.str_]:
    """Cells as text; empty where there is nothing."""
    return np.array(["" if cell is None else str(cell) for cell in cells], str)
