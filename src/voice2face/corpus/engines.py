"""Where the files of a corpus are read: in this process, in several, or on many machines.

An engine takes chunks of tasks and gives their outcomes, in order. All run
:func:`voice2face.corpus.work.process_chunk`, so which one it was cannot be told from the corpus.
"""

import contextlib
import logging
import multiprocessing
import os
import signal
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

# Libraries would start as many threads as there are cores, in each process.
_THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
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
        with pool(self.n_workers) as executor:
            for chunk in remaining:
                pending.append(chunk)
                futures.append(executor.submit(process_chunk, encode(chunk.tasks), recipe))
                while len(futures) >= _PENDING * self.n_workers:  # results never pile up
                    yield _popped(pending, futures)
            while futures:
                yield _popped(pending, futures)

    def _one_by_one(self, pending: deque[Chunk], recipe: Recipe) -> Results:
        """The chunks of a pool that broke, file by file, each in a process that may die."""
        n_read = n_crashed = 0
        with contextlib.ExitStack() as stack:
            executor = stack.enter_context(pool(1))
            while pending:
                outcomes: list[Outcome] = []
                for task in pending[0].tasks:
                    try:
                        done = executor.submit(process_chunk, encode([task]), recipe).result()
                        outcomes += decode_outcomes(done)
                        n_read += 1
                    except BrokenProcessPool:
                        outcomes.append(Failed(CRASHED, "the process that read it was killed"))
                        n_crashed += 1
                        executor = stack.enter_context(pool(1))
                    if n_crashed == _HOPELESS and not n_read:
                        raise CorpusError(
                            "prepare",
                            f"its processes were killed at each of {n_crashed} files",
                            "enough memory for all of them",
                            "use fewer workers; what is done is kept",
                        )
                yield pending.popleft().number, tuple(outcomes)


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


def _start_worker() -> None:
    """Leave Ctrl-C to the parent, which ends its workers in order."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


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
        rows = [{"number": c.number, "tasks": encode(c.tasks)} for c in chunks]
        if not rows:
            return
        ours = not ray.is_initialized()
        try:
            if ours:
                _connect(ray, self.address, self.n_workers)
            yield from self._results(ray, rows, recipe)
        except (ray.exceptions.RayError, ConnectionError) as error:
            found = str(error).strip().splitlines()[-1][:300]
            raise CorpusError(
                "ray", found, "a cluster that works", "see its logs; what is done is kept"
            ) from error
        finally:
            if ours:
                ray.shutdown()

    def _results(self, ray: Any, rows: Sequence[dict[str, Any]], recipe: Recipe) -> Results:
        logging.getLogger("ray.data").setLevel(logging.ERROR)  # no word for each step
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.execution_options.preserve_order = True
        # A block is what one worker takes at a time: small ones keep all of them busy.
        n_blocks = min(len(rows), max(4 * self.n_workers, len(rows) // 8))
        data = ray.data.from_items(rows, override_num_blocks=n_blocks).map(
            _process_row, fn_args=(recipe,), compute=ray.data.TaskPoolStrategy(self.n_workers)
        )
        for row in data.iter_rows():
            yield row["number"], decode_outcomes(row["outcomes"])


def _process_row(row: dict[str, Any], recipe: Recipe) -> dict[str, Any]:
    return {"number": row["number"], "outcomes": process_chunk(row["tasks"], recipe)}


def _connect(ray: Any, address: str | None, n_workers: int) -> None:
    limits = {"env_vars": dict.fromkeys(_THREAD_LIMITS, "1")}
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
