"""Files that are written whole or not at all, and their checksums."""

import contextlib
import hashlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from voice2face.errors import OutputError


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``; on success it takes the place of ``path``.

    Whatever goes wrong (an error, a full disk), ``path`` stays as it was and nothing is left over.

    Raises:
        OutputError: The file could not be written.
    """
    temporary = path.with_name(f".{secrets.token_hex(8)}{path.suffix[:16]}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        _flush(temporary)
        temporary.replace(path)
    except OSError as error:
        raise _cannot_write(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file whole."""
    with atomic_write(path) as temporary:
        temporary.write_text(text, "utf-8")


def write_bytes(path: Path, data: bytes) -> None:
    """Write a binary file whole."""
    with atomic_write(path) as temporary:
        temporary.write_bytes(data)


def stored_text(path: str) -> str:
    r"""A path or name as valid UTF-8: a byte that is not becomes ``\xNN``."""
    if path.isascii():
        return path
    try:
        path.encode()
    except UnicodeEncodeError:
        return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return path


def sha256_of(path: Path) -> str:
    """Checksum of a file's content, as 64 hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _cannot_write(path: Path, error: OSError) -> OutputError:
    reason = error.strerror or str(error)
    return OutputError(
        path,
        f"could not be written ({reason})",
        "a writable place with room",
        "free some, or choose another place",
    )


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
