"""Engines, which read files: this process, or several; ``cluster`` has one of many machines.

An engine takes chunks of tasks and gives their outcomes, in order. All run
:func:`voice2face.corpus.prepare.work.process`, so the corpus does not tell which one it was.
"""

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from voice2face.corpus.prepare.work import (
    CRASHED,
    TOO_SLOW,
    Failed,
    Outcome,
    Recipe,
    Task,
    decode_outcomes,
    encode,
    process,
    process_chunk_or_end,
    seconds_for,
)
from voice2face.errors import CorpusError

# Libraries would start as many threads as there are cores, in each process.
THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_HOPELESS = 4  # files one after the other that kill the process which reads them
_PENDING = 3  # chunks for each process that are under way or waiting, so that none idles


@dataclass(frozen=True)
class Chunk:
    """Files that are read together: ``number`` is their place in the whole."""

    number: int
    tasks: tuple[Task, ...]


Results = Generator[tuple[int, tuple[Outcome, ...]], None, None]
Engine = Callable[[Iterable[Chunk], Recipe], Results]


def in_this_process(chunks: Iterable[Chunk], recipe: Recipe) -> Results:
    """An engine of this process alone; a file that crashes it ends the run."""
    for chunk in chunks:
        yield chunk.number, tuple(process(task, recipe) for task in chunk.tasks)


@dataclass(frozen=True)
class Processes:
    """An engine of several processes on this machine.

    Close the iterator (``contextlib.closing``) to stop the processes early. New processes import
    the caller's main module: a script needs its ``if __name__ == "__main__"``.

    Args:
        n_workers: How many.
    """

    n_workers: int

    def __call__(self, chunks: Iterable[Chunk], recipe: Recipe) -> Results:
        """Outcomes by chunk, in the order of the chunks.

        A file at which its process dies (a fault in a decoder, too little memory) fails with the
        reason ``CRASHED``, one that takes too long with ``TOO_SLOW``; the others are read again in
        new processes.

        Raises:
            CorpusError: Processes die at every file.
        """
        pending: deque[Chunk] = deque()
        remaining = iter(chunks)
        while True:
            try:
                yield from self._until_broken(pending, remaining, recipe)
            except BrokenProcessPool:
                yield from self._one_by_one(pending, recipe)
            else:
                return

    def _until_broken(
        self, pending: deque[Chunk], remaining: Iterator[Chunk], recipe: Recipe
    ) -> Results:
        """All chunks with one pool; ``pending`` are those whose outcomes are not out yet."""
        futures: deque[Future[bytes]] = deque()  # those of the first chunks
        with pool(self.n_workers) as executor:
            while True:
                while len(futures) < _PENDING * self.n_workers:  # results never pile up
                    if len(futures) == len(pending):
                        if (chunk := next(remaining, None)) is None:
                            break
                        pending.append(chunk)
                    with _deaf():
                        work = encode(pending[len(futures)].tasks)
                        futures.append(executor.submit(process_chunk_or_end, work, recipe))
                if not futures:
                    return
                outcomes = decode_outcomes(futures[0].result())
                futures.popleft()
                yield pending.popleft().number, outcomes

    def _one_by_one(self, pending: deque[Chunk], recipe: Recipe) -> Results:
        """Chunks of a pool that broke, file by file, until the one that broke it is found."""
        with contextlib.ExitStack() as stack:
            executor = stack.enter_context(pool(1))

            def alone(task: Task) -> Outcome | None:
                nonlocal executor
                began, limit_s = time.monotonic(), seconds_for(task)
                try:
                    with _deaf():
                        future = executor.submit(process_chunk_or_end, encode([task]), recipe)
                    return decode_outcomes(future.result())[0]
                except BrokenProcessPool:
                    executor = stack.enter_context(pool(1))
                    if time.monotonic() - began < limit_s:
                        return None
                    return Failed(TOO_SLOW, f"more than {limit_s:.0f} s")

            yield from one_by_one(pending, alone)


def one_by_one(pending: deque[Chunk], alone: Callable[[Task], Outcome | None]) -> Results:
    """Chunks file by file, up to the one that holds a file which ends the process that reads it.

    Args:
        pending: Chunks; those that are done are taken out.
        alone: Reads a file in a process of its own; None: the process was killed.

    Raises:
        CorpusError: Processes are killed at every file.
    """
    while pending:
        outcomes: list[Outcome] = []
        for task in pending[0].tasks:
            outcomes.append(alone(task) or Failed(CRASHED, "the process that read it was killed"))
            reasons = [getattr(outcome, "reason", "") for outcome in outcomes]
            if reasons == [CRASHED] * _HOPELESS:
                raise CorpusError(
                    "prepare",
                    f"its processes were killed at each of {_HOPELESS} files",
                    "enough memory for all of them",
                    "use fewer workers; what is done is kept",
                )
        yield pending.popleft().number, tuple(outcomes)
        if not {CRASHED, TOO_SLOW}.isdisjoint(reasons):
            return


@contextlib.contextmanager
def pool(n_workers: int) -> Iterator[ProcessPoolExecutor]:
    """New processes, each of one thread, that leave Ctrl-C to this one."""
    context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(n_workers, context, initializer=_start_worker)
    limits = {name: "1" for name in THREAD_LIMITS if name not in os.environ}
    os.environ.update(limits)  # the processes take it over when they start
    try:
        yield executor
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
        for name in limits:
            os.environ.pop(name, None)


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """Processes that start here do not hear Ctrl-C, not even while they start."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_worker() -> None:
    """Leave Ctrl-C to the parent, which ends its workers in order, and end when it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
