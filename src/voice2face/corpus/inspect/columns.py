"""Parts of shards: some columns without the payload, or a few rows with it."""

from collections.abc import Sequence
from typing import Any

from voice2face.corpus.parquet_file import written_out
from voice2face.corpus.read import Corpus
from voice2face.corpus.schema import PAYLOAD, SHAPE, Shard


def read_columns(corpus: Corpus, shard: Shard, names: Sequence[str]) -> Any:
    """Some columns of a shard as an Arrow table; nothing else of the file is read.

    Raises:
        CorpusError: The shard is missing or damaged.
    """
    with corpus.opened(shard, ceiling=True) as file:
        table = written_out(file.read(columns=list(names)))
        table.validate(full=True)  # texts are UTF-8
        return table


def read_rows(corpus: Corpus, shard: Shard, rows: Sequence[int]) -> list[dict[str, Any]]:
    """Some rows of a shard with all their columns, in the order of ``rows``.

    Only the row groups that hold them are read, one at a time. The sound of a voice comes as
    :class:`~voice2face.corpus.recordings.Recording`, pixels and shape of a face as arrays.

    Raises:
        CorpusError: The shard is missing or damaged.
    """
    found: dict[int, dict[str, Any]] = {}
    with corpus.opened(shard, ceiling=True) as file:
        start = 0
        for group in range(file.metadata.num_row_groups):
            stop = start + file.metadata.row_group(group).num_rows
            here = sorted({row for row in rows if start <= row < stop})
            if here:
                chosen = file.read_row_group(group).take([row - start for row in here])
                table = written_out(chosen)
                table.validate(full=True)
                found.update(zip(here, _rows(corpus, shard, table), strict=True))
            start = stop
    return [found[row] for row in rows]


def _rows(corpus: Corpus, shard: Shard, table: Any) -> list[dict[str, Any]]:
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
    rows: list[dict[str, Any]] = table.drop_columns(list(columns)).to_pylist()
    for row, *values in zip(rows, *columns.values(), strict=True):
        row.update(zip(columns, values, strict=True))
    return rows
