"""Reading a corpus: what it holds, and its voices and faces as arrays."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.audio.load import LONGEST_S
from voice2face.corpus.arrays import (
    Faces,
    Voices,
    floats,
    joined,
    joined_shapes,
    objects,
    strings,
    views,
)
from voice2face.corpus.info import read_info
from voice2face.corpus.parquet_file import opened_parquet, plain_schema, reason_of, written_out
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
from voice2face.errors import SettingsError
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
        parts = list(self.iter_voices(split))
        return Voices(
            speech=Recordings([stored for part in parts for stored in part.speech.stored]),
            clip=joined((part.clip for part in parts), np.str_),
            identity=joined((part.identity for part in parts), np.str_),
            split=joined((part.split for part in parts), np.str_),
            seconds=joined((part.seconds for part in parts), np.float64),
            speech_s=joined((part.speech_s for part in parts), np.float64),
            source=joined((part.source for part in parts), np.int32),
            path=joined((part.path for part in parts), np.object_),
            attributes=self._attributes("voice", [part.attributes for part in parts]),
        )

    def faces(self, split: str | None = None) -> Faces:
        """All faces, or those of one split, in memory.

        Raises:
            CorpusError: A shard is missing or damaged.
            SettingsError: There is no such split.
        """
        px, n_faces = self.info.face_px, sum(shard.rows for shard in self.shards("face", split))
        pixels = np.empty((n_faces, px, px, 3), np.uint8)
        parts: list[Faces] = []
        start = 0
        for part in self.iter_faces(split):
            stop = start + len(part)
            pixels[start:stop] = part.pixels
            parts.append(replace(part, pixels=pixels[start:stop]))  # and let go of the shard
            start = stop
        return Faces(
            pixels=pixels,
            picture=joined((part.picture for part in parts), np.str_),
            identity=joined((part.identity for part in parts), np.str_),
            split=joined((part.split for part in parts), np.str_),
            source=joined((part.source for part in parts), np.int32),
            path=joined((part.path for part in parts), np.object_),
            figures={n: joined((p.figures[n] for p in parts), np.float32) for n in FIGURES},
            attributes=self._attributes("face", [part.attributes for part in parts]),
            shapes=joined_shapes(parts),
        )

    def iter_voices(self, split: str | None = None) -> Iterator[Voices]:
        """Recordings, one shard at a time, for corpora that are larger than memory.

        Raises:
            CorpusError: A shard is missing or damaged.
            SettingsError: There is no such split.
        """
        for shard in self.shards("voice", split):
            table = self.table(shard)
            yield Voices(
                speech=Recordings(self.recordings(shard, table)),
                clip=strings(table["clip"]),
                identity=strings(table["identity"]),
                split=strings(table["split"]),
                seconds=table["seconds"].to_numpy(),
                speech_s=table["speech_s"].to_numpy(),
                source=table["source"].to_numpy(),
                path=np.array(table["path"].to_pylist(), np.object_),
                attributes=objects(table, self._names("voice")),
            )

    def iter_faces(self, split: str | None = None) -> Iterator[Faces]:
        """Faces, one shard at a time, for corpora that are larger than memory.

        Raises:
            CorpusError: A shard is missing or damaged.
            SettingsError: There is no such split.
        """
        for shard in self.shards("face", split):
            table = self.table(shard)
            yield Faces(
                pixels=self.pixels(shard, table),
                picture=strings(table["picture"]),
                identity=strings(table["identity"]),
                split=strings(table["split"]),
                source=table["source"].to_numpy(),
                path=np.array(table["path"].to_pylist(), np.object_),
                figures=floats(table, FIGURES),
                attributes=objects(table, self._names("face")),
                shapes=self.shapes(shard, table) if self.info.keeps_shapes else None,
            )

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
        if split is not None and split not in SPLITS:
            raise SettingsError("split", split, f"one of {', '.join(SPLITS)}", "choose one")
        return [s for s in self.info.shards if s.kind == kind and split in (None, s.split)]

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
            ceiling: Of memory, as ``opened_parquet`` has it.

        Raises:
            CorpusError: It is missing or damaged.
        """
        pa, _ = arrow()
        path = self.path / shard.name
        n_mels = self.info.front_end.log_mel.n_mels
        names, shapes = self._names(shard.kind), self.info.keeps_shapes
        schema = shard_schema(shard.kind, names, n_mels, shapes=shapes)
        try:
            with opened_parquet(path, shard.bytes, checksums=True, ceiling=ceiling) as file:
                self._check_size(path, shard, file.metadata)
                if plain_schema(file) != schema:
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

    def pixels(self, shard: Shard, table: Any) -> npt.NDArray[np.uint8]:
        """Faces of a table with ``pixels``: (faces, px, px, 3)."""
        px, payloads = self.info.face_px, views(table["pixels"])
        if any(len(p) != px * px * 3 for p in payloads):
            raise damaged(self.path / shard.name, f"faces that are not {px}×{px}")
        return np.stack(payloads).reshape(-1, px, px, 3)

    def shapes(self, shard: Shard, table: Any) -> npt.NDArray[np.float32]:
        """Shapes of normalised faces, of a table with ``shape``: (faces, 468, 2); NaN for null."""
        try:
            return decoded_shapes(table[SHAPE].to_pylist())
        except ValueError as error:
            raise damaged(self.path / shard.name, str(error)) from error

    def _attributes(
        self, kind: Kind, parts: list[dict[str, npt.NDArray[np.object_]]]
    ) -> dict[str, npt.NDArray[np.object_]]:
        return {
            name: joined((part[name] for part in parts), np.object_) for name in self._names(kind)
        }

    def _names(self, kind: Kind) -> tuple[str, ...]:
        """Names of the attributes."""
        return self.info.attributes.get(kind, ())


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
        raise damaged(path, error.strerror or str(error)) from error
