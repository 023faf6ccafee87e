"""Steps carried out by several processes at once."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from multiprocessing.connection import wait
from pathlib import Path

from voice2face.errors import Voice2FaceError
from voice2face.experiments.pipeline.plan import Note, Records, Step
from voice2face.experiments.pipeline.worker import Done, Given, Maker, Worker

THREADS = "OMP_NUM_THREADS"


def carry_out(
    steps: Sequence[Step],
    out: Path,
    make: Maker,
    *,
    n_workers: int,
    n_threads: int | None = None,
    note: Note = lambda line: None,
) -> dict[str, Voice2FaceError]:
    """Do all steps that are not done.

    Args:
        steps: In an order in which they can be done.
        out: Folder of the work.
        make: What does them.
        n_workers: Processes at once.
        n_threads: Of each, unless the user's environment says; None: as many as it likes.
        note: Called with a line whenever something begins or ends.

    Returns:
        What failed, by step; what depends on it was not done.

    Raises:
        KeyboardInterrupt: Somebody asked to stop; trainings have written checkpoints.
        OutputError: A record could not be written.
    """
    work = _Work(steps, out, make, note)
    with _threads(n_threads), _terminable():
        try:
            while work.advance(n_workers):
                work.collect()
        except BaseException:
            work.end(stop=True)
            raise
        work.end(stop=False)
    return work.failed


class _Work:
    def __init__(self, steps: Sequence[Step], out: Path, make: Maker, note: Note) -> None:
        self._out, self._make, self._note = out, make, note
        self._records = Records(out, note)
        self._asked = [step.name for step in steps if not step.optional]
        self._waiting = list(steps)
        self._given: Given = {}
        self.failed: dict[str, Voice2FaceError] = {}
        self._lost: set[str] = set()  # what failed, and what depends on it
        self._skipped: set[str] = set()  # not asked for, and not done already
        self._busy: dict[Worker, Step] = {}
        self._idle: list[Worker] = []

    def advance(self, n_workers: int) -> bool:
        """Begin what can be begun; whether anything is under way."""
        for step in list(self._waiting):
            if any(need in self._lost for need in step.needs):
                self._waiting.remove(step)
                (self._skipped if step.optional else self._lost).add(step.name)
            elif all(need in self._given or need in self._skipped for need in step.needs):
                self._take(step, n_workers)
        return bool(self._busy)

    def _take(self, step: Step, n_workers: int) -> None:
        """See whether a step is done; if it is not, begin it where there is a worker for it."""
        given = {need: self._given[need] for need in step.needs if need in self._given}
        outputs = self._records.done(step, given)
        if outputs is not None:
            self._given[step.name] = outputs
        elif step.optional:
            self._skipped.add(step.name)
        elif len(self._busy) < n_workers:
            self._records.begin(step, given)
            self._idle = [worker for worker in self._idle if worker.is_alive]
            worker = self._idle.pop() if self._idle else Worker(self._out, self._make)
            worker.give(step, given)
            self._busy[worker] = step
            self._note(f"{self._place()} {step.name}: begun")
        else:
            return
        self._waiting.remove(step)

    def collect(self) -> None:
        """Wait until workers have come to something, and take it."""
        ready = wait([worker.pipe for worker in self._busy])
        for worker in [worker for worker in self._busy if worker.pipe in ready]:
            self._take_answer(worker)

    def _take_answer(self, worker: Worker) -> None:
        step, answer = self._busy.pop(worker), worker.answer()
        self._idle.append(worker)
        if answer is None:  # somebody asked it to stop
            raise KeyboardInterrupt
        if isinstance(answer, Done):
            self._given[step.name] = self._records.end(step, answer.outputs, answer.seconds)
            self._note(f"{self._place()} {step.name}: done in {duration(answer.seconds)}")
        else:
            self.failed[step.name] = answer
            self._lost.add(step.name)
            self._note(f"{self._place()} {step.name}: failed")

    def _place(self) -> str:
        """How many are done of those asked for."""
        n_done = sum(name in self._given for name in self._asked)
        return f"[{n_done}/{len(self._asked)}]"

    def end(self, *, stop: bool) -> None:
        """End all workers; a second Ctrl-C does so at once."""
        try:
            if stop and self._busy:
                self._note("stopping; trainings write a checkpoint first")
            for worker in self._busy:
                worker.stop()
            for worker in (*self._busy, *self._idle):
                worker.dismiss()
            for worker in (*self._busy, *self._idle):
                worker.join()
        except KeyboardInterrupt:
            for worker in self._busy:
                worker.kill()
            raise


def duration(seconds: float) -> str:
    """``12 s``, ``3.5 min``, ``2.1 h``."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


@contextlib.contextmanager
def _threads(n_threads: int | None) -> Iterator[None]:
    """What workers find in their environment, unless the user has said it."""
    before = os.environ.get(THREADS)
    if before is None and n_threads is not None:
        os.environ[THREADS] = str(n_threads)
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(THREADS, None)


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM as Ctrl-C."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
