"""A corpus in parts: the row groups of its shards, each of which can be read by itself."""

import itertools
import sys
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from voice2face.arrays import Float32s, UInt8s
from voice2face.corpus.held_out import held_out_clips
from voice2face.corpus.read import Corpus
from voice2face.corpus.schema import NAME_COLUMN, PAYLOAD, SHAPE, Kind, Shard, damaged
from voice2face.errors import CorpusError

Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True)
class RowGroup:
    """One row group, without its sounds or pixels.

    Attributes:
        shard: Where it is.
        group: Number of the row group in its shard.
        start: Its first row, counted in the shard.
        values: Values of the column that was asked for; "" where the cell was empty.
    """

    shard: Shard
    group: int
    start: int
    values: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.values)


def parts_of(
    corpus: Corpus, kind: Kind, split: str, column: str, set_aside: float = 0.0
) -> list[RowGroup]:
    """All row groups of a split; of each row, one text column is read.

    Args:
        corpus: Where from.
        kind: Voices or faces.
        split: Name of the split.
        column: ``identity`` or an attribute; one that this kind lacks is empty everywhere.
        set_aside: Share of the recordings whose cells count as empty, see :func:`held_out`.

    Raises:
        CorpusError: A shard is missing or damaged.
        SettingsError: There is no such split.
    """
    known = column == "identity" or column in corpus.info.attributes.get(kind, ())
    hidden = held_out_clips(corpus, split, set_aside) if kind == "voice" else frozenset()
    name = NAME_COLUMN[kind]
    wanted = [*([column] if known else []), *([name] if hidden else [])]
    parts: list[RowGroup] = []
    for shard in corpus.shards(kind, split):
        rows = corpus.group_rows(shard)
        table = corpus.table(shard, wanted)
        values = table[column].to_pylist() if known else [None] * shard.rows
        # The same person is one text, however many rows name them.
        texts = [sys.intern(value or "") for value in values]
        if hidden:
            clips = table[name].to_pylist()
            texts = ["" if clip in hidden else v for clip, v in zip(clips, texts, strict=True)]
        starts = np.cumsum([0, *rows]).tolist()
        parts += [
            RowGroup(shard, group, start, tuple(texts[start:stop]))
            for group, (start, stop) in enumerate(itertools.pairwise(starts))
        ]
    return parts


def read_pixels(corpus: Corpus, part: RowGroup) -> UInt8s:
    """Faces of one row group, (rows, px, px, 3), as in ``Faces.pixels``.

    Raises:
        CorpusError: The shard is missing or damaged.
    """
    return _whole(corpus, part, corpus.pixels(part.shard, _group(corpus, part, PAYLOAD["face"])))


def read_shapes(corpus: Corpus, part: RowGroup) -> Float32s:
    """Shapes of the faces of one row group, (rows, 468, 2), as in ``Faces.shapes``.

    Raises:
        CorpusError: The shard is missing or damaged, or its faces are not normalised.
    """
    if not corpus.info.keeps_shapes:
        wanted, remedy = "normalised faces", "prepare it with --align normalised"
        raise CorpusError(corpus.path, f"{corpus.info.face_crop.geometry} faces", wanted, remedy)
    return _whole(corpus, part, corpus.shapes(part.shard, _group(corpus, part, SHAPE)))


def _group(corpus: Corpus, part: RowGroup, column: str) -> Any:
    return corpus.table(part.shard, [column], part.group)


def _whole(corpus: Corpus, part: RowGroup, rows: npt.NDArray[Number]) -> npt.NDArray[Number]:
    if len(rows) != len(part):
        raise damaged(corpus.path / part.shard.name, "content that changed while it was read")
    return rows
