"""A process that does one step after another.

One that is killed loses its step alone. One whose parent was killed ends by itself, a training
after it has written a checkpoint.
"""

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Protocol

from voice2face.errors import TrainingError, Voice2FaceError
from voice2face.experiments.pipeline.lock import helping_in
from voice2face.experiments.pipeline.plan import Outputs, Step

LOG = "log.txt"  # in the folder of the work
STOP_S = 300.0  # for trainings that were asked to stop: one step, and a checkpoint

Given = dict[str, Outputs]


class Performer(Protocol):
    """Does steps."""

    def perform(self, step: Step, given: Given) -> list[Path]:
        """Do a step, given what those that it needs gave; the files that it gave."""


Maker = Callable[[], Performer]  # called in each worker, so it travels there


@dataclass(frozen=True)
class Done:
    """Files that a step gave, and the seconds that it took."""

    outputs: list[Path]
    seconds: float


class Worker:
    """A process that does one step after another.

    Args:
        out: Folder of the work.
        make: What does the steps.
    """

    def __init__(self, out: Path, make: Maker) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, out, make), daemon=True)
        with _deaf():
            self._process.start()
        theirs.close()
        self._log = out / LOG

    def give(self, step: Step, given: Given) -> None:
        """Have a step done."""
        self.pipe.send((step, given))

    def answer(self) -> Done | Voice2FaceError | None:
        """What came of it; None if it was asked to stop. Waits for it."""
        try:
            answer: Done | Voice2FaceError | None = self.pipe.recv()
            return answer
        except (EOFError, OSError):
            self._process.join()
            code = self._process.exitcode or 0
            how = f"signal {-code}" if code < 0 else f"status {code}"
            return TrainingError(
                "a process", f"ended by {how}", "its work done",
                f"see {self._log}; free memory if it was killed, and run the same again",
            )  # fmt: skip

    @property
    def is_alive(self) -> bool:
        """Whether it can be given more."""
        return self._process.is_alive()

    def dismiss(self) -> None:
        """Have it end when it has nothing to do."""
        self.pipe.close()

    def stop(self) -> None:
        """Have it end, a training after a checkpoint."""
        self._process.terminate()

    def kill(self) -> None:
        """Have it end at once."""
        self._process.kill()

    def join(self) -> None:
        """Wait until it has ended; one that does not is killed."""
        self._process.join(STOP_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """What is started here does not hear Ctrl-C, which reaches all processes of a terminal."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


# In the worker's process --------------------------------------------------------------------------


def _work(pipe: Connection, out: Path, make: Maker) -> None:
    """Do what comes through the pipe, until it is closed."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _say_into(out / LOG)
    with helping_in(out), contextlib.suppress(EOFError, BrokenPipeError, KeyboardInterrupt):
        _end_with_parent()
        performer = make()
        while True:
            step, given = pipe.recv()
            pipe.send(_answer(performer, step, given, out / LOG))


def _answer(
    performer: Performer, step: Step, given: Given, log: Path
) -> Done | Voice2FaceError | None:
    started = time.monotonic()
    try:
        return Done(performer.perform(step, given), time.monotonic() - started)
    except KeyboardInterrupt as error:
        print(f"{step.name}: {error}", file=sys.stderr, flush=True)
        return None
    except Voice2FaceError as error:
        return error
    except Exception as error:  # what nobody foresaw must not end the other steps
        print(f"{step.name}:", file=sys.stderr)
        traceback.print_exc()
        sys.stderr.flush()
        reason = str(error).splitlines()[0][:160] if str(error) else ""
        found = f"{type(error).__name__} ({reason})"
        remedy = f"see {log}, and run the same again"
        return TrainingError(step.name, found, "no such fault", remedy)


def _say_into(log: Path) -> None:
    """What trainings say goes into a file: several at once can't share a terminal."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    sys.stdout.flush()
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    os.close(descriptor)


def _end_with_parent() -> None:
    """SIGTERM to this process when its parent ends, however it ends."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
