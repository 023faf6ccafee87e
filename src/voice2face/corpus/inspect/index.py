"""Who and what is in each row of a corpus, read without the payload; and a few rows with it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from voice2face.arrays import Int32s, Int64s
from voice2face.corpus.parquet_file import written_out
from voice2face.corpus.read import Corpus
from voice2face.corpus.schema import (
    FIGURES,
    KINDS,
    PAYLOAD,
    SHAPE,
    SPLITS,
    Kind,
    Shard,
    arrow,
)

NUMBERS: dict[Kind, tuple[str, ...]] = {"voice": ("seconds", "speech_s"), "face": ("px", *FIGURES)}
Row = dict[str, Any]  # a stored voice or face: all its columns, the payload as an array


@dataclass(frozen=True)
class Index:
    """All rows of a corpus, voices first, in the order of the shards.

    Args:
        shards: Where they lie.
        starts: Number of the first row of each shard, and at the end how many rows there are.
        table: Arrow table of ``kind``, ``split``, ``identity``; the length and speech of voices in
            seconds, side and figures of faces; and attributes, as ``@NAME``. Null where there is
            none.
        identities: Names of the people by number.
        person: Number of the person in each row.
    """

    shards: tuple[Shard, ...]
    starts: Int64s
    table: Any
    identities: list[str]
    person: Int32s

    @property
    def n_voices(self) -> int:
        """How many of the rows are voices."""
        return sum(shard.rows for shard in self.shards if shard.kind == "voice")

    @property
    def split(self) -> Int64s:
        """Number of the split in each row, in the order of ``schema.SPLITS``."""
        return np.repeat([SPLITS.index(s.split) for s in self.shards], np.diff(self.starts))

    def read(self, corpus: Corpus, rows: Iterable[int]) -> dict[int, Row]:
        """Rows with their payload, by their number; one row group is in memory at a time.

        The sound of a voice comes as :class:`~voice2face.corpus.recordings.Recording`, pixels and
        shape of a face as arrays.

        Raises:
            CorpusError: A shard is missing or damaged.
        """
        wanted = np.array(sorted(rows), np.int64)
        found: dict[int, Row] = {}
        for shard, (start, stop) in zip(self.shards, pairwise(self.starts), strict=True):
            here = wanted[(wanted >= start) & (wanted < stop)]
            if len(here):
                stored = _read_rows(corpus, shard, (here - start).tolist())
                found.update(zip(here.tolist(), stored, strict=True))
        return found


def read_index(corpus: Corpus) -> Index:
    """Read all columns but the payloads, one shard at a time.

    Raises:
        CorpusError: A shard is missing or damaged.
    """
    pa, _ = arrow()
    shards = tuple(shard for kind in KINDS for shard in corpus.shards(kind))
    texts = pa.dictionary(pa.int32(), pa.string())
    types = {"kind": pa.string(), "split": pa.string(), "identity": texts}
    for kind in KINDS:
        types |= dict.fromkeys(NUMBERS[kind], pa.float64())
        types |= {f"@{name}": texts for name in corpus.info.attributes[kind]}
    parts = [pa.schema(types).empty_table(), *(_table(corpus, shard) for shard in shards)]
    table = pa.concat_tables(parts, promote_options="default").unify_dictionaries()
    people = table["identity"].combine_chunks()
    return Index(
        shards=shards,
        starts=np.cumsum([0, *(shard.rows for shard in shards)]),
        table=table,
        identities=people.dictionary.to_pylist(),
        person=people.indices.to_numpy(),
    )


def _table(corpus: Corpus, shard: Shard) -> Any:
    """A shard without its payload; equal texts are kept once."""
    pa, _ = arrow()
    attributes, numbers = corpus.info.attributes[shard.kind], NUMBERS[shard.kind]
    with corpus.opened(shard, ceiling=True) as file:
        table = written_out(file.read(columns=["identity", *attributes, *numbers]))
        table.validate(full=True)  # texts are UTF-8
    columns = {name: pa.repeat(getattr(shard, name), len(table)) for name in ("kind", "split")}
    columns["identity"] = table["identity"].dictionary_encode()
    columns |= {name: table[name].cast(pa.float64()) for name in numbers}
    return pa.table(columns | {f"@{name}": table[name].dictionary_encode() for name in attributes})


def _read_rows(corpus: Corpus, shard: Shard, rows: Sequence[int]) -> list[Row]:
    """Some rows of a shard, ascending, with all their columns."""
    found: list[Row] = []
    with corpus.opened(shard, ceiling=True) as file:
        start = 0
        for group in range(file.metadata.num_row_groups):
            stop = start + file.metadata.row_group(group).num_rows
            if here := [row - start for row in rows if start <= row < stop]:
                table = written_out(file.read_row_group(group).take(here))
                table.validate(full=True)
                found += _with_payload(corpus, shard, table)
            start = stop
    return found


def _with_payload(corpus: Corpus, shard: Shard, table: Any) -> list[Row]:
    """Rows of a table, with their payload as the corpus reads it."""
    payload = PAYLOAD[shard.kind]
    columns: dict[str, Sequence[Any]]
    if shard.kind == "voice":
        columns = {payload: corpus.recordings(shard, table)}
    else:
        columns = {payload: list(corpus.pixels(shard, table))}
        if corpus.info.keeps_shapes:
            there = table[SHAPE].is_valid().to_pylist()
            shapes = corpus.shapes(shard, table)
            columns[SHAPE] = [one if has else None for one, has in zip(shapes, there, strict=True)]
    rows: list[Row] = table.drop_columns(list(columns)).to_pylist()
    for row, *values in zip(rows, *columns.values(), strict=True):
        row.update(zip(columns, values, strict=True))
    return rows
