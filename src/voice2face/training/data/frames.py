"""Frames of a corpus' recordings for a training: computed once, then read."""

import hashlib
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.arrays import Float16s, Int64s, Texts
from voice2face.audio.speech import Speech
from voice2face.corpus import Corpus
from voice2face.corpus.arrays import joined, objects, strings
from voice2face.corpus.recordings import Recording
from voice2face.corpus.schema import Shard
from voice2face.corpus.stream import RowGroup
from voice2face.errors import AudioError, one_line
from voice2face.training.data.frame_files import (
    SUFFIX,
    FrameFile,
    claimed,
    frames_folder,
    make_room,
    mark_used,
    write_frames,
)
from voice2face.voice_encoders.log_mel_frames import LogMelFrames
from voice2face.voice_encoders.protocol import FrameMaker

Place = tuple[Shard, int]  # and a row in it
# Decoding, coding and Fourier transforms let other threads run.
MOST_THREADS = min(8, os.cpu_count() or 1)
NOTED = 1000  # recordings whose frames take long enough that it is said


@dataclass(frozen=True)
class HeardVoices:
    """Recordings as frames; all fields have the same length.

    Attributes:
        frames: Frames of each recording, float16, (frames, frame_dim).
        clip: Name of each.
        identity: Who speaks.
        attributes: Other columns by name; None where a cell was empty.
    """

    frames: list[Float16s]
    clip: Texts
    identity: Texts
    attributes: dict[str, npt.NDArray[np.object_]]

    def __len__(self) -> int:
        return len(self.frames)

    def only(self, rows: npt.NDArray[Any]) -> "HeardVoices":
        """Some of them, by number or by mask, in that order."""
        numbers = np.arange(len(self))[rows]
        return HeardVoices(
            [self.frames[i] for i in numbers],
            self.clip[numbers],
            self.identity[numbers],
            {name: cells[numbers] for name, cells in self.attributes.items()},
        )

    @classmethod
    def joined(cls, parts: Sequence["HeardVoices"], names: Iterable[str]) -> "HeardVoices":
        """Several, one after the other, with these attributes."""
        return cls(
            [frames for part in parts for frames in part.frames],
            joined((part.clip for part in parts), np.str_),
            joined((part.identity for part in parts), np.str_),
            {n: joined((part.attributes[n] for part in parts), np.object_) for n in names},
        )


