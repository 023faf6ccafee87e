"""Voices and faces of a corpus that have a partner, and the class of each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voice2face.corpus.stream import Part, parts_of
from voice2face.errors import TrainingError
from voice2face.training.data.frames import CorpusFrames
from voice2face.training.data.partners import sentence_on, without_partner


@dataclass(frozen=True)
class Rows:
    """All voices, or all faces, of a split.

    Attributes:
        parts: The row groups that hold them.
        labels: Of each part, the class of each row; -1 where it has no partner, or no frames.
        lengths: Of each part, the frames of each recording; 1 for each face.
        item_bytes: In memory, of one frame or one face.
    """

    parts: list[Part]
    labels: list[npt.NDArray[np.int64]]
    lengths: list[npt.NDArray[np.int64]]
    item_bytes: int

    @classmethod
    def of(
        cls,
        parts: Sequence[Part],
        lengths: Sequence[npt.NDArray[np.int64]],
        numbers: dict[str, int],
        item_bytes: int,
    ) -> "Rows":
        """Number the rows by their values; parts in which no row has a number are left out."""
        labels = [
            np.where(n > 0, np.array([numbers.get(v, -1) for v in part.values], np.int64), -1)
            for part, n in zip(parts, lengths, strict=True)
        ]
        kept = [i for i, of_rows in enumerate(labels) if (of_rows >= 0).any()]
        return cls(
            [parts[i] for i in kept], [labels[i] for i in kept], [lengths[i] for i in kept],
            item_bytes,
        )  # fmt: skip

    def only(self, number: int) -> "Rows":
        """One of the parts."""
        one = [self.parts[number]], [self.labels[number]], [self.lengths[number]]
        return Rows(*one, self.item_bytes)

    @property
    def n_bytes(self) -> list[int]:
        """Memory that the rows of each part take."""
        kept = zip(self.lengths, self.labels, strict=True)
        return [int(lengths[of_rows >= 0].sum()) * self.item_bytes for lengths, of_rows in kept]

    @property
    def counts(self) -> tuple[int, ...]:
        """Number of rows of each part that have a partner."""
        return tuple(int((of_rows >= 0).sum()) for of_rows in self.labels)

    @property
    def largest(self) -> int:
        """Bytes of the largest part, all of its rows."""
        return max(int(lengths.sum()) for lengths in self.lengths) * self.item_bytes

    @property
    def longest(self) -> int:
        """Bytes of the longest row."""
        return max(int(lengths.max()) for lengths in self.lengths) * self.item_bytes


@dataclass(frozen=True)
class Pairing:
    """Voices and faces of the people, or groups, that have both.

    Attributes:
        labels: Name of each class.
        voices: Row groups with recordings of these classes.
        faces: Likewise.
        left_out: How many voices and faces have no partner, a sentence; empty if all have.
    """

    labels: list[str]
    voices: Rows
    faces: Rows
    left_out: str = ""

    @classmethod
    def of(
        cls, frames: CorpusFrames, pair_by: str, split: str, set_aside: float = 0.0
    ) -> "Pairing":
        """Number what voices and faces of a split are paired by; neither is read.

        Args:
            frames: Where from.
            pair_by: ``identity``, or an attribute that voices and faces have in common.
            split: Name of the split.
            set_aside: Share of the recordings that is left out, see ``corpus.held_out``.

        Raises:
            CorpusError: A shard is missing or damaged.
            TrainingError: Nothing has both a voice and a face.
        """
        corpus = frames.corpus
        heard = parts_of(corpus, "voice", split, pair_by, set_aside)
        lengths = [frames.lengths(part) for part in heard]
        seen = parts_of(corpus, "face", split, pair_by)
        spoken = {
            value
            for part, n in zip(heard, lengths, strict=True)
            for value, length in zip(part.values, n, strict=True)
            if length
        }
        both = spoken & set().union(*(p.values for p in seen))
        labels = sorted(both - {""})
        if not labels:
            voices, faces = (corpus.info.attributes.get(kind, ()) for kind in ("voice", "face"))
            common = ", ".join(sorted({*voices} & {*faces})) or "they share none"
            raise TrainingError(
                corpus.path,
                f"no {pair_by} of the {split} split has both a voice and a face "
                f"({sum(map(len, heard))} voices, {sum(map(len, seen))} faces)",
                "at least one",
                f"pair by an attribute that both have ({common})",
            )
        numbers = {label: number for number, label in enumerate(labels)}
        ones = [np.ones(len(part), np.int64) for part in seen]
        voices_alone = without_partner(heard, labels)
        faces_alone = without_partner(seen, labels)
        return cls(
            labels,
            Rows.of(heard, lengths, numbers, 2 * frames.dim),
            Rows.of(seen, ones, numbers, 3 * corpus.info.face_px**2),
            sentence_on(voices_alone, faces_alone, pair_by),
        )

    @property
    def n_bytes(self) -> int:
        """What all voices and faces take in memory."""
        return sum(self.voices.n_bytes) + sum(self.faces.n_bytes)
