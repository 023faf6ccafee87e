"""A process that does one step after another.

If it is killed, only its present step is lost. If its parent is killed, it ends by itself; a
training writes a checkpoint first.
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
from typing import Any

from voice2face.errors import TrainingError, Voice2FaceError
from voice2face.experiments.pipeline.lock import helping_in
from voice2face.experiments.pipeline.plan import Outputs, Step

LOG = "log.txt"  # in the folder of the work
STOP_S = 300.0  # for a training that was told to stop: the present iteration, and a checkpoint

Given = dict[str, Outputs]
Perform = Callable[[Step, Given], list[Path]]  # does a step; the files that it gave
Maker = Callable[[], Perform]  # called in each worker, so it must be picklable


@dataclass(frozen=True)
class Done:
    """Files that a step gave, and the seconds that it took."""

    outputs: list[Path]
    seconds: float


class Worker:
    """A process that does one step after another.

    Args:
        out: Folder of the work.
        make: Called in the process for what does the steps.

    Attributes:
        pipe: Takes a step with what is given to it; the process ends if it is closed.
        process: The process; if it is terminated, a training writes a checkpoint first.
    """

    def __init__(self, out: Path, make: Maker) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs, out, make), daemon=True)
        with handled(signal.SIGINT, signal.SIG_IGN):  # Ctrl-C reaches all processes of a terminal
            self.process.start()
        theirs.close()
        self._log = out / LOG

    def answer(self) -> Done | Voice2FaceError | None:
        """What came of the step; None if the process was told to stop. Waits for it."""
        try:
            answer: Done | Voice2FaceError | None = self.pipe.recv()
            return answer
        except (EOFError, OSError):
            self.process.join()
            code = self.process.exitcode or 0
            how = f"signal {-code}" if code < 0 else f"status {code}"
            return TrainingError(
                "a process", f"ended by {how}", "its work done",
                f"see {self._log}; free memory if it was killed, and run the same again",
            )  # fmt: skip

    def join(self) -> None:
        """Wait until the process has ended; kill it if it does not."""
        self.process.join(STOP_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


@contextlib.contextmanager
def handled(number: signal.Signals, handler: Any) -> Iterator[None]:
    """Another handler for a signal while this lasts; only the main thread can set one."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, before)


# In the worker's process --------------------------------------------------------------------------


def _work(pipe: Connection, out: Path, make: Maker) -> None:
    """Do what comes through the pipe, until it is closed."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _print_into(out / LOG)
    with helping_in(out), contextlib.suppress(EOFError, BrokenPipeError, KeyboardInterrupt):
        _end_with_parent()
        perform = make()
        while True:
            step, given = pipe.recv()
            pipe.send(_answer(perform, step, given, out / LOG))


def _answer(perform: Perform, step: Step, given: Given, log: Path) -> Done | Voice2FaceError | None:
    started = time.monotonic()
    try:
        return Done(perform(step, given), time.monotonic() - started)
    except KeyboardInterrupt as error:
        print(f"{step.name}: {error}", file=sys.stderr, flush=True)
        return None
    except Voice2FaceError as error:
        return error
    except Exception as error:  # an unforeseen one must not end the other steps
        print(f"{step.name}:", file=sys.stderr)
        traceback.print_exc()
        sys.stderr.flush()
        reason = str(error).splitlines()[0][:160] if str(error) else ""
        found = f"{type(error).__name__} ({reason})"
        remedy = f"see {log}, and run the same again"
        return TrainingError(step.name, found, "no such fault", remedy)


def _print_into(log: Path) -> None:
    """Send all output into a file: several trainings at once can't share a terminal."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    sys.stdout.flush()
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    os.close(descriptor)


def _end_with_parent() -> None:
    """Send SIGTERM to this process when its parent ends, however it ends."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