class CorpusFrames:
    """The frames of a corpus, by one encoder.

    They are kept in files of a folder that several processes may use at once, one file a shard,
    under the checksum of the shard and the encoder's ``frames_hash``.

    Args:
        corpus: The corpus.
        encoder: What computes frames; None: the log-mel of the corpus' own front end.
        folder: Where files are kept; None: see ``frame_files``.
    """

    def __init__(
        self, corpus: Corpus, encoder: FrameMaker | None = None, folder: Path | None = None
    ) -> None:
        self.corpus = corpus
        self.encoder = encoder or LogMelFrames(corpus.info.front_end)
        self.root = frames_folder() if folder is None else folder
        name = f"{corpus.info.data_hash} {self.encoder.frames_hash}"
        self.folder = self.root / hashlib.sha256(name.encode()).hexdigest()[:40]
        self._lengths: dict[str, Int64s] = {}
        self._open: dict[str, FrameFile] = {}

    @property
    def dim(self) -> int:
        """Numbers of a frame."""
        return self.encoder.frame_dim

    def lengths(self, part: RowGroup) -> Int64s:
        """Frames of each recording of a row group, shape (rows,); 0 for too little speech.

        Raises:
            CorpusError: The shard is damaged, or has no sound for this encoder.
            OutputError: The frames could not be written.
        """
        if part.shard.name not in self._lengths:
            self.compute(part.shard.split)
        return self._lengths[part.shard.name][part.start : part.start + len(part)]

    def read(self, part: RowGroup) -> list[Float16s]:
        """Frames of the recordings of a row group, each (frames, frame_dim).

        Raises:
            CorpusError: The shard is damaged, or has no sound for this encoder.
            OutputError: The frames could not be written.
        """
        return self._file(part.shard).rows(part.start, part.start + len(part))

    def shards(self, split: str | None) -> Iterator[HeardVoices]:
        """Recordings that hold enough speech, one shard at a time.

        Raises:
            CorpusError: A shard is damaged, or has no sound for this encoder.
            OutputError: The frames could not be written.
            SettingsError: There is no such split.
        """
        names = self.corpus.info.attributes["voice"]
        self.compute(split)
        for shard in self.corpus.shards("voice", split):
            table = self.corpus.table(shard, ["clip", "identity", *names])
            voices = HeardVoices(
                self._file(shard).rows(0, shard.rows),
                strings(table["clip"]),
                strings(table["identity"]),
                objects(table, names),
            )
            yield voices.only(np.array([len(frames) > 0 for frames in voices.frames], bool))

    def places(self, clips: Sequence[str]) -> list[Place]:
        """Where the frames of some training recordings lie; computes what is not there yet.

        Args:
            clips: Their names.

        Raises:
            CorpusError: A shard is damaged, or has no sound for this encoder.
            OutputError: The frames could not be written.
        """
        self.compute("train")
        found: dict[str, Place] = {}
        for shard in self.corpus.shards("voice", "train"):
            names = self.corpus.table(shard, ["clip"])["clip"].to_pylist()
            found |= {name: (shard, row) for row, name in enumerate(names)}
        return [found[str(clip)] for clip in clips]

    def stretch(self, place: Place, where: float, n_frames: int) -> Float16s | None:
        """Some frames of one recording, see :meth:`FrameFile.stretch`."""
        shard, row = place
        if shard.name not in self._open:
            self._open[shard.name] = self._file(shard)
        return self._open[shard.name].stretch(row, where, n_frames)

    def voices(self, split: str | None) -> HeardVoices:
        """Recordings of a split, or of all, that hold enough speech; in the corpus' order.

        Raises:
            CorpusError: A shard is damaged, or has no sound for this encoder.
            OutputError: The frames could not be written.
            SettingsError: There is no such split.
        """
        return HeardVoices.joined(list(self.shards(split)), self.corpus.info.attributes["voice"])

    def compute(self, split: str | None) -> None:
        """Compute what is not there yet.

        Processes that do so at the same time share the work.

        Raises:
            CorpusError: A shard is damaged, or has no sound for this encoder.
            OutputError: The frames could not be written.
            SettingsError: There is no such split.
        """
        shards = self.corpus.shards("voice", split)
        missing = [shard for shard in shards if not self._is_there(shard)]
        n_recordings = sum(shard.rows for shard in missing)
        if n_recordings >= NOTED:
            note(f"{self.corpus.path}: computing the frames of {n_recordings} recordings")
        for wait in (False, True):  # first those that nobody else is at
            for shard in missing:
                if self._is_there(shard):
                    continue
                with claimed(self._path(shard), wait=wait) as is_ours:
                    if is_ours and not self._is_there(shard):
                        self._compute(shard)
        n_empty = sum(int((self._lengths[shard.name] == 0).sum()) for shard in missing)
        if n_empty:
            note(f"{self.corpus.path}: {n_empty} recordings hold too little speech: left out")

    def _path(self, shard: Shard) -> Path:
        return self.folder / f"{Path(shard.name).stem}{SUFFIX}"

    def _is_there(self, shard: Shard) -> bool:
        try:
            file = FrameFile(self._path(shard), shard.rows, self.dim)
        except OSError:
            return False
        self._lengths[shard.name] = file.lengths
        return True

    def _file(self, shard: Shard) -> FrameFile:
        """The file of a shard; made again if somebody has removed it."""
        try:
            file = FrameFile(self._path(shard), shard.rows, self.dim)
        except OSError:
            self._compute(shard)
            file = FrameFile(self._path(shard), shard.rows, self.dim)
        mark_used(self.folder)
        return file

    def _compute(self, shard: Shard) -> None:
        table = self.corpus.table(shard, ["clip", "sound", "coding", "seconds"])
        recordings = self.corpus.recordings(shard, table)
        with ThreadPoolExecutor(MOST_THREADS) as threads:
            if getattr(self.encoder, "is_thread_safe", False):
                frames = list(threads.map(lambda r: self._frames(r, _sound(r)), recordings))
            else:  # decoding goes ahead of it
                sounds = threads.map(_sound, recordings)
                frames = [self._frames(r, s) for r, s in zip(recordings, sounds, strict=True)]
        lengths = np.array([len(one) for one in frames], np.int64)
        whole = np.concatenate(frames)
        make_room(self.root, whole.nbytes, self.folder)
        write_frames(self._path(shard), lengths, whole)
        self._lengths[shard.name] = lengths
        mark_used(self.folder)

    def _frames(self, recording: Recording, speech: Speech | None) -> Float16s:
        if speech is None and self._is_own():
            return recording.log_mel()
        try:
            return self.encoder.frames(speech or recording.speech()).astype(np.float16)
        except AudioError:
            return np.empty((0, self.dim), np.float16)

    def _is_own(self) -> bool:
        """Whether stored spectrograms are what this encoder would compute."""
        return self.encoder.frames_hash == LogMelFrames(self.corpus.info.front_end).frames_hash


def _sound(recording: Recording) -> Speech | None:
    return recording.speech() if recording.has_sound else None


def note(text: str) -> None:
    """One line for whoever watches."""
    print(one_line(text), file=sys.stderr)
