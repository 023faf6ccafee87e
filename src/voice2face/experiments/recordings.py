"""Recordings that experiments ask about: as they are, cut, joined, or noise in their place."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.arrays import Bools, Float64s, Int16s, Int64s, Texts
from voice2face.corpus import Corpus
from voice2face.corpus.arrays import joined
from voice2face.experiments.excerpts import (
    FRAMES_PER_S,
    CorpusSpeech,
    Excerpts,
    cut,
    joined_samples,
)
from voice2face.training.data.frames import CorpusFrames, HeardVoices

DIGEST_BYTES = 16

Sound = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Recordings:
    """Recordings that are asked about; all fields have the same length.

    Only this module and :mod:`voice2face.experiments.systems` know how a recording is held.

    Attributes:
        clip: Names.
        identity: Who speaks; "" for noise.
        sounds: What is heard of each: natural log of mel power of the voiced parts, (frames,
            n_mels), float32 or float16; not normalised.
        attributes: Attributes of the speakers by name; "" if a value is not known.
        excerpts: The sound itself, for voice encoders that take other features; empty if it is not
            available.
        frames_hash: How ``sounds`` are computed, see ``FrameEncoder.frames_hash``; "": as for the
            convolutional encoder of the corpus.
    """

    clip: Texts
    identity: Texts
    sounds: Sequence[Sound]
    attributes: Mapping[str, Texts]
    excerpts: Sequence[Excerpts] = ()
    frames_hash: str = ""

    def __len__(self) -> int:
        return len(self.sounds)

    @property
    def seconds(self) -> Float64s:
        """Lengths in seconds, shape (n,)."""
        return np.array([len(sound) for sound in self.sounds], float) / FRAMES_PER_S

    @cached_property
    def digests(self) -> tuple[bytes, ...]:
        """Digest of the content of each recording; names have no part in it."""
        return tuple(digest(sound) for sound in self.sounds)

    @cached_property
    def key(self) -> bytes:
        """Digest of the content of all, in order; sets with the same key give the same faces."""
        return hashlib.blake2b(b"".join(self.digests), digest_size=DIGEST_BYTES).digest()

    def samples(self, row: int) -> Int16s:
        """Speech of a recording, mono int16 at 16 kHz.

        Raises:
            CorpusError: It is damaged, or its source had no sound.
        """
        return joined_samples(self.excerpts[row])

    @classmethod
    def of_corpus(cls, corpus: Corpus, split: str | None) -> "Recordings":
        """The recordings of one split, or all.

        Raises:
            CorpusError: A shard is missing or damaged.
            SettingsError: There is no such split.
        """
        frames = CorpusFrames(corpus)
        speech = CorpusSpeech(corpus, split)
        return cls._of(frames.voices(split), slice(None), speech, frames.encoder.frames_hash)

    @classmethod
    def silent(cls, corpus: Corpus, split: str | None) -> "Recordings":
        """Recordings without their sound, which is not read: placeholders of the same length.

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
        frames, speech = CorpusFrames(corpus), CorpusSpeech(corpus, None)
        name = frames.encoder.frames_hash
        parts = [
            cls._of(some, np.flatnonzero(np.isin(some.identity, people)), speech, name)
            for some in frames.shards(None)
        ]
        return cls.together([part for part in parts if len(part)])

    @classmethod
    def _of(
        cls,
        voices: HeardVoices,
        rows: slice | Int64s,
        speech: CorpusSpeech,
        frames_hash: str,
    ) -> "Recordings":
        numbers = np.arange(len(voices.clip))[rows]
        sounds: Sequence[Sound] = voices.frames
        if not isinstance(rows, slice):  # a copy of few frees the shard
            sounds = [voices.frames[i].copy() for i in numbers]
        attributes = {name: texts(cells[rows]) for name, cells in voices.attributes.items()}
        clips = voices.clip[rows]
        pairs = zip(clips, sounds, strict=True)
        excerpts = [(speech.excerpt(str(clip), len(sound)),) for clip, sound in pairs]
        return cls(clips, voices.identity[rows], sounds, attributes, excerpts, frames_hash)

    @classmethod
    def together(cls, parts: Sequence["Recordings"]) -> "Recordings":
        """Several sets as one, with the attributes that all of them have."""
        names = set.intersection(*(set(part.attributes) for part in parts)) if parts else set()
        return cls(
            joined((part.clip for part in parts), np.str_),
            joined((part.identity for part in parts), np.str_),
            [sound for part in parts for sound in part.sounds],
            {n: joined((part.attributes[n] for part in parts), np.str_) for n in sorted(names)},
            [one for part in parts for one in part.excerpts],
            parts[0].frames_hash if parts else "",
        )

    def only(self, rows: npt.ArrayLike) -> "Recordings":
        """Some of the recordings, by number or by mask, in that order."""
        numbers = np.arange(len(self))[np.asarray(rows)]
        return replace(
            self,
            clip=self.clip[numbers],
            identity=self.identity[numbers],
            sounds=[self.sounds[i] for i in numbers],
            attributes={name: cells[numbers] for name, cells in self.attributes.items()},
            excerpts=[self.excerpts[i] for i in numbers] if self.excerpts else (),
        )

    def at_least(self, seconds: float) -> "Recordings":
        """Recordings of at least that length."""
        return self.only(self.seconds >= seconds)

    def cut(self, seconds: float, start_s: npt.ArrayLike = 0.0) -> "Recordings":
        """A stretch of each recording; where a recording ends earlier, the stretch is shorter.

        Args:
            seconds: Length of the stretch.
            start_s: Where it begins, for all recordings or for each.
        """
        first = np.broadcast_to(np.rint(np.asarray(start_s) * FRAMES_PER_S).astype(int), len(self))
        n_frames = round(seconds * FRAMES_PER_S)
        parts = [x[i : i + n_frames] for x, i in zip(self.sounds, first, strict=True)]
        pairs = zip(self.excerpts, first, strict=False)
        excerpts = [cut(one, int(begin), n_frames) for one, begin in pairs]
        return replace(self, sounds=parts, excerpts=excerpts)

    def by_person(self) -> "Recordings":
        """The recordings of each person joined to one, which is named after the person."""
        people, first = np.unique(self.identity, return_index=True)
        rows = [np.flatnonzero(self.identity == person) for person in people]
        whole = [np.concatenate([self.sounds[int(i)] for i in own]) for own in rows]
        attributes = {name: cells[first] for name, cells in self.attributes.items()}
        excerpts = (
            [sum((self.excerpts[int(i)] for i in own), ()) for own in rows] if self.excerpts else ()
        )
        return Recordings(people, people, whole, attributes, excerpts, self.frames_hash)

    def of_some_people(self, most: int, seed: int) -> "Recordings":
        """Recordings of at most ``most`` randomly drawn people, in the same order."""
        return self.only(people_drawn(self.identity, most, seed))

    def labels(self, name: str) -> Texts:
        """An attribute of each recording's speaker; "" if it is not known."""
        return self.attributes.get(name, np.full(len(self), "", str))


def people_drawn(identity: Texts, most: int, seed: int) -> Bools:
    """Mask of the rows of at most ``most`` randomly drawn people, (n,)."""
    kept = np.random.default_rng(seed).permutation(np.unique(identity))[:most]
    return np.isin(identity, kept)


def digest(data: npt.NDArray[Any]) -> bytes:
    """Digest of the content of an array, such as a recording or a face."""
    whole = np.ascontiguousarray(data)
    return hashlib.blake2b(whole.view(np.uint8).data, digest_size=DIGEST_BYTES).digest()


def digests_of(corpus: Corpus) -> Iterator[bytes]:
    """Digest of each recording of a corpus; one shard is in memory at a time."""
    for voices in CorpusFrames(corpus).shards(None):
        yield from map(digest, voices.frames)


def texts(cells: npt.NDArray[np.object_]) -> Texts:
    """Cells as text; "" for None."""
    return np.array(["" if cell is None else str(cell) for cell in cells], str)
