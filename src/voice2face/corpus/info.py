"""Reading ``corpus.json``."""

from pathlib import Path
from typing import Annotated

import msgspec

from voice2face.corpus.former import command_anew
from voice2face.corpus.schema import (
    INFO_NAME,
    KINDS,
    PARTS,
    SCHEMA_VERSION,
    CorpusInfo,
    damaged,
    hash_of,
)
from voice2face.errors import CorpusError, reason_of
from voice2face.files import read_regular

MOST_BYTES = 1 << 28  # a shard takes 200


class _Version(msgspec.Struct):
    """What all versions of ``corpus.json`` have."""

    schema_version: Annotated[int, msgspec.Meta(ge=1)]


def _of_another_version(path: Path, version: int, data: bytes) -> CorpusError:
    found, wanted = f"corpus of schema version {version}", f"version {SCHEMA_VERSION}"
    if version > SCHEMA_VERSION:
        return CorpusError(path, found, wanted, "upgrade voice2face")
    remedy = f"make it anew: {command_anew(path.absolute(), data)}"
    return CorpusError(path, f"{found}, without sound", f"{wanted}, which keeps sound", remedy)


def read_info(path: Path) -> CorpusInfo:
    """The content of ``corpus.json``.

    Args:
        path: The corpus.

    Raises:
        CorpusError: It is not there, damaged, or of another version.
    """
    name = path / INFO_NAME
    try:
        data = read_regular(name, MOST_BYTES)
    except OSError as error:
        remedy = "make one with voice2face prepare"
        raise CorpusError(name, reason_of(error), "a corpus", remedy) from error
    try:
        version = msgspec.json.decode(data, type=_Version).schema_version
        if version != SCHEMA_VERSION:
            raise _of_another_version(path, version, data)
        info = msgspec.json.decode(data, type=CorpusInfo)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise damaged(name, str(error)[:200]) from error
    for kind in KINDS:
        if kind not in info.attributes:
            raise damaged(name, f"no attributes of '{kind}'")
    for part in PARTS:
        if part not in info.counts:
            raise damaged(name, f"no counts of '{part}'")
    if not info.sources:
        raise damaged(name, "no sources")
    if info.data_hash != hash_of(info.shards):
        raise damaged(name, "checksums of shards that do not fit the data hash")
    return info
