"""All voices and faces of a split, with a partner or without, and what the sources say of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.corpus import Corpus
from voice2face.corpus.schema import Kind
from voice2face.corpus.stream import Part, parts_of, read_pixels, read_shapes
from voice2face.training.data.frames import CorpusFrames
from voice2face.voice_encoders.protocol import FrameEncoder

Attributes = Mapping[str, npt.NDArray[np.object_]]


@dataclass(frozen=True, eq=False)
class Everyone:
    """Voices and faces; a person may have either alone.

    Attributes:
        embeddings: Of the recordings, by the frozen voice encoder, float32, (recordings, dim).
        speakers: Who speaks in each, (recordings,).
        said: Columns of the sources by name, strings or None, each (recordings,).
        pixels: RGB, uint8, (faces, px, px, 3).
        shapes: Of normalised faces, as ``corpus.arrays.Faces.shapes``; None of any others.
        seen: Who is seen in each, (faces,).
        shown: Columns of the sources by name, strings or None, each (faces,).
    """

    embeddings: npt.NDArray[np.float32]
    speakers: npt.NDArray[np.str_]
    said: Attributes
    pixels: npt.NDArray[np.uint8]
    shapes: npt.NDArray[np.float32] | None
    seen: npt.NDArray[np.str_]
    shown: Attributes


def read_everyone(
    corpus: Corpus,
    frames: CorpusFrames,
    encoder: FrameEncoder,
    set_aside: float = 0.0,
    split: str = "train",
) -> Everyone:
    """Read all of a split; all of it is in memory.

    Args:
        corpus: The corpus.
        frames: Its recordings, as the encoder hears them.
        encoder: The frozen voice encoder.
        set_aside: Share of the recordings that is left out, see ``corpus.held_out``.
        split: Name of the split.

    Raises:
        CorpusError: A shard is missing or damaged.
    """
    heard = parts_of(corpus, "voice", split, "identity", set_aside)
    vectors: list[npt.NDArray[np.float32]] = []
    kept: list[npt.NDArray[np.bool_]] = []
    for part in heard:
        there = (frames.lengths(part) > 0) & (np.array(part.values, np.str_) != "")
        recordings = frames.read(part) if there.any() else []
        vectors += [
            np.asarray(encoder.pooled(np.asarray(recordings[row], np.float32)), np.float32)
            for row in np.flatnonzero(there)
        ]
        kept.append(there)
    looked = parts_of(corpus, "face", split, "identity")
    everything = [np.ones(len(part), bool) for part in looked]
    px, n_faces = corpus.info.face_px, sum(map(len, looked))
    pixels = np.empty((n_faces, px, px, 3), np.uint8)
    start = 0
    for part in looked:
        pixels[start : start + len(part)] = read_pixels(corpus, part)
        start += len(part)
    shaped = corpus.info.keeps_shapes and n_faces > 0
    return Everyone(
        np.array(vectors, np.float32).reshape(len(vectors), encoder.dim),
        _values(heard, kept),
        _attributes(corpus, "voice", heard, kept),
        pixels,
        np.concatenate([read_shapes(corpus, part) for part in looked]) if shaped else None,
        _values(looked, everything),
        _attributes(corpus, "face", looked, everything),
    )


def _values(parts: list[Part], kept: list[npt.NDArray[np.bool_]]) -> npt.NDArray[np.str_]:
    found = [np.array(p.values, np.str_)[rows] for p, rows in zip(parts, kept, strict=True)]
    return np.concatenate([np.empty(0, np.str_), *found])


def _attributes(
    corpus: Corpus, kind: Kind, parts: list[Part], kept: list[npt.NDArray[np.bool_]]
) -> dict[str, npt.NDArray[np.object_]]:
    names = corpus.info.attributes.get(kind, ())
    cells: dict[str, list[Any]] = {name: [] for name in names}
    for part, rows in zip(parts, kept, strict=True):
        table = corpus.table(part.shard, names, part.group) if names else None
        for name in names:
            column = np.array(table[name].to_pylist(), np.object_)  # type: ignore[index]
            cells[name] += column[rows].tolist()
    return {name: np.array(found, np.object_) for name, found in cells.items()}
