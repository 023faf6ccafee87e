"""Voices and faces of a corpus as arrays, and how to get them from Arrow's columns."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.corpus.recordings import Recordings


@dataclass(frozen=True)
class Voices:
    """Recordings; all fields have the same length.

    Args:
        speech: The sound of each, decoded when it is asked for; compressed in memory.
        clip: Name of each recording, its own in the corpus.
        identity: The person who speaks.
        split: ``train``, ``validation`` or ``test``.
        seconds: Length of each recording, silence included.
        speech_s: Of it, voiced.
        source: Number of the source in ``corpus.json`` that names it.
        path: As the source has it, relative to it or absolute.
        attributes: Other columns of the tables by name: strings, None where a cell was empty.
    """

    speech: Recordings
    clip: npt.NDArray[np.str_]
    identity: npt.NDArray[np.str_]
    split: npt.NDArray[np.str_]
    seconds: npt.NDArray[np.float64]
    speech_s: npt.NDArray[np.float64]
    source: npt.NDArray[np.int32]
    path: npt.NDArray[np.object_]
    attributes: dict[str, npt.NDArray[np.object_]]

    def __len__(self) -> int:
        return len(self.speech)


@dataclass(frozen=True)
class Faces:
    """Aligned faces; all fields have the same length.

    Args:
        pixels: RGB, uint8, (n, px, px, 3).
        picture: Name of each picture, its own in the corpus.
        identity: The person who is seen.
        split: ``train``, ``validation`` or ``test``.
        source: Number of the source in ``corpus.json`` that names it.
        path: As the source has it, relative to it or absolute.
        figures: What ``faces.Quality`` measures, by name, float32; NaN where one does not apply.
        attributes: Other columns of the tables by name: strings, None where a cell was empty.
        shapes: Of normalised faces, where the points of their meshes were, in sides of the face,
            (n, 468, 2), NaN where it is not known; None where faces are not normalised.
    """

    pixels: npt.NDArray[np.uint8]
    picture: npt.NDArray[np.str_]
    identity: npt.NDArray[np.str_]
    split: npt.NDArray[np.str_]
    source: npt.NDArray[np.int32]
    path: npt.NDArray[np.object_]
    figures: dict[str, npt.NDArray[np.float32]]
    attributes: dict[str, npt.NDArray[np.object_]]
    shapes: npt.NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.pixels)

    def only(self, rows: npt.ArrayLike) -> "Faces":
        """Some of them, by number or by mask, in that order; a copy."""
        numbers = np.arange(len(self))[np.asarray(rows)]
        return Faces(
            pixels=self.pixels[numbers],
            picture=self.picture[numbers],
            identity=self.identity[numbers],
            split=self.split[numbers],
            source=self.source[numbers],
            path=self.path[numbers],
            figures={name: cells[numbers] for name, cells in self.figures.items()},
            attributes={name: cells[numbers] for name, cells in self.attributes.items()},
            shapes=None if self.shapes is None else self.shapes[numbers],
        )

    @classmethod
    def joined(cls, parts: Sequence["Faces"]) -> "Faces":
        """Some end to end; there is one at least, and all have the same columns."""
        first = parts[0]
        return cls(
            pixels=np.concatenate([part.pixels for part in parts]),
            picture=joined((part.picture for part in parts), np.str_),
            identity=joined((part.identity for part in parts), np.str_),
            split=joined((part.split for part in parts), np.str_),
            source=joined((part.source for part in parts), np.int32),
            path=joined((part.path for part in parts), np.object_),
            figures={n: joined((p.figures[n] for p in parts), np.float32) for n in first.figures},
            attributes={
                n: joined((p.attributes[n] for p in parts), np.object_) for n in first.attributes
            },
            shapes=joined_shapes(parts),
        )


def joined_shapes(parts: Sequence[Faces]) -> npt.NDArray[np.float32] | None:
    """Shapes of several, end to end; None where one of them has none."""
    found = [part.shapes for part in parts if part.shapes is not None]
    return np.concatenate(found) if found and len(found) == len(parts) else None


def views(column: Any) -> list[npt.NDArray[np.uint8]]:
    """Cells of a binary column, without a copy."""
    views: list[npt.NDArray[np.uint8]] = []
    for chunk in column.chunks:
        _, offsets, data = chunk.buffers()
        edges = np.frombuffer(offsets, np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
        content = np.frombuffer(data, np.uint8)
        views += [content[i:j] for i, j in itertools.pairwise(edges)]
    return views


def strings(column: Any) -> npt.NDArray[np.str_]:
    """A column of texts that are all there."""
    return np.array(column.to_pylist(), np.str_)


def objects(table: Any, names: Sequence[str]) -> dict[str, npt.NDArray[np.object_]]:
    """Columns of texts by name; None for null."""
    return {name: np.array(table[name].to_pylist(), np.object_) for name in names}


def joined(arrays: Iterable[npt.NDArray[Any]], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Arrays end to end; empty if there is none."""
    return np.concatenate([np.empty(0, dtype), *arrays])


def floats(table: Any, names: Sequence[str]) -> dict[str, npt.NDArray[np.float32]]:
    """Columns of numbers by name; NaN for null."""
    columns = {name: table[name].cast("float32").to_pylist() for name in names}
    return {name: np.array(cells, np.float32) for name, cells in columns.items()}
