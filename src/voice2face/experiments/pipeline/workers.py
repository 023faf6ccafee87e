"""Steps carried out by several processes at once."""

import signal
from collections.abc import Sequence
from multiprocessing.connection import wait
from pathlib import Path

from voice2face.errors import Voice2FaceError
from voice2face.experiments.pipeline.plan import Note, Records, Step
from voice2face.experiments.pipeline.worker import Done, Given, Maker, Worker, handled


def carry_out(
    steps: Sequence[Step],
    out: Path,
    make: Maker,
    *,
    n_workers: int,
    note: Note = lambda line: None,
) -> dict[str, Voice2FaceError]:
    """Do all steps that are not done.

    Args:
        steps: Steps in an order in which they can be done.
        out: Folder of the work.
        make: Called in each process for what does the steps.
        n_workers: Number of processes at once.
        note: Called with a line whenever a step begins or ends.

    Returns:
        Errors by the step that failed; the steps that depend on it were not done.

    Raises:
        KeyboardInterrupt: The user stopped it; trainings have written checkpoints.
        OutputError: A record could not be written.
    """
    work = _Work(steps, out, make, note)
    with handled(signal.SIGTERM, signal.default_int_handler):  # as Ctrl-C
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
        self._lost: set[str] = set()  # steps that failed, and those that depend on them
        self._skipped: set[str] = set()  # optional steps that are not done
        self._busy: dict[Worker, Step] = {}
        self._idle: list[Worker] = []

    def advance(self, n_workers: int) -> bool:
        """Begin all steps that can be begun; whether anything is under way."""
        for step in list(self._waiting):
            if any(need in self._lost for need in step.needs):
                self._waiting.remove(step)
                (self._skipped if step.optional else self._lost).add(step.name)
            elif all(need in self._given or need in self._skipped for need in step.needs):
                self._take(step, n_workers)
        return bool(self._busy)

    def _take(self, step: Step, n_workers: int) -> None:
        """Begin a step that is not done, if there is a worker for it."""
        given = {need: self._given[need] for need in step.needs if need in self._given}
        outputs = self._records.done(step, given)
        if outputs is not None:
            self._given[step.name] = outputs
        elif step.optional:
            self._skipped.add(step.name)
        elif len(self._busy) < n_workers:
            self._records.begin(step, given)
            self._idle = [worker for worker in self._idle if worker.process.is_alive()]
            worker = self._idle.pop() if self._idle else Worker(self._out, self._make)
            worker.pipe.send((step, given))
            self._busy[worker] = step
            self._tell(step, "begun")
        else:
            return
        self._waiting.remove(step)

    def collect(self) -> None:
        """Wait until a worker has finished, and take the answers of all that have."""
        ready = wait([worker.pipe for worker in self._busy])
        for worker in [worker for worker in self._busy if worker.pipe in ready]:
            step, answer = self._busy.pop(worker), worker.answer()
            self._idle.append(worker)
            if answer is None:  # somebody told it to stop
                raise KeyboardInterrupt
            if isinstance(answer, Done):
                self._given[step.name] = self._records.end(step, answer.outputs, answer.seconds)
                self._tell(step, f"done in {duration(answer.seconds)}")
            else:
                self.failed[step.name] = answer
                self._lost.add(step.name)
                self._tell(step, "failed")

    def _tell(self, step: Step, what: str) -> None:
        n_done = sum(name in self._given for name in self._asked)
        self._note(f"[{n_done}/{len(self._asked)}] {step.name}: {what}")

    def end(self, *, stop: bool) -> None:
        """End all workers; after a second Ctrl-C without waiting for checkpoints."""
        workers = (*self._busy, *self._idle)
        try:
            if stop and self._busy:
                self._note("stopping; trainings write a checkpoint first")
            for worker in self._busy:
                worker.process.terminate()
            for worker in workers:
                worker.pipe.close()
            for worker in workers:
                worker.join()
        except KeyboardInterrupt:
            for worker in self._busy:
                worker.process.kill()
            raise


def duration(seconds: float) -> str:
    """``12 s``, ``3.5 min``, ``2.1 h``."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
