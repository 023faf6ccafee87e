"""Parquet shards of bounded size, written whole."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from voice2face.corpus.schema import PAYLOAD, SPLITS, Kind, Shard, Split, arrow, shard_schema
from voice2face.files import sha256_of, write_bytes

MAX_ROWS = 4096
MAX_BYTES = 64 * 2**20  # of voices or faces, for each split that is being filled
GROUP_ROWS = 512  # what a reader that streams holds at least


class ShardWriter:
    """Fills one shard for each split and writes it out when it is full.

    Args:
        folder: Where the shards go.
        kind: What they hold.
        attributes: Names of the columns after the fixed ones.
        n_mels: Width of a log-mel spectrogram.
    """

    def __init__(self, folder: Path, kind: Kind, attributes: Sequence[str], n_mels: int) -> None:
        self._folder, self._kind = folder, kind
        self._schema = shard_schema(kind, attributes, n_mels)
        self._rows: dict[Split, list[dict[str, Any]]] = {split: [] for split in SPLITS}
        self._bytes = dict.fromkeys(SPLITS, 0)
        self._written = dict.fromkeys(SPLITS, 0)
        self.shards: list[Shard] = []

    def add(self, split: Split, row: dict[str, Any]) -> None:
        """Take one row; attributes that it lacks are null.

        Raises:
            OutputError: A full shard could not be written.
        """
        self._rows[split].append(row)
        self._bytes[split] += len(row[PAYLOAD[self._kind]])
        if len(self._rows[split]) >= MAX_ROWS or self._bytes[split] >= MAX_BYTES:
            self._flush(split)

    def close(self) -> None:
        """Write what is left.

        Raises:
            OutputError: It could not be written.
        """
        for split in SPLITS:
            if self._rows[split]:
                self._flush(split)

    def _flush(self, split: Split) -> None:
        rows, self._rows[split], self._bytes[split] = self._rows[split], [], 0
        name = f"{self._kind}-{split}-{self._written[split]:05d}.parquet"
        path = self._folder / name
        write_parquet(path, rows, self._schema, plain=PAYLOAD[self._kind])
        self._written[split] += 1
        self.shards.append(
            Shard(
                name=name,
                kind=self._kind,
                split=split,
                rows=len(rows),
                bytes=path.stat().st_size,
                sha256=sha256_of(path),
            )
        )


def write_parquet(path: Path, rows: list[dict[str, Any]], schema: Any, plain: str = "") -> None:
    """Write rows as one Parquet file, whole, with checksums of its pages.

    The column ``plain`` is neither compressed nor indexed: noise and pictures do not shrink.

    Raises:
        OutputError: It could not be written.
    """
    pa, pq = arrow()
    others = [name for name in schema.names if name != plain]
    sink = pa.BufferOutputStream()
    pq.write_table(
        pa.Table.from_pylist(rows, schema),
        sink,
        row_group_size=GROUP_ROWS,
        compression={name: "none" if name == plain else "zstd" for name in schema.names},
        use_dictionary=others,
        write_statistics=others,
        write_page_checksum=True,
    )
    write_bytes(path, sink.getvalue())
