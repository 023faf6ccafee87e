"""The command that makes a corpus of an earlier schema anew, from what its ``corpus.json`` says."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from voice2face.settings import FaceCrop

_DEFAULTS: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(FaceCrop()))
_COLUMNS = {"identity": {"identity"}, "voice": {"voice"}, "face": {"face", "picture"}}


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


def command_anew(path: Path, data: bytes) -> str:
    """The ``prepare`` command that reads the same sources in the same way.

    Args:
        path: The corpus; the new one goes beside it.
        data: Its ``corpus.json``.

    Returns:
        For a shell.

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
