"""A corpus in parts: the row groups of its shards, each of which can be read by itself."""

import itertools
import sys
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voice2face.corpus.held_out import is_aside
from voice2face.corpus.read import Corpus
from voice2face.corpus.schema import NAME_COLUMN, Kind, Shard, damaged


@dataclass(frozen=True)
class Part:
    """One row group, without its spectrograms or pixels.

    Attributes:
        shard: Where it is.
        group: Which of the shard's row groups.
        values: Of the column that was asked for; "" where the cell was empty.
        lengths: Frames of each recording; 1 for each face.
    """

    shard: Shard
    group: int
    values: tuple[str, ...]
    lengths: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.values)


def parts_of(corpus: Corpus, kind: Kind, split: str, column: str, aside: float = 0.0) -> list[Part]:
    """All row groups of a split; of each row, its length and one text column are read.

    Args:
        corpus: Where from.
        kind: Voices or faces.
        split: Which part of the corpus.
        column: ``identity`` or an attribute; one that this kind lacks is empty everywhere.
        aside: Share of the recordings whose cells count as empty, see :func:`is_aside`.

    Raises:
        CorpusError: A shard is missing or damaged.
        SettingsError: There is no such split.
    """
    known = column == "identity" or column in corpus.info.attributes.get(kind, ())
    wanted = [*([column] if known else []), *(["n_frames"] if kind == "voice" else [])]
    name = NAME_COLUMN[kind]
    hidden = kind == "voice" and aside > 0
    wanted += [name] if hidden else []
    parts: list[Part] = []
    for shard in corpus.shards(kind, split):
        rows = corpus.group_rows(shard)
        table = corpus.table(shard, wanted)
        values = table[column].to_pylist() if known else [None] * shard.rows
        # The same person is one text, however many rows name them.
        texts = [sys.intern(value or "") for value in values]
        if hidden:
            kept = ~is_aside(table[name].to_pylist(), aside)
            texts = [text if keep else "" for text, keep in zip(texts, kept, strict=True)]
        lengths = np.ones(shard.rows, np.int64)
        if kind == "voice":
            lengths = table["n_frames"].to_numpy().astype(np.int64)
            n_bytes = int(lengths.sum()) * corpus.info.front_end.log_mel.n_mels * 2
            if lengths.min() < 1 or n_bytes > shard.bytes:
                raise damaged(corpus.path / shard.name, "lengths that cannot be")
        starts = np.cumsum([0, *rows])
        parts += [
            Part(shard, group, tuple(texts[start:stop]), lengths[start:stop])
            for group, (start, stop) in enumerate(itertools.pairwise(starts))
        ]
    return parts


def read_log_mels(corpus: Corpus, part: Part) -> list[npt.NDArray[np.float16]]:
    """Recordings of one row group, each (frames, n_mels), as in ``Voices.log_mel``.

    Raises:
        CorpusError: The shard is missing or damaged.
    """
    table = corpus.table(part.shard, ["log_mel", "n_frames"], part.group)
    log_mels = corpus.log_mels(part.shard, table)
    if [len(log_mel) for log_mel in log_mels] != part.lengths.tolist():
        raise damaged(corpus.path / part.shard.name, "content that changed while it was read")
    return log_mels


def read_pixels(corpus: Corpus, part: Part) -> npt.NDArray[np.uint8]:
    """Faces of one row group, (rows, px, px, 3), as in ``Faces.pixels``.

    Raises:
        CorpusError: The shard is missing or damaged.
    """
    pixels = corpus.pixels(part.shard, corpus.table(part.shard, ["pixels"], part.group))
    if len(pixels) != len(part):
        raise damaged(corpus.path / part.shard.name, "content that changed while it was read")
    return pixels
