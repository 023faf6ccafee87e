"""Parquet shards of bounded size, written whole."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from voice2face.corpus.prepare.journal import Journal, Key, damaged
from voice2face.corpus.schema import PAYLOAD, SPLITS, Kind, Shard, Split, arrow, shard_schema
from voice2face.files import atomic_write, sha256_of

MAX_ROWS = 4096
MAX_BYTES = 32 * 2**20  # voices or faces, for each split that is being filled
GROUP_ROWS = 512  # what a reader that streams holds at least


class ShardWriter:
    """Fills one shard for each split and writes it out when it is full.

    Where a shard begins and ends depends on the rows alone. So after an interruption the same rows
    lead to the same shards, and those that the journal knows are not written again.

    Args:
        folder: Where the shards go.
        kind: What they hold.
        attributes: Names of the columns after the fixed ones.
        n_mels: Width of a log-mel spectrogram.
        shapes: Faces are normalised: their shapes are kept.
        journal: Knows the shards that are written, and is told of new ones.
    """

    def __init__(
        self,
        folder: Path,
        kind: Kind,
        attributes: Sequence[str],
        n_mels: int,
        shapes: bool,
        journal: Journal,
    ) -> None:
        self._folder, self._kind, self._journal = folder, kind, journal
        self._schema = shard_schema(kind, attributes, n_mels, shapes=shapes)
        self._known = journal.shards()
        self._rows: dict[Split, list[dict[str, Any]]] = {split: [] for split in SPLITS}
        self._keys: dict[Split, list[Key]] = {split: [] for split in SPLITS}  # of these rows
        self._bytes = dict.fromkeys(SPLITS, 0)
        self.shards: list[Shard] = []

    def add(self, split: Split, row: dict[str, Any], n_bytes: int, key: Key) -> None:
        """Take one row; attributes that it lacks are null.

        Args:
            split: Where it goes.
            row: Its payload may be None if it lies in a shard that the journal knows.
            n_bytes: Length of the payload.
            key: Under which the journal has the payload.

        Raises:
            OutputError: A full shard could not be written.
            CorpusError: What the journal says does not fit the rows.
        """
        self._rows[split].append(row)
        self._keys[split].append(key)
        self._bytes[split] += n_bytes
        if len(self._rows[split]) >= MAX_ROWS or self._bytes[split] >= MAX_BYTES:
            self._flush(split)

    def close(self) -> None:
        """Write what is left.

        Raises:
            OutputError: It could not be written.
            CorpusError: What the journal says does not fit the rows.
        """
        for split in SPLITS:
            if self._rows[split]:
                self._flush(split)

    def _flush(self, split: Split) -> None:
        rows, self._rows[split], self._bytes[split] = self._rows[split], [], 0
        keys, self._keys[split] = self._keys[split], []
        number = sum(shard.split == split for shard in self.shards)
        name = f"{self._kind}-{split}-{number:05d}.parquet"
        shard = self._known.get(name)
        if shard is None:
            shard = self._write(name, split, rows)
            self._journal.add_shard(shard, keys)
        else:
            self._check(shard, rows)
        self.shards.append(shard)

    def _write(self, name: str, split: Split, rows: list[dict[str, Any]]) -> Shard:
        path = self._folder / name
        if any(row[PAYLOAD[self._kind]] is None for row in rows):
            raise damaged(path, "rows without content")
        write_parquet(path, rows, self._schema, plain=PAYLOAD[self._kind])
        return Shard(
            name=name,
            kind=self._kind,
            split=split,
            rows=len(rows),
            bytes=path.stat().st_size,
            sha256=sha256_of(path),
        )

    def _check(self, shard: Shard, rows: list[dict[str, Any]]) -> None:
        path = self._folder / shard.name
        if shard.rows != len(rows):
            raise damaged(path, f"{shard.rows} rows instead of {len(rows)}")
        if not path.is_file() or sha256_of(path) != shard.sha256:
            raise damaged(path, "missing, or not as it was written")


def write_parquet(path: Path, rows: list[dict[str, Any]], schema: Any, plain: str = "") -> None:
    """Write rows as one Parquet file, whole, with checksums of its pages.

    The column ``plain`` is neither compressed nor indexed: noise and pictures do not shrink.

    Raises:
        OutputError: It could not be written.
    """
    pa, pq = arrow()
    others = [name for name in schema.names if name != plain]
    with (
        atomic_write(path) as temporary,
        pq.ParquetWriter(
            temporary,
            schema,
            compression={name: "none" if name == plain else "zstd" for name in schema.names},
            use_dictionary=others,
            write_statistics=others,
            write_page_checksum=True,
        ) as writer,
    ):
        # Group by group, or a shard would be in memory four times.
        for start in range(0, max(1, len(rows)), GROUP_ROWS):
            writer.write_table(pa.Table.from_pylist(rows[start : start + GROUP_ROWS], schema))
    pa.default_memory_pool().release_unused()
