"""Reading a corpus: what it holds, and its voices and faces as arrays."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from voice2face.arrays import Float32s, UInt8s
from voice2face.audio.load import LONGEST_S
from voice2face.corpus.arrays import Faces, Voices, floats, objects, strings, views
from voice2face.corpus.info import read_info
from voice2face.corpus.parquet_file import opened_parquet, plain_schema, written_out
from voice2face.corpus.recordings import Recording, Recordings
from voice2face.corpus.schema import (
    FIGURES,
    INFO_NAME,
    SHAPE,
    SKIPPED_NAME,
    SPLITS,
    CorpusInfo,
    Kind,
    Shard,
    SourceInfo,
    arrow,
    damaged,
    shard_schema,
    skipped_schema,
)
from voice2face.corpus.shapes import decoded_shapes
from voice2face.errors import one_of, reason_of
from voice2face.files import check_regular, sha256_of

MAX_SKIPPED_BYTES = 1 << 30
OTHER_BYTES = 1 << 28  # of names and attributes; sounds and pictures are not compressed


@dataclass(frozen=True)
class Corpus:
    """A corpus folder; nothing but its ``corpus.json`` is in memory.

    Args:
        path: The folder.
        info: The content of ``corpus.json``.
    """

    path: Path
    info: CorpusInfo

    @classmethod
    def open(cls, path: Path, *, verify: bool = False) -> "Corpus":
        """Open a corpus and look whether all of it is there.

        Args:
            path: The folder that ``prepare`` made.
            verify: Compare the checksum of every shard, which reads all of them. Without it,
                damage shows when a shard is read.

        Raises:
            CorpusError: No corpus, one of a later version, or a part that is missing or damaged.
        """
        path = Path(path)
        info = read_info(path)
        for shard in info.shards:
            _check_shard(path / shard.name, shard, verify)
            if shard.kind == "face" and shard.rows * info.face_px**2 * 3 > shard.bytes:
                raise damaged(path / shard.name, f"{shard.bytes} bytes for {shard.rows} faces")
        return cls(path, info)

    def voices(self, split: str | None = None) -> Voices:
        """All recordings, or those of one split, in memory.

        Raises:
            CorpusError: A shard is missing or damaged.
            SettingsError: There is no such split.
        """
        none = self._voices(self._schema("voice").empty_table(), [])
        return Voices.joined([none, *self.iter_voices(split)])

    def faces(self, split: str | None = None) -> Faces:
        """All faces, or those of one split, in memory.

        Raises:
            CorpusError: A shard is missing or damaged.
            SettingsError: There is no such split.
        """
        px, n_faces = self.info.face_px, sum(shard.rows for shard in self.shards("face", split))
        pixels = np.empty((n_faces, px, px, 3), np.uint8)
        shapes = decoded_shapes([]) if self.info.keeps_shapes else None
        parts = [self._faces(self._schema("face").empty_table(), pixels[:0], shapes)]
        start = 0
        for part in self.iter_faces(split):
            pixels[start : start + len(part)] = part.pixels
            start += len(part)
            parts.append(replace(part, pixels=pixels[:0]))  # and let go of the shard
        return replace(Faces.joined(parts), pixels=pixels)

    def iter_voices(self, split: str | None = None) -> Iterator[Voices]:
        """Recordings, one shard at a time, for corpora that are larger than memory.

        Raises:
            CorpusError: A shard is missing or damaged.
            SettingsError: There is no such split.
        """
        for shard in self.shards("voice", split):
            table = self.table(shard)
            yield self._voices(table, self.recordings(shard, table))

    def iter_faces(self, split: str | None = None) -> Iterator[Faces]:
        """Faces, one shard at a time, for corpora that are larger than memory.

        Raises:
            CorpusError: A shard is missing or damaged.
            SettingsError: There is no such split.
        """
        for shard in self.shards("face", split):
            table = self.table(shard)
            shapes = self.shapes(shard, table) if self.info.keeps_shapes else None
            yield self._faces(table, self.pixels(shard, table), shapes)

    def skipped(self) -> list[dict[str, Any]]:
        """What was left out and why, as in ``skipped.parquet``.

        Raises:
            CorpusError: The file is missing or damaged.
        """
        pa, _ = arrow()
        path = self.path / SKIPPED_NAME
        try:
            with opened_parquet(path, MAX_SKIPPED_BYTES, checksums=True) as file:
                if file.metadata.num_rows != sum(self.info.skipped.values()):
                    raise damaged(path, f"{file.metadata.num_rows} rows")
                table = written_out(file.read())
        except (OSError, pa.ArrowException) as error:
            raise damaged(path, reason_of(error)) from error
        if table.schema != skipped_schema():
            raise damaged(path, f"columns {', '.join(table.schema.names)}"[:200])
        rows: list[dict[str, Any]] = table.to_pylist()
        for row in rows:
            self.source(row["source"])
        return rows

    def source(self, number: int) -> SourceInfo:
        """The source of a row, by its column ``source``.

        Raises:
            CorpusError: ``corpus.json`` does not say it.
        """
        if not 0 <= number < len(self.info.sources):
            found = f"{len(self.info.sources)} sources, where a row names number {number}"
            raise damaged(self.path / INFO_NAME, found)
        return self.info.sources[number]

    def shards(self, kind: Kind, split: str | None = None) -> list[Shard]:
        """The shards of voices or faces, in order.

        Raises:
            SettingsError: There is no such split.
        """
        splits = SPLITS if split is None else (one_of("split", split, SPLITS),)
        return [s for s in self.info.shards if s.kind == kind and s.split in splits]

    def table(
        self, shard: Shard, columns: Sequence[str] | None = None, group: int | None = None
    ) -> Any:
        """A shard as Arrow table, its pages checked against their checksums.

        Args:
            shard: The shard.
            columns: Some of the columns; None: all.
            group: One of the shard's row groups alone.

        Raises:
            CorpusError: It is missing or damaged.
        """
        with self.opened(shard) as file:
            if group is None:
                return written_out(file.read(columns))
            # Who asks for groups has no memory to spare, and reads several of them at a time.
            arrow()[0].default_memory_pool().release_unused()
            return written_out(file.read_row_group(group, columns, use_threads=False))

    def group_rows(self, shard: Shard) -> list[int]:
        """Number of rows of each row group of a shard.

        Raises:
            CorpusError: It is missing or damaged.
        """
        with self.opened(shard) as file:
            found = file.metadata
            return [found.row_group(i).num_rows for i in range(found.num_row_groups)]

    @contextlib.contextmanager
    def opened(self, shard: Shard, *, ceiling: bool = False) -> Iterator[Any]:
        """A shard with the rows and columns that ``corpus.json`` says; pages are checked when read.

        Args:
            shard: The shard.
            ceiling: Limit the memory, as ``opened_parquet`` does.

        Raises:
            CorpusError: It is missing or damaged.
        """
        pa, _ = arrow()
        path = self.path / shard.name
        try:
            with opened_parquet(path, shard.bytes, checksums=True, ceiling=ceiling) as file:
                self._check_size(path, shard, file.metadata)
                if plain_schema(file.schema_arrow) != self._schema(shard.kind):
                    raise damaged(path, f"columns {', '.join(file.schema_arrow.names)}"[:200])
                yield file
        except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
            raise damaged(path, reason_of(error)) from error

    def _check_size(self, path: Path, shard: Shard, metadata: Any) -> None:
        """Refuse what would unpack to far more than its rows need, before it is unpacked."""
        groups = range(metadata.num_row_groups)
        n_bytes = sum(metadata.row_group(group).total_byte_size for group in groups)
        needed = shard.rows * self.info.face_px**2 * 3 if shard.kind == "face" else shard.bytes
        if metadata.num_rows != shard.rows or n_bytes > needed + OTHER_BYTES:
            raise damaged(path, f"{metadata.num_rows} rows of {n_bytes} bytes")

    def recordings(self, shard: Shard, table: Any) -> list[Recording]:
        """Recordings of a table with ``clip``, ``sound``, ``coding`` and ``seconds``."""
        clips, codings = table["clip"].to_pylist(), table["coding"].to_pylist()
        seconds = table["seconds"].to_pylist()
        if not all(0 < length_s <= LONGEST_S for length_s in seconds):
            raise damaged(self.path / shard.name, "recordings of impossible length")
        n_mels = self.info.front_end.log_mel.n_mels
        return [
            Recording(data, coding, length_s, f"{self.path / shard.name}, {clip}", n_mels)
            for data, coding, length_s, clip in zip(
                views(table["sound"]), codings, seconds, clips, strict=True
            )
        ]

    def pixels(self, shard: Shard, table: Any) -> UInt8s:
        """Faces of a table with ``pixels``: (faces, px, px, 3)."""
        px, payloads = self.info.face_px, views(table["pixels"])
        if any(len(p) != px * px * 3 for p in payloads):
            raise damaged(self.path / shard.name, f"faces that are not {px}×{px}")
        return np.stack(payloads).reshape(-1, px, px, 3)

    def shapes(self, shard: Shard, table: Any) -> Float32s:
        """Shapes of normalised faces, of a table with ``shape``: (faces, 468, 2); NaN for null."""
        try:
            return decoded_shapes(table[SHAPE].to_pylist())
        except ValueError as error:
            raise damaged(self.path / shard.name, str(error)) from error

    def _voices(self, table: Any, recordings: list[Recording]) -> Voices:
        return Voices(
            speech=Recordings(recordings),
            clip=strings(table["clip"]),
            identity=strings(table["identity"]),
            split=strings(table["split"]),
            seconds=table["seconds"].to_numpy(),
            speech_s=table["speech_s"].to_numpy(),
            source=table["source"].to_numpy(),
            path=np.array(table["path"].to_pylist(), np.object_),
            attributes=objects(table, self.info.attributes["voice"]),
        )

    def _faces(self, table: Any, pixels: UInt8s, shapes: Float32s | None) -> Faces:
        return Faces(
            pixels=pixels,
            picture=strings(table["picture"]),
            identity=strings(table["identity"]),
            split=strings(table["split"]),
            source=table["source"].to_numpy(),
            path=np.array(table["path"].to_pylist(), np.object_),
            figures=floats(table, FIGURES),
            attributes=objects(table, self.info.attributes["face"]),
            shapes=shapes,
        )

    def _schema(self, kind: Kind) -> Any:
        info = self.info
        n_mels, shapes = info.front_end.log_mel.n_mels, info.keeps_shapes
        return shard_schema(kind, info.attributes[kind], n_mels, shapes=shapes)


def _check_shard(path: Path, shard: Shard, verify: bool) -> None:
    try:
        about = path.stat()
        check_regular(about, about.st_size)
        n_bytes = about.st_size
        if n_bytes != shard.bytes:
            raise damaged(path, f"{n_bytes} bytes instead of {shard.bytes}")
        if verify and sha256_of(path) != shard.sha256:
            raise damaged(path, "content that does not fit its checksum")
    except OSError as error:
        raise damaged(path, reason_of(error)) from error
