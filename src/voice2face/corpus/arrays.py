"""Voices and faces of a corpus as arrays, and how to get them from Arrow's columns."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from voice2face.arrays import Float32s, Float64s, Int32s, Texts, UInt8s
from voice2face.corpus.recordings import Recordings


@dataclass(frozen=True)
class _Rows:
    """Fields of one length: arrays, recordings, or arrays by name; None where there are none."""

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Several end to end, one at least, all with the same columns."""
        values = {f.name: [getattr(part, f.name) for part in parts] for f in fields(cls)}
        return cls(**{name: _end_to_end(found) for name, found in values.items()})


@dataclass(frozen=True)
class Voices(_Rows):
    """Recordings; all fields have the same length.

    Args:
        speech: The sound of each, decoded when it is asked for; compressed in memory.
        clip: Name of each recording, its own in the corpus.
        identity: The person who speaks.
        split: ``train``, ``validation`` or ``test``.
        seconds: Length of each recording, silence included.
        speech_s: Length of the speech in it.
        source: Number of the source in ``corpus.json`` that names it.
        path: As the source has it, relative to it or absolute.
        attributes: Other columns of the tables by name: strings, None where a cell was empty.
    """

    speech: Recordings
    clip: Texts
    identity: Texts
    split: Texts
    seconds: Float64s
    speech_s: Float64s
    source: Int32s
    path: npt.NDArray[np.object_]
    attributes: dict[str, npt.NDArray[np.object_]]


@dataclass(frozen=True)
class Faces(_Rows):
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
        shapes: Places of the mesh's points of normalised faces, in sides of the face, (n, 468, 2),
            NaN where they are not known; None where faces are not normalised.
    """

    pixels: UInt8s
    picture: Texts
    identity: Texts
    split: Texts
    source: Int32s
    path: npt.NDArray[np.object_]
    figures: dict[str, Float32s]
    attributes: dict[str, npt.NDArray[np.object_]]
    shapes: Float32s | None = None

    def only(self, rows: npt.ArrayLike) -> "Faces":
        """Some of them, by number or by mask, in that order; a copy."""
        numbers = np.arange(len(self))[np.asarray(rows)]
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return Faces(**{name: _taken(found, numbers) for name, found in values.items()})


def _end_to_end(parts: list[Any]) -> Any:
    first = parts[0]
    if isinstance(first, dict):
        return {name: _end_to_end([part[name] for part in parts]) for name in first}
    if isinstance(first, Recordings):
        return Recordings([stored for part in parts for stored in part.stored])
    return None if any(part is None for part in parts) else np.concatenate(parts)


def _taken(values: Any, numbers: npt.NDArray[np.intp]) -> Any:
    if isinstance(values, dict):
        return {name: cells[numbers] for name, cells in values.items()}
    return None if values is None else values[numbers]


def views(column: Any) -> list[UInt8s]:
    """Cells of a binary column, without a copy."""
    views: list[UInt8s] = []
    for chunk in filter(len, column.chunks):
        _, offsets, data = chunk.buffers()
        edges = np.frombuffer(offsets, np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
        content = np.frombuffer(data, np.uint8)
        views += [content[i:j] for i, j in itertools.pairwise(edges)]
    return views


def strings(column: Any) -> Texts:
    """A column of texts without null."""
    return np.array(column.to_pylist(), np.str_)


def objects(table: Any, names: Sequence[str]) -> dict[str, npt.NDArray[np.object_]]:
    """Columns of texts by name; None for null."""
    return {name: np.array(table[name].to_pylist(), np.object_) for name in names}


def joined(arrays: Iterable[npt.NDArray[Any]], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Arrays end to end; empty if there is none."""
    return np.concatenate([np.empty(0, dtype), *arrays])


def floats(table: Any, names: Sequence[str]) -> dict[str, Float32s]:
    """Columns of numbers by name; NaN for null."""
    columns = {name: table[name].cast("float32").to_pylist() for name in names}
    return {name: np.array(cells, np.float32) for name, cells in columns.items()}
