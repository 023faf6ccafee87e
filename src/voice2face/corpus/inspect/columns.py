"""Parts of shards: some columns without the payload, or a few rows with it."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from voice2face.corpus.parquet_file import opened_parquet, plain_schema, reason_of, written_out
from voice2face.corpus.read import OTHER_BYTES, Corpus
from voice2face.corpus.recordings import Recording
from voice2face.corpus.schema import PAYLOAD, SHAPE, Kind, Shard, arrow, shard_schema
from voice2face.corpus.shapes import decoded_shapes
from voice2face.errors import CorpusError


def shards(corpus: Corpus, kind: Kind) -> list[Shard]:
    """The shards that hold voices, or faces."""
    return [shard for shard in corpus.info.shards if shard.kind == kind]


def read_columns(corpus: Corpus, shard: Shard, names: Sequence[str]) -> Any:
    """Some columns of a shard as an Arrow table; nothing else of the file is read.

    Raises:
        CorpusError: The shard is missing or damaged.
    """
    with _opened(corpus, shard) as file:
        metadata = file.metadata
        wanted = {i for i, name in enumerate(file.schema_arrow.names) if name in set(names)}
        n_bytes = sum(
            metadata.row_group(group).column(i).total_uncompressed_size
            for group in range(metadata.num_row_groups)
            for i in wanted
        )
        if n_bytes > OTHER_BYTES:
            raise damaged(corpus, shard, f"{shard.rows} rows of {n_bytes} bytes")
        table = written_out(file.read(columns=list(names)))
        table.validate(full=True)  # texts are UTF-8
        return table


def read_rows(corpus: Corpus, shard: Shard, rows: Sequence[int]) -> list[dict[str, Any]]:
    """Some rows of a shard with all their columns, in the order of ``rows``.

    Only the row groups that hold them are read, one at a time.

    Raises:
        CorpusError: The shard is missing or damaged.
    """
    found: dict[int, dict[str, Any]] = {}
    with _opened(corpus, shard) as file:
        start = 0
        for group in range(file.metadata.num_row_groups):
            stop = start + file.metadata.row_group(group).num_rows
            here = sorted({row for row in rows if start <= row < stop})
            if here:
                _check_payload(corpus, shard, file.metadata.row_group(group))
                chosen = file.read_row_group(group).take([row - start for row in here])
                table = written_out(chosen)
                table.validate(full=True)
                found.update(zip(here, table.to_pylist(), strict=True))
            start = stop
    for row in found.values():
        _check_row(corpus, shard, row)
    return [found[row] for row in rows]


def damaged(corpus: Corpus, shard: Shard, found: str) -> CorpusError:
    """What to raise about a shard that is not as ``prepare`` wrote it."""
    return CorpusError(
        corpus.path / shard.name,
        found,
        "the file that prepare wrote",
        "restore it, or run prepare again",
    )


@contextlib.contextmanager
def _opened(corpus: Corpus, shard: Shard) -> Iterator[Any]:
    """A shard with the rows and columns that ``corpus.json`` says; pages are checked when read."""
    pa, _ = arrow()
    attributes = corpus.info.attributes.get(shard.kind, ())
    n_mels, shapes = corpus.info.front_end.log_mel.n_mels, corpus.info.keeps_shapes
    schema = shard_schema(shard.kind, attributes, n_mels, shapes=shapes)
    path = corpus.path / shard.name
    try:
        with opened_parquet(path, shard.bytes, checksums=True, ceiling=True) as file:
            if plain_schema(file) != schema or file.metadata.num_rows != shard.rows:
                names = ", ".join(file.schema_arrow.names)
                found = f"{file.metadata.num_rows} rows of {names}"[:200]
                raise damaged(corpus, shard, found)
            yield file
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        raise damaged(corpus, shard, reason_of(error)) from error


def _check_payload(corpus: Corpus, shard: Shard, group: Any) -> None:
    """Refuse what would unpack to far more than its rows need."""
    face_bytes = corpus.info.face_px**2 * 3
    needed = group.num_rows * face_bytes if shard.kind == "face" else shard.bytes
    if group.total_byte_size > needed + OTHER_BYTES:
        raise damaged(corpus, shard, f"{group.num_rows} rows of {group.total_byte_size} bytes")


def _check_row(corpus: Corpus, shard: Shard, row: dict[str, Any]) -> None:
    """Turn the payload of a row into a recording or an array, as ``schema.LAYOUT`` says."""
    content = np.frombuffer(row[PAYLOAD[shard.kind]], np.uint8)
    if shard.kind == "voice":
        name, n_mels = f"{shard.name}, {row['clip']}", corpus.info.front_end.log_mel.n_mels
        row["sound"] = Recording(content, row["coding"], row["seconds"], name, n_mels)
        return
    px = corpus.info.face_px
    if content.size != px * px * 3:
        raise damaged(corpus, shard, f"pixels that are not of shape {(px, px, 3)}")
    row["pixels"] = content.reshape(px, px, 3)
    if (cell := row.get(SHAPE)) is not None:
        try:
            row[SHAPE] = decoded_shapes([cell])[0]
        except ValueError as error:
            raise damaged(corpus, shard, str(error)) from error
