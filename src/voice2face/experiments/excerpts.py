"""The sound of recordings, read only if a voice encoder needs it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from voice2face.arrays import Int16s
from voice2face.audio.front_end import speech_bands
from voice2face.audio.resample import RATE_HZ
from voice2face.corpus import Corpus
from voice2face.corpus.recordings import Recording
from voice2face.corpus.schema import Shard

FRAMES_PER_S = 100  # the front ends' hop is 10 ms
FRAME_SAMPLES = RATE_HZ // FRAMES_PER_S


@dataclass(frozen=True, eq=False)
class Excerpt:
    """A stretch of the speech of one recording.

    Attributes:
        whole: Function that reads all of its speech, mono int16 at 16 kHz, shape (samples,).
        first: Frame of 10 ms at which the stretch begins.
        n: Number of frames.
    """

    whole: Callable[[], Int16s]
    first: int
    n: int

    def samples(self) -> Int16s:
        """Sound of the stretch."""
        begin = self.first * FRAME_SAMPLES
        return self.whole()[begin : begin + self.n * FRAME_SAMPLES]


Excerpts = tuple[Excerpt, ...]  # one after the other


def cut(excerpts: Excerpts, first: int, n: int) -> Excerpts:
    """A stretch, in frames, of excerpts that follow one another."""
    found: list[Excerpt] = []
    at = 0
    for one in excerpts:
        begin, end = max(first - at, 0), min(first + n - at, one.n)
        if begin < end:
            found.append(replace(one, first=one.first + begin, n=end - begin))
        at += one.n
    return tuple(found)


def joined_samples(excerpts: Excerpts) -> Int16s:
    """The sound of excerpts that follow one another."""
    return np.concatenate([np.zeros(0, np.int16), *(one.samples() for one in excerpts)])


class CorpusSpeech:
    """Speech of a corpus' recordings by their names; one shard is held at a time.

    Args:
        corpus: The corpus.
        split: Part of it; None: all.
    """

    def __init__(self, corpus: Corpus, split: str | None) -> None:
        self._corpus, self._split = corpus, split
        self._places: dict[str, tuple[Shard, int]] = {}
        self._held: tuple[str, Sequence[Recording]] = ("", ())

    def excerpt(self, clip: str, n_frames: int) -> Excerpt:
        """All speech of a recording, which has ``n_frames``."""
        return Excerpt(lambda: self.voiced(clip), 0, n_frames)

    def voiced(self, clip: str) -> Int16s:
        """Speech of a recording without silence, by the front end of the corpus.

        Raises:
            CorpusError: The shard is damaged, or its source had no sound.
        """
        shard, row = self._place(clip)
        if self._held[0] != shard.name:
            table = self._corpus.table(shard, ["clip", "sound", "coding", "seconds"])
            self._held = shard.name, self._corpus.recordings(shard, table)
        speech = self._held[1][row].speech()
        return speech_bands(speech, self._corpus.info.front_end, check_speech=False)[0]

    def _place(self, clip: str) -> tuple[Shard, int]:
        if not self._places:
            for shard in self._corpus.shards("voice", self._split):
                names = self._corpus.table(shard, ["clip"])["clip"].to_pylist()
                self._places |= {name: (shard, row) for row, name in enumerate(names)}
        return self._places[clip]
