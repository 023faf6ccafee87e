"""An engine that reads files on many machines, through Ray Data."""

import logging
import os
import shlex
import sys
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from voice2face.assets.pretrained import FOLDER_VARIABLE
from voice2face.corpus.prepare.engines import THREAD_LIMITS, Chunk, Results, one_by_one
from voice2face.corpus.prepare.work import (
    Outcome,
    Recipe,
    Task,
    decode_outcomes,
    encode,
    process_chunk_or_end,
)
from voice2face.errors import CorpusError, MissingExtraError

START_S = 60.0  # a worker takes 2 to 5 s to start
_TOLD = (FOLDER_VARIABLE,)  # what other machines must know


@dataclass(frozen=True)
class RayCluster:
    """An engine of Ray Data: a cluster that runs already, or one of this machine alone.

    The files must lie under the same paths on all machines.

    Args:
        n_workers: Files that are read at the same time, over all machines.
        address: Address of a running cluster (``auto``, ``ray://HOST:10001``); None: one is started
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
        remote = ray.remote(max_retries=0)(process_chunk_or_end)

        def alone(task: Task) -> Outcome | None:
            try:
                return decode_outcomes(ray.get(remote.remote(encode([task]), recipe)))[0]
            except (ray.exceptions.WorkerCrashedError, ray.exceptions.OutOfMemoryError):
                return None

        yield from one_by_one(left, alone)


def _process_row(row: dict[str, Any], recipe: Recipe) -> dict[str, Any]:
    return {"number": row["number"], "outcomes": process_chunk_or_end(row["tasks"], recipe)}


def _connect(ray: Any, address: str | None, n_workers: int) -> None:
    told = {name: os.environ[name] for name in _TOLD if name in os.environ}
    environment: dict[str, Any] = {"env_vars": dict.fromkeys(THREAD_LIMITS, "1") | told}
    here: dict[str, Any] = {} if address else {"num_cpus": n_workers, "include_dashboard": False}
    if not address and shlex.quote(sys.executable) != sys.executable:
        # Ray starts its workers through a shell and quotes all but the interpreter's path.
        environment["py_executable"] = shlex.quote(sys.executable)
    ray.init(
        address=address or "local",
        runtime_env=environment,
        log_to_driver=False,
        logging_level="ERROR",
        **here,
    )
    _wait_for_a_worker(ray, address)


def _wait_for_a_worker(ray: Any, address: str | None) -> None:
    """Wait until one worker answers; Ray itself would wait for ever.

    Raises:
        CorpusError: None does within a minute.
    """
    try:
        ray.get(ray.remote(num_cpus=0)(_nothing).remote(), timeout=START_S)
    except ray.exceptions.GetTimeoutError as error:
        where = f"of the cluster {address}" if address else f"of Ray, with {sys.executable}"
        raise CorpusError(
            "--engine ray",
            f"no worker {where} came up within {START_S:.0f} s",
            "a cluster that works",
            "see the newest log in /tmp/ray/session_latest/logs, or use --engine processes",
        ) from error


def _nothing() -> None:
    """A worker's first task."""


def _ray() -> Any:
    try:
        import ray
        import ray.data
        import ray.exceptions
    except ImportError as error:
        raise MissingExtraError("the engine 'ray'", "cluster") from error
    return ray
