"""What the benchmarks of ``prepare`` share: real material, and runs whose processes are watched."""

import csv
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.harness import PROGRAM, NotHereError, memory_mb, one_thread
from voice2face.corpus.schema import INFO_NAME, CorpusInfo

SHARED = Path(__file__).parents[2] / "shared"
LOOK_EVERY_S = 0.1


@dataclass(frozen=True)
class Watched:
    """One run from its start to its end.

    Attributes:
        status: Exit status; the number of a signal, negative, if that ended it.
        wall_s: Time on the clock.
        errors: What it wrote on standard error.
        output: What it wrote on standard output.
        parent_mb: Most memory that the process held which was started, in 10^6 bytes.
        worker_mb: Most that any other process of the run held; 0 if there was none.
        growth_mb: What the first process held at the middle of each tenth of the run.
    """

    status: int
    wall_s: float
    errors: str
    output: str
    parent_mb: float
    worker_mb: float
    growth_mb: tuple[float, ...]


@dataclass
class _Memory:
    """What has been seen of the memory of a group of processes."""

    first: int  # number of the process that was started; the group has the same
    peaks: dict[int, float] = field(default_factory=dict)
    held: list[float] = field(default_factory=list)

    def look(self) -> None:
        for process in _group(self.first):
            with suppress(OSError, KeyError, ValueError):
                self.peaks[process] = max(self.peaks.get(process, 0), memory_mb(process))
                if process == self.first:
                    self.held.append(memory_mb(process, "VmRSS"))

    def tenths(self) -> tuple[float, ...]:
        n = len(self.held)
        return tuple(round(self.held[(2 * i + 1) * n // 20]) for i in range(10)) if n else ()


def real(*parts: str) -> Path:
    """A file or folder of the material that lies beside the project.

    Raises:
        NotHereError: It is missing.
    """
    path = SHARED.joinpath("data", *parts)
    if not path.exists():
        raise NotHereError(f"no {path}")
    return path


def prepare(*words: str | Path, program: Sequence[str] = PROGRAM, **options: Any) -> Watched:
    """``voice2face prepare WORDS --quiet``; see :func:`watch`."""
    return watch([*program, "prepare", *words, "--quiet"], **options)


def watch(
    command: Sequence[str | Path],
    *,
    kill_after_s: float | None = None,
    while_it_runs: Callable[[int], None] | None = None,
    prepare_child: Callable[[], None] | None = None,
    extra: Mapping[str, str] | None = None,
) -> Watched:
    """Run a command in a group of its own and look at its processes until it ends.

    Args:
        command: Program and arguments.
        kill_after_s: SIGKILL to all processes of the group after so many seconds.
        while_it_runs: Called again and again, with the number of the process.
        prepare_child: Called in the new process before the program is started.
        extra: More environment.
    """
    words = list(map(str, command))
    with subprocess.Popen(
        words, env=one_thread() | dict(extra or {}), text=True, errors="backslashreplace",
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True, preexec_fn=prepare_child,
    ) as process:  # fmt: skip
        started = time.perf_counter()
        memory = _Memory(process.pid)
        killed = False
        while True:
            memory.look()
            if while_it_runs is not None:
                while_it_runs(process.pid)
            ran_s = time.perf_counter() - started
            if kill_after_s is not None and ran_s >= kill_after_s and not killed:
                kill_group(process.pid)
                killed = True
            wait_s = LOOK_EVERY_S
            if kill_after_s is not None and not killed:
                wait_s = min(wait_s, max(0.0, kill_after_s - ran_s))
            try:
                output, errors = process.communicate(timeout=wait_s)
                break
            except subprocess.TimeoutExpired:
                continue
        wall_s = time.perf_counter() - started
    others = [peak for number, peak in memory.peaks.items() if number != process.pid]
    return Watched(
        status=process.returncode,
        wall_s=wall_s,
        errors=errors,
        output=output,
        parent_mb=memory.peaks.get(process.pid, 0.0),
        worker_mb=max(others, default=0.0),
        growth_mb=memory.tenths(),
    )


def kill_group(number: int) -> None:
    """SIGKILL to a process that leads a group, and to all others of the group."""
    with suppress(ProcessLookupError):
        os.killpg(number, signal.SIGKILL)


def need(run: Watched, *statuses: int) -> Watched:
    """The run, if it ended with 0, with 2 but a corpus all the same, or with one of these.

    Raises:
        RuntimeError: It ended otherwise.
    """
    if run.status not in (statuses or (0, 2)):
        raise RuntimeError(f"prepare ended with {run.status}:\n{run.errors[-2000:]}")
    return run


def info_of(corpus: Path) -> CorpusInfo:
    """The content of a corpus' ``corpus.json``."""
    return msgspec.json.decode((corpus / INFO_NAME).read_bytes(), type=CorpusInfo)


def content(corpus: Path) -> dict[str, bytes]:
    """All files of a corpus: two are the same if and only if these are equal."""
    return {path.name: path.read_bytes() for path in sorted(corpus.iterdir())}


def write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    """A table that ``prepare`` reads; cells may hold line breaks."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
    return path


def _group(number: int) -> list[int]:
    """The processes of a group; none where the system has no ``/proc``."""
    members = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[2]) == number:
                members.append(int(folder.name))
    return members
