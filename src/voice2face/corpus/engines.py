"""Where the files of a corpus are read: in this process, in several, or on many machines.

An engine takes chunks of tasks and gives their outcomes, in order. All run
:func:`voice2face.corpus.work.process_chunk`, so which one it was cannot be told from the corpus.
"""

import contextlib
import logging
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any

from voice2face.corpus.work import (
    CRASHED,
    Failed,
    Outcome,
    Recipe,
    Task,
    decode_outcomes,
    encode,
    process_chunk,
)
from voice2face.errors import CorpusError, MissingExtraError
from voice2face.pretrained import FOLDER_VARIABLE, OFFLINE_VARIABLE

# Libraries would start as many threads as there are cores, in each process.
_THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_TOLD = (FOLDER_VARIABLE, OFFLINE_VARIABLE)  # what other machines must know
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
    """One after the other; a file that crashes the process ends the run."""
    for chunk in chunks:
        yield chunk.number, decode_outcomes(process_chunk(encode(chunk.tasks), recipe))


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
        reason ``CRASHED``; the others are read again in new processes.

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
        futures: deque[Future[bytes]] = deque()
        unsent = deque(pending)
        with pool(self.n_workers) as executor:
            while True:
                while len(futures) < _PENDING * self.n_workers:  # results never pile up
                    if not unsent:
                        if (chunk := next(remaining, None)) is None:
                            break
                        pending.append(chunk)
                        unsent.append(chunk)
                    with _deaf():
                        work = encode(unsent[0].tasks)
                        futures.append(executor.submit(process_chunk, work, recipe))
                    unsent.popleft()
                if not futures:
                    return
                yield _popped(pending, futures)

    def _one_by_one(self, pending: deque[Chunk], recipe: Recipe) -> Results:
        """Chunks of a pool that broke, file by file, until the one that broke it is found."""
        with contextlib.ExitStack() as stack:
            executor = stack.enter_context(pool(1))

            def alone(task: Task) -> Outcome | None:
                nonlocal executor
                try:
                    with _deaf():
                        future = executor.submit(process_chunk, encode([task]), recipe)
                    return decode_outcomes(future.result())[0]
                except BrokenProcessPool:
                    executor = stack.enter_context(pool(1))
                    return None

            while pending:
                chunk = pending[0]
                outcomes, found = _culprits(chunk, alone)
                pending.popleft()
                yield chunk.number, outcomes
                if found:
                    return


def _culprits(
    chunk: Chunk, alone: Callable[[Task], Outcome | None]
) -> tuple[tuple[Outcome, ...], bool]:
    """Outcomes of a chunk's files, each read alone (None: it crashed), and whether one crashed."""
    outcomes: list[Outcome] = []
    n_crashed = 0
    for task in chunk.tasks:
        outcome = alone(task)
        n_crashed += outcome is None
        outcomes.append(outcome or Failed(CRASHED, "the process that read it was killed"))
        if n_crashed == len(outcomes) == _HOPELESS:
            raise CorpusError(
                "prepare",
                f"its processes were killed at each of {n_crashed} files",
                "enough memory for all of them",
                "use fewer workers; what is done is kept",
            )
    return tuple(outcomes), n_crashed > 0


def _popped(
    pending: deque[Chunk], futures: deque[Future[bytes]]
) -> tuple[int, tuple[Outcome, ...]]:
    outcomes = decode_outcomes(futures[0].result())
    futures.popleft()
    return pending.popleft().number, outcomes


@contextlib.contextmanager
def pool(n_workers: int) -> Iterator[ProcessPoolExecutor]:
    """New processes, each of one thread, that leave Ctrl-C to this one."""
    context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(n_workers, context, initializer=_start_worker)
    limits = {name: "1" for name in _THREAD_LIMITS if name not in os.environ}
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


@dataclass(frozen=True)
class RayCluster:
    """An engine of Ray Data: a cluster that runs already, or one of this machine alone.

    The files must lie under the same paths on all machines.

    Args:
        n_workers: Files that are read at the same time, over all machines.
        address: Of a running cluster (``auto``, ``ray://HOST:10001``); None: one is started
            here and stopped at the end.
    """

    n_workers: int
    address: str | None = None

    def __call__(self, chunks: Iterable[Chunk], recipe: Recipe) -> Results:
        """Outcomes by chunk, in the order of the chunks.

        Raises:
            CorpusError: The cluster cannot be reached, or failed.
            MissingExtraError: The ``cluster`` extra is not installed.
        """
        ray = _ray()
        left = deque(chunks)
        if not left:
            return
        ours = not ray.is_initialized()
        try:
            if ours:
                _connect(ray, self.address, self.n_workers)
            while left:
                try:
                    for number, outcomes in self._results(ray, left, recipe):
                        left.popleft()
                        yield number, outcomes
                except (ray.exceptions.WorkerCrashedError, ray.exceptions.OutOfMemoryError):
                    yield from self._one_by_one(ray, left, recipe)
        except (ray.exceptions.RayError, ConnectionError) as error:
            found = str(error).strip().splitlines()[-1][:300]
            raise CorpusError(
                "ray", found, "a cluster that works", "see its logs; what is done is kept"
            ) from error
        finally:
            if ours:
                ray.shutdown()

    def _results(self, ray: Any, chunks: Sequence[Chunk], recipe: Recipe) -> Results:
        logging.getLogger("ray.data").setLevel(logging.ERROR)  # no word for each step
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.execution_options.preserve_order = True
        # A block is what one worker takes at a time: small ones keep all of them busy.
        n_blocks = min(len(chunks), max(4 * self.n_workers, len(chunks) // 8))
        rows = [{"number": c.number, "tasks": encode(c.tasks)} for c in chunks]
        data = ray.data.from_items(rows, override_num_blocks=n_blocks).map(
            _process_row,
            fn_args=(recipe,),
            compute=ray.data.TaskPoolStrategy(self.n_workers),
            max_retries=1,  # a machine may be lost; a file that kills its reader does it again
        )
        for row in data.iter_rows():
            yield row["number"], decode_outcomes(row["outcomes"])

    def _one_by_one(self, ray: Any, left: deque[Chunk], recipe: Recipe) -> Results:
        """Chunks after a crash, file by file, until the one that caused it is found."""
        remote = ray.remote(max_retries=0)(process_chunk)

        def alone(task: Task) -> Outcome | None:
            try:
                return decode_outcomes(ray.get(remote.remote(encode([task]), recipe)))[0]
            except (ray.exceptions.WorkerCrashedError, ray.exceptions.OutOfMemoryError):
                return None

        while left:
            outcomes, found = _culprits(left[0], alone)
            yield left.popleft().number, outcomes
            if found:
                return


def _process_row(row: dict[str, Any], recipe: Recipe) -> dict[str, Any]:
    return {"number": row["number"], "outcomes": process_chunk(row["tasks"], recipe)}


def _connect(ray: Any, address: str | None, n_workers: int) -> None:
    told = {name: os.environ[name] for name in _TOLD if name in os.environ}
    limits = {"env_vars": dict.fromkeys(_THREAD_LIMITS, "1") | told}
    here = {"num_cpus": n_workers, "include_dashboard": False}
    ray.init(
        address=address or "local",
        runtime_env=limits,
        log_to_driver=False,
        logging_level="ERROR",
        **({} if address else here),
    )


def _ray() -> Any:
    try:
        import ray
        import ray.data
        import ray.exceptions
    except ImportError as error:
        raise MissingExtraError("the engine 'ray'", "cluster") from error
    return ray
