"""JSON files that this program wrote, or that others lay beside their networks: read or refused."""

from pathlib import Path
from typing import Any, TypeVar

import msgspec

from voice2face.errors import ModelError, Voice2FaceError, one_line, reason_of
from voice2face.files import read_regular, write_bytes

T = TypeVar("T")


class _Version(msgspec.Struct, frozen=True):
    format_version: int = 1


def read_json(
    path: Path,
    kind: type[T],
    wanted: str,
    remedy: str,
    *,
    refused: type[Voice2FaceError] = ModelError,
    newest: int | None = None,
    most_bytes: int = 1 << 22,
) -> T:
    """Content of a JSON file as a struct.

    Args:
        path: The file.
        kind: The struct.
        wanted: What the file should be, for messages.
        remedy: What the user can do, for messages.
        refused: Kind of the error.
        newest: The newest ``format_version`` that is understood; None: files have none.
        most_bytes: A file that is larger is none of ours.

    Raises:
        Voice2FaceError: Of the kind ``refused``: the file is missing, too large, damaged, or of a
            later format.
    """
    try:
        data = read_regular(path, most_bytes)
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        raise refused(path, reason_of(error), wanted, remedy) from error
    try:
        version = msgspec.json.decode(data, type=_Version).format_version if newest else 0
        if newest is not None and version > newest:
            raise refused(path, f"format {version}", f"at most {newest}", "update voice2face")
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        found = f"damaged ({one_line(str(error)[:160])})"
        raise refused(path, found, wanted, remedy) from error


def write_json(path: Path, data: Any) -> None:
    """Write JSON for people and programs, whole.

    Raises:
        OutputError: It could not be written.
    """
    write_bytes(path, msgspec.json.format(msgspec.json.encode(data)) + b"\n")
