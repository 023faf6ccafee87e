"""Faces and voices of training people, from which baselines are made."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from voice2face.arrays import Float32s, Float64s, Int64s, Pictures
from voice2face.errors import CorpusError

if TYPE_CHECKING:
    from voice2face.corpus.arrays import Faces, Voices

BLOCK = 1024  # faces held as floats at once


@dataclass(frozen=True, eq=False)
class TrainingFaces:
    """Faces of training people, aligned alike.

    Attributes:
        pixels: RGB, uint8, shape (m, px, px, 3), m at least 1.
        identity: Person of each, shape (m,).
        gender: Gender of each, shape (m,); "" if it is not known.
    """

    pixels: Pictures
    identity: np.ndarray
    gender: np.ndarray

    @classmethod
    def of(cls, faces: "Faces", gender: str = "gender") -> "TrainingFaces":
        """Faces of a corpus, with the gender from one of its columns."""
        return cls(faces.pixels, faces.identity, _column(faces, gender))

    def __post_init__(self) -> None:
        _same_length(self.pixels, self.identity, self.gender)
        if self.pixels.ndim != 4 or not len(self.pixels):
            raise lacking("training faces", f"shape {self.pixels.shape}", "(1 or more, px, px, 3)")


@dataclass(frozen=True, eq=False)
class TrainingVoices:
    """Recordings of training people.

    Attributes:
        embeddings: Embeddings by the voice encoder of the compared models, shape (k, dim).
        identity: Person of each, shape (k,).
        gender: Gender of each, shape (k,); "" if it is not known.
    """

    embeddings: np.ndarray
    identity: np.ndarray
    gender: np.ndarray

    @classmethod
    def of(
        cls, voices: "Voices", embeddings: np.ndarray, gender: str = "gender"
    ) -> "TrainingVoices":
        """Recordings of a corpus, with the gender from one of its columns."""
        return cls(embeddings, voices.identity, _column(voices, gender))

    def __post_init__(self) -> None:
        _same_length(self.embeddings, self.identity, self.gender)
        if self.embeddings.ndim != 2 or not np.isfinite(self.embeddings).all():
            found = f"shape {self.embeddings.shape}, or NaN"
            raise lacking("embeddings of training voices", found, "finite numbers, (k, dim)")


def person_weights(identity: np.ndarray) -> Float64s:
    """Weights of rows, (n,), with which each person counts alike; their sum is 1."""
    _, owner, counts = np.unique(identity, return_inverse=True, return_counts=True)
    return np.asarray(1 / (counts[owner] * len(counts)))


def weighted_faces(faces: TrainingFaces, weights: np.ndarray) -> Pictures:
    """Weighted mean faces: weights (means, m), of any sum above 0 → (means, px, px, 3)."""
    total: np.ndarray = np.zeros(())
    for rows, pixels in _blocks(faces.pixels):
        total = total + weights[:, rows].astype(np.float32) @ pixels
    return as_pictures(total / weights.sum(axis=1, keepdims=True), faces.pixels.shape[1:])


def person_rows(faces: TrainingFaces, people: np.ndarray) -> Iterator[Int64s]:
    """Rows of the faces of each person."""
    order = np.argsort(faces.identity, kind="stable")
    ends = [np.searchsorted(faces.identity, people, side, order) for side in ("left", "right")]
    for first, last in zip(*ends, strict=True):
        yield order[first:last]


def person_faces(faces: TrainingFaces, people: np.ndarray) -> Iterator[Float32s]:
    """Mean face of each person, (values,)."""
    for rows in person_rows(faces, people):
        yield faces.pixels[rows].mean(axis=0, dtype=np.float32).ravel()


def typical_faces(faces: TrainingFaces, people: np.ndarray) -> Int64s:
    """Row of the face of each person that is nearest to their mean face, (people,)."""
    typical = []
    for rows in person_rows(faces, people):
        pixels = faces.pixels[rows].reshape(len(rows), -1).astype(np.float32)
        typical.append(rows[((pixels - pixels.mean(axis=0)) ** 2).sum(axis=1).argmin()])
    return np.array(typical, np.int64)


def as_pictures(values: np.ndarray, shape: tuple[int, ...]) -> Pictures:
    """Grey levels, clipped to 0 to 255, as pictures: (n, values) → (n, *shape)."""
    rounded = np.rint(np.clip(values, 0, 255)).astype(np.uint8)
    return np.asarray(rounded.reshape(-1, *shape))


def _blocks(pixels: Pictures) -> Iterator[tuple[slice, Float32s]]:
    """Blocks of rows as floats, (rows, values)."""
    for start in range(0, len(pixels), BLOCK):
        rows = slice(start, min(start + BLOCK, len(pixels)))
        yield rows, pixels[rows].reshape(rows.stop - start, -1).astype(np.float32)


def _column(rows: "Faces | Voices", name: str) -> np.ndarray:
    """A column of the corpus as text; "" for empty cells, or if there is no such column."""
    cells = rows.attributes.get(name, [None] * len(rows))
    return np.array(["" if cell is None else str(cell) for cell in cells], str)


def _same_length(*columns: np.ndarray) -> None:
    if len({len(column) for column in columns}) > 1:
        found = f"columns of {', '.join(str(len(column)) for column in columns)} rows"
        raise lacking("training data", found, "columns of one length")


def lacking(thing: str, found: str, wanted: str) -> CorpusError:
    """The error about unsuitable training data."""
    return CorpusError(thing, found, wanted, "give another training split")
