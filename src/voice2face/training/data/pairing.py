"""Voices and faces of a corpus that have a partner, and the class of each."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from voice2face.arrays import Int64s
from voice2face.corpus.stream import RowGroup, parts_of
from voice2face.errors import TrainingError
from voice2face.training.data.frames import CorpusFrames

N_NAMED = 5  # values that a sentence lists


@dataclass(frozen=True)
class Rows:
    """All voices, or all faces, of a split.

    Attributes:
        parts: The row groups that hold them.
        labels: Class of each row of each part; -1 where it has no partner, or no frames.
        lengths: Frames of each recording of each part; 1 for each face.
        item_bytes: Memory that one frame or one face takes.
    """

    parts: list[RowGroup]
    labels: list[Int64s]
    lengths: list[Int64s]
    item_bytes: int

    @classmethod
    def of(
        cls,
        parts: Sequence[RowGroup],
        lengths: Sequence[Int64s],
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
    def kept(self) -> list[Int64s]:
        """Numbers of the rows that have a partner, for each part."""
        return [np.flatnonzero(of_rows >= 0) for of_rows in self.labels]

    @property
    def classes(self) -> Int64s:
        """Class of each of these rows, part after part."""
        return self._joined(self.labels)

    @property
    def kept_lengths(self) -> Int64s:
        """Length of each of these rows, part after part."""
        return self._joined(self.lengths)

    @property
    def n_bytes(self) -> list[int]:
        """Memory that these rows of each part take."""
        both = zip(self.lengths, self.kept, strict=True)
        return [int(lengths[rows].sum()) * self.item_bytes for lengths, rows in both]

    @property
    def counts(self) -> tuple[int, ...]:
        """Number of these rows of each part."""
        return tuple(map(len, self.kept))

    def _joined(self, of_parts: list[Int64s]) -> Int64s:
        found = [values[rows] for values, rows in zip(of_parts, self.kept, strict=True)]
        return np.concatenate([np.empty(0, np.int64), *found])

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
        faces: Row groups with faces of these classes.
        left_out: How many voices and faces have no partner, a sentence; empty if all have.
    """

    labels: list[str]
    voices: Rows
    faces: Rows
    left_out: str = ""

    @classmethod
    def of(cls, frames: CorpusFrames, pair_by: str, set_aside: float = 0.0) -> "Pairing":
        """Number what voices and faces of the ``train`` split are paired by; neither is read.

        Args:
            frames: Where from.
            pair_by: ``identity``, or an attribute that voices and faces have in common.
            set_aside: Share of the recordings that is left out, see ``corpus.held_out``.

        Raises:
            CorpusError: A shard is missing or damaged.
            TrainingError: Nothing has both a voice and a face.
        """
        corpus = frames.corpus
        heard = parts_of(corpus, "voice", "train", pair_by, set_aside)
        lengths = [frames.lengths(part) for part in heard]
        seen = parts_of(corpus, "face", "train", pair_by)
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
                f"no {pair_by} of the train split has both a voice and a face "
                f"({sum(map(len, heard))} voices, {sum(map(len, seen))} faces)",
                "at least one",
                f"pair by an attribute that both have ({common})",
            )
        numbers = {label: number for number, label in enumerate(labels)}
        ones = [np.ones(len(part), np.int64) for part in seen]
        voices_alone = _without_partner(heard, labels)
        faces_alone = _without_partner(seen, labels)
        return cls(
            labels,
            Rows.of(heard, lengths, numbers, 2 * frames.dim),
            Rows.of(seen, ones, numbers, 3 * corpus.info.face_px**2),
            _sentence_on(voices_alone, faces_alone, pair_by),
        )

    @property
    def n_bytes(self) -> int:
        """Memory that all voices and faces take."""
        return sum(self.voices.n_bytes) + sum(self.faces.n_bytes)


def _without_partner(parts: Iterable[RowGroup], labels: Sequence[str]) -> Counter[str]:
    """Number of rows of each value that is not in ``labels``; rows without a value don't count."""
    known = {*labels, ""}
    return Counter(value for part in parts for value in part.values if value not in known)


def check_classes(thing: object, labels: Sequence[str], pair_by: str) -> None:
    """See that there is something to tell apart.

    Args:
        thing: The corpus, for the message.
        labels: The classes.
        pair_by: What they are values of.

    Raises:
        TrainingError: There is one class alone.
    """
    if len(labels) == 1:
        raise TrainingError(
            thing,
            f"one {pair_by} alone ('{labels[0][:40]}') has both voices and faces in train",
            "at least two",
            "see how voices and faces spell it in their tables (`voice2face inspect`), or pair by "
            "another attribute",
        )


def _sentence_on(voices: Counter[str], faces: Counter[str], pair_by: str) -> str:
    """How many voices and faces are left out, and whose; empty if none is."""
    said = [
        f"{found.total()} {kind} ({_named(found)}) without a {other}"
        for kind, other, found in (("voices", "face", voices), ("faces", "voice", faces))
        if found
    ]
    return f"left out, paired by {pair_by}: {'; '.join(said)}" if said else ""


def _named(found: Counter[str]) -> str:
    names = ", ".join(f"'{name[:40]}'" for name in sorted(found)[:N_NAMED])
    n_more = len(found) - N_NAMED
    return f"{names} and {n_more} more" if n_more > 0 else names
