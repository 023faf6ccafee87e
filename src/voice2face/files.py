"""Files that are written whole or not at all, only in the place of our own, and their checksums."""

import contextlib
import errno
import hashlib
import os
import re
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from voice2face import __version__
from voice2face.errors import OutputError, reason_of

# By which a file is known to be this program's: what its PNGs say of their software, its results
# of what they were made by, and its pages of their generator. All else is marked with `made_by`.
MARK = re.compile(
    rb'(?:tEXtSoftware\0|made_by": ?"|name="generator" content="|made by )voice2face '
)
LOOKED_AT = 1 << 16  # bytes at the beginning and at the end of a file, where its mark is


def made_by() -> str:
    """What a file of this program says about itself, where its format has no word for it."""
    return f"made by voice2face {__version__}"


def check_free(path: Path, *, force: bool = False) -> None:
    """See that a file may be written: nothing is there, or one that this program made.

    Args:
        path: Where it is to go.
        force: Another file may be replaced, too.

    Raises:
        OutputError: Something else is there: a file without this program's mark, or a folder.
    """
    if not os.path.lexists(path):
        return
    if path.is_dir():
        raise OutputError(path, "a folder", "a file, or nothing", "choose another name")
    if force or is_ours(path):
        return
    found = "a file that voice2face didn't make"
    raise OutputError(path, found, "a free name", "choose another, or replace it with --force")


def is_ours(path: Path) -> bool:
    """Whether a file bears this program's mark; what can't be read doesn't."""
    if not path.is_file():  # to open a named pipe would wait for ever
        return False
    try:
        with path.open("rb") as file:
            start = file.read(LOOKED_AT)
            file.seek(max(len(start), file.seek(0, os.SEEK_END) - LOOKED_AT))
            return MARK.search(start) is not None or MARK.search(file.read()) is not None
    except OSError:
        return False


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``; on success it takes the place of ``path``.

    Whatever goes wrong (an error, a full disk), ``path`` stays as it was and nothing is left over.

    Raises:
        OutputError: The file could not be written.
    """
    temporary = path.with_name(f".{secrets.token_hex(8)}{path.suffix[:16]}")
    with writing(path):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
            _flush(temporary)
            temporary.replace(path)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Name what was to be written where an error of the system within the block doesn't.

    Raises:
        OutputError: Something could not be written.
    """
    try:
        yield
    except OSError as error:
        raise OutputError(
            path,
            f"could not be written ({reason_of(error)})",
            "a writable place with room",
            "free some, or choose another place",
        ) from error


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


def read_regular(path: Path, most_bytes: int) -> bytes:
    """Content of a file that somebody brings, if it is one: a pipe or a device never ends.

    Raises:
        OSError: It cannot be read, is no regular file, or larger than it may be.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _BINARY)
    with os.fdopen(descriptor, "rb") as stream:
        check_regular(os.fstat(stream.fileno()), most_bytes)
        return stream.read(most_bytes)


def check_regular(about: os.stat_result, most_bytes: int) -> None:
    """Refuse what is no regular file, or too large.

    Raises:
        OSError: It is.
    """
    if not stat.S_ISREG(about.st_mode):
        raise OSError(errno.EINVAL, "no regular file")
    if about.st_size > most_bytes:
        raise OSError(errno.EFBIG, f"{about.st_size} bytes, more than {most_bytes}")


_BINARY = getattr(os, "O_BINARY", 0)  # Windows


def bytes_on_disk(path: Path) -> int:
    """Size of a file without its holes, which hold nothing; 0 where there is no such file."""
    try:
        about = path.stat()
    except (OSError, ValueError):  # ValueError: a name that no file can have
        return 0
    blocks = getattr(about, "st_blocks", None)
    return about.st_size if blocks is None else min(about.st_size, 512 * blocks)


def sha256_of(path: Path) -> str:
    """Checksum of a file's content, as 64 hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
