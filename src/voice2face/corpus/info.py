"""Reading ``corpus.json``; for an earlier schema, the command that makes the corpus again."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec

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
from voice2face.faces.settings import FaceCrop
from voice2face.files import read_regular

MOST_BYTES = 1 << 28  # a shard takes 200
_DEFAULTS: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(FaceCrop()))
_COLUMNS = {"identity": {"identity"}, "voice": {"voice"}, "face": {"face", "picture"}}


class _Version(msgspec.Struct):
    """What all versions of ``corpus.json`` have."""

    schema_version: Annotated[int, msgspec.Meta(ge=1)]


class _Source(msgspec.Struct):
    """What all earlier schemas say of a source."""

    path: str
    layout: str = ""
    aligned: bool = False
    identity: str | None = None
    voice: str | None = None
    face: str | None = None


class _Former(msgspec.Struct):
    """What all earlier schemas say of a corpus."""

    sources: list[_Source]
    preset: str | None = None
    split_rule: str | None = None
    face_crop: dict[str, Any] = {}


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


def _of_another_version(path: Path, version: int, data: bytes) -> CorpusError:
    found, wanted = f"corpus of schema version {version}", f"version {SCHEMA_VERSION}"
    if version > SCHEMA_VERSION:
        return CorpusError(path, found, wanted, "upgrade voice2face")
    remedy = f"make it anew: {_command_anew(path.absolute(), data)}"
    return CorpusError(path, f"{found}, without sound", f"{wanted}, which keeps sound", remedy)


def _command_anew(path: Path, data: bytes) -> str:
    """The ``prepare`` command, for a shell, that reads the same sources in the same way.

    Raises:
        msgspec.DecodeError: The file does not name sources.
    """
    former = msgspec.json.decode(data, type=_Former)
    out = path.with_name(f"{path.name}-with-sound")
    words = [*(source.path for source in former.sources), str(out), *_options(former)]
    return shlex.join(["voice2face", "prepare", *words])


def _options(former: _Former) -> Iterator[str]:
    layouts = {source.layout for source in former.sources}
    if len(layouts) == 1 and "" not in layouts:
        yield from ("--layout", *layouts)
    if any(source.aligned and source.layout in ("table", "") for source in former.sources):
        yield "--aligned"
    if former.preset:
        yield from ("--preset", former.preset)
    if former.split_rule:
        yield from ("--split", former.split_rule)
    for role, usual in _COLUMNS.items():
        named = {getattr(source, role) for source in former.sources} - usual - {None}
        for name in sorted(named)[:1]:
            yield from (f"--{role}", name)
    for name, value in _changes(former.face_crop, _DEFAULTS):
        if name in ("px", "geometry"):
            yield from (f"--{name}", str(value))
        elif name == "remove":
            yield from ("--remove", ",".join(value))
        else:
            yield from ("--set", f"{name}={msgspec.json.encode(value).decode()}")


def _changes(found: dict[str, Any], usual: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Entries that are not as usual, by their path; those that nobody knows any more are left."""
    for name, value in found.items():
        if isinstance(value, dict) and isinstance(usual.get(name), dict):
            yield from ((f"{name}.{path}", v) for path, v in _changes(value, usual[name]))
        elif name in usual and value != usual[name]:
            yield name, value
