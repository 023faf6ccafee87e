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
    try:
        out.mkdir(parents=True, exist_ok=True)
        with _opened(out / LEADER) as leader, _opened(out / HELPERS) as helpers:
            if not _locked(leader, exclusive=True):
                raise TrainingError(
                    out, "another reproduction is at work there", "one at a time",
                    "wait for its end, or choose another folder",
                )  # fmt: skip
            _wait_for_helpers(out, helpers)
            yield
    except OSError as error:
        if error.filename is None or Path(error.filename) not in (out, out / LEADER, out / HELPERS):
            raise
        reason = error.strerror or str(error)
        raise OutputError(
            out, f"could not be written ({reason})", "a writable folder", "choose another"
        ) from error


@contextlib.contextmanager
def helping_in(out: Path) -> Iterator[None]:
    """Be one of those whom the next program waits for, should the present one be killed."""
    with _opened(out / HELPERS) as descriptor:
        _locked(descriptor, exclusive=False)
        yield


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _wait_for_helpers(out: Path, descriptor: int) -> None:
    give_up = time.monotonic() + WAIT_S
    while not _locked(descriptor, exclusive=True):
        if time.monotonic() > give_up:
            raise TrainingError(
                out, "processes of a program that was killed are still at work there",
                "their end", "wait, or end them",
            )  # fmt: skip
        time.sleep(0.1)
    if fcntl is not None:
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)


def _locked(descriptor: int, *, exclusive: bool) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True
