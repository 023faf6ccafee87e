"""One program at a time in a folder, its helping processes included."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from voice2face.errors import OutputError, TrainingError
from voice2face.locks import locked

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
        if not locked(leader):
            raise TrainingError(
                out, "another reproduction is at work there", "one at a time",
                "wait for its end, or choose another folder",
            )  # fmt: skip
        with _opened(out, HELPERS) as helpers:
            if not locked(helpers, wait_s=WAIT_S):
                raise TrainingError(
                    out, "processes of a program that was killed are still at work there",
                    "their end", "wait, or end them",
                )  # fmt: skip
        yield


@contextlib.contextmanager
def helping_in(out: Path) -> Iterator[None]:
    """Have the next program wait for this process, should the present program be killed."""
    with _opened(out, HELPERS) as descriptor:
        locked(descriptor, exclusive=False)
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
