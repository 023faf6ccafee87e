"""Ceilings that the system keeps: address space and time of a process or of a part of its work.

Where the system has none of them (Windows), or does not keep them (macOS, of memory), what is asked
for here does nothing.
"""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

MIB = 1 << 20
_STATM = Path("/proc/self/statm")


def address_space_bytes() -> int | None:
    """What this process has mapped; None where the system does not tell."""
    try:
        return int(_STATM.read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return None


def limit_memory_to(n_bytes: int) -> None:
    """From now on, this process may map so much in all; what asks for more gets none."""
    if resource is not None and address_space_bytes() is not None:
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        soft = n_bytes if most == resource.RLIM_INFINITY else min(n_bytes, most)
        resource.setrlimit(resource.RLIMIT_AS, (soft, most))


def limit_time(cpu_s: float, wall_s: float) -> None:
    """The system ends this process after so much more processor time, or time on the clock.

    Called again, it starts over; the clock is that of ``SIGALRM``, so the main thread must call it.
    """
    if resource is None:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    wanted = int(used.ru_utime + used.ru_stime + cpu_s) + 1
    soft = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, most))
    signal.setitimer(signal.ITIMER_REAL, wall_s)


def end_time_limit() -> None:
    """The process may take as long as it likes."""
    if resource is not None:
        _, most = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (most, most))
        signal.setitimer(signal.ITIMER_REAL, 0)


@contextlib.contextmanager
def time_limit(cpu_s: float, wall_s: float) -> Iterator[None]:
    """The system ends this process if the block takes so long, on the processor or on the clock."""
    limit_time(cpu_s, wall_s)
    try:
        yield
    finally:
        end_time_limit()


def write_no_files() -> None:
    """From now on, this process can write to no file, and leaves no image of its memory."""
    if resource is not None:
        for kind in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
            resource.setrlimit(kind, (0, 0))


class _Shared:
    """A ceiling of the whole process, put up by whoever comes first, taken down by the last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted: list[int] = []
        self._before = (0, 0)

    def enter(self, n_bytes: int) -> None:
        with self._lock:
            if not self._wanted:
                self._before = resource.getrlimit(resource.RLIMIT_AS)
            self._wanted.append(n_bytes)
            self._set()

    def leave(self, n_bytes: int) -> None:
        with self._lock:
            self._wanted.remove(n_bytes)
            self._set()

    def _set(self) -> None:
        soft, most = self._before
        if self._wanted:
            wanted = max(self._wanted)
            soft = wanted if soft == resource.RLIM_INFINITY else min(wanted, soft)
        resource.setrlimit(resource.RLIMIT_AS, (soft, most))


# The limit itself belongs to the process, so what counts its users does too.
_SHARED = _Shared()


@contextlib.contextmanager
def memory_ceiling(more_bytes: int) -> Iterator[None]:
    """Within the block, this process may map so much more than it has now.

    Whatever else runs in the process has the same ceiling for that time, so it is to be a high one.
    Blocks of several threads at once share the highest.
    """
    now = address_space_bytes()
    if resource is None or now is None:
        yield
        return
    _SHARED.enter(now + more_bytes)
    try:
        yield
    finally:
        _SHARED.leave(now + more_bytes)
