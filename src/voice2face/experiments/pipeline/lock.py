"""One program at a time in a folder, its helping processes included."""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from voice2face.errors import OutputError, TrainingError

try:
    import fcntl
except ImportError:  # not on Windows, where nobody is kept out
    fcntl = None  # type: ignore[assignment]

LEADER, HELPERS = ".lock", ".helpers"
WAIT_S = 120.0  # for helpers of a program that was killed, which end after a step


@contextlib.contextmanager
def alone_in(out: Path) -> Iterator[None]:
    """Keep all others out while this lasts. The lock dies with the process.

    Raises:
        OutputError: The folder can't be written to.
        TrainingError: Another program is at work there, or what it left behind does not end.
    """
    with _opened(out, LEADER) as leader:
        if not _locked(leader, exclusive=True):
            raise TrainingError(
                out, "another reproduction is at work there", "one at a time",
                "wait for its end, or choose another folder",
            )  # fmt: skip
        _wait_for_helpers(out)
        yield


@contextlib.contextmanager
def helping_in(out: Path) -> Iterator[None]:
    """Have the next program wait for this process, should the present program be killed."""
    with _opened(out, HELPERS) as descriptor:
        _locked(descriptor, exclusive=False)
        yield


@contextlib.contextmanager
def _opened(out: Path, name: str) -> Iterator[int]:
    try:
        out.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(out / name, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        found = f"could not be written ({error.strerror or error})"
        raise OutputError(out, found, "a writable folder", "choose another") from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)  # which frees it


def _wait_for_helpers(out: Path) -> None:
    give_up = time.monotonic() + WAIT_S
    with _opened(out, HELPERS) as descriptor:
        while not _locked(descriptor, exclusive=True):
            if time.monotonic() > give_up:
                raise TrainingError(
                    out, "processes of a program that was killed are still at work there",
                    "their end", "wait, or end them",
                )  # fmt: skip
            time.sleep(0.1)


def _locked(descriptor: int, *, exclusive: bool) -> bool:
    """Try to lock a file; always true on Windows and on a file system without locks."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
