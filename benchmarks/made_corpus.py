"""A corpus of noise of any size, written without recordings, detector or front end."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from voice2face.audio.settings import FRONT_ENDS
from voice2face.corpus.schema import (
    INFO_NAME,
    SCHEMA_VERSION,
    CorpusInfo,
    Counts,
    Kind,
    Shard,
    SourceInfo,
    hash_of,
    shard_schema,
)
from voice2face.faces.settings import FaceCrop

MADE = SourceInfo(layout="table", path="made", sha256="", rows=0, aligned=True)

N_MELS = FRONT_ENDS["clean"].log_mel.n_mels


@dataclass(frozen=True)
class Made:
    """What to make.

    Attributes:
        voices: Speaker of each recording.
        faces: Likewise.
        frames: Shortest and longest recording.
        px: Side of a face.
        shard_voices: Recordings in a shard.
        shard_faces: Faces in a shard.
        group_rows: Rows in a row group.
        attributes: Values of each person, by the attribute's name.
    """

    voices: tuple[str, ...]
    faces: tuple[str, ...]
    frames: tuple[int, int] = (600, 1000)
    px: int = 64
    shard_voices: int = 320
    shard_faces: int = 4096
    group_rows: int = 512
    attributes: tuple[tuple[str, dict[str, str]], ...] = ()


def write_corpus(folder: Path, made: Made, seed: int = 0) -> Path:
    """Write a corpus whose people are all of the training split."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    noise = rng.normal(-5, 3, (made.frames[1] * 4, N_MELS)).astype("<f2")
    pixels = rng.integers(0, 256, 4 * made.px**2 * 3, np.uint8)

    def voice() -> dict[str, Any]:
        n_frames = int(rng.integers(made.frames[0], made.frames[1] + 1))
        start = int(rng.integers(len(noise) - n_frames))
        seconds = n_frames / 100
        part = noise[start : start + n_frames].tobytes()
        return {"sound": part, "coding": "log_mel", "seconds": seconds, "speech_s": seconds}

    def face() -> dict[str, Any]:
        n_bytes = made.px**2 * 3
        start = int(rng.integers(len(pixels) - n_bytes))
        return {"pixels": pixels[start : start + n_bytes].tobytes(), "px": made.px}

    shards = [
        *_shards(folder, made, "voice", made.voices, made.shard_voices, voice),
        *_shards(folder, made, "face", made.faces, made.shard_faces, face),
    ]
    counts = Counts(
        identities=len({*made.voices, *made.faces}), voices=len(made.voices), faces=len(made.faces)
    )
    names = tuple(name for name, _ in made.attributes)
    info = CorpusInfo(
        schema_version=SCHEMA_VERSION,
        program="made_corpus",
        preset="clean",
        front_end=FRONT_ENDS["clean"],
        sound="flac",
        face_crop=FaceCrop(px=made.px),
        detector=None,
        split_rule="all: train",
        sources=(MADE,),
        attributes={"voice": names, "face": names},
        counts={"all": counts, "train": counts, "validation": Counts(), "test": Counts()},
        inputs=len(made.voices) + len(made.faces),
        skipped={},
        shards=tuple(shards),
        data_hash=hash_of(shards),
    )
    (folder / INFO_NAME).write_bytes(msgspec.json.encode(info))
    return folder


def _shards(
    folder: Path, made: Made, kind: Kind, names: tuple[str, ...], n_rows: int, content: Any
) -> Iterator[Shard]:
    attributes = dict(made.attributes)
    schema = shard_schema(kind, tuple(attributes), N_MELS)
    name_column = {"voice": "clip", "face": "picture"}[kind]
    for number, start in enumerate(range(0, len(names), n_rows)):
        rows = [
            {
                name_column: f"{kind} {start + i}",
                "identity": person,
                "split": "train",
                "source": 0,
                "path": f"{start + i}",
                "sha256": "",
                **{name: of.get(person) for name, of in attributes.items()},
                **content(),
            }
            for i, person in enumerate(names[start : start + n_rows])
        ]
        path = folder / f"{kind}-train-{number:05d}.parquet"
        pq.write_table(
            pa.Table.from_pylist(rows, schema),
            path,
            row_group_size=made.group_rows,
            compression="none",
            use_dictionary=False,
            write_page_checksum=True,
        )
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        yield Shard(
            name=path.name,
            kind=kind,
            split="train",
            rows=len(rows),
            bytes=path.stat().st_size,
            sha256=digest,
        )
