"""The queue for faces and the memory for recordings, both bounded."""

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from voice2face.web.limits import Limits
from voice2face.web.metrics import Metrics
from voice2face.web.refusals import busy, closing

T = TypeVar("T")


class Desk:
    """Threads that make faces, first come first served.

    Args:
        limits: Threads, queue, wait and bytes.
        metrics: Told what happens.
    """

    def __init__(self, limits: Limits, metrics: Metrics) -> None:
        self._limits, self._metrics = limits, metrics
        self._pool = ThreadPoolExecutor(limits.threads, thread_name_prefix="face")
        self._places = asyncio.Semaphore(limits.threads)
        self._n_waiting = 0
        self._n_at_work = 0
        self._held: dict[object, int] = {}  # bytes of each recording in memory
        self.closing = False
        metrics.waiting.set_function(lambda: self._n_waiting)
        metrics.at_work.set_function(lambda: self._n_at_work)
        metrics.held_bytes.set_function(lambda: sum(self._held.values()))

    @property
    def n_busy(self) -> int:
        """Recordings that wait or are at work."""
        return self._n_waiting + self._n_at_work

    def check_room(self) -> None:
        """Refuse early what would be refused later.

        Raises:
            RefusedError: The server ends, or the queue is full.
        """
        if self.closing:
            raise closing()
        if self._places.locked() and self._n_waiting >= self._limits.queue:
            raise busy()

    @contextmanager
    def held(self) -> "Iterator[Callable[[int], None]]":
        """Account for a recording in memory.

        Yields:
            Called with the size of each piece before it is kept; raises RefusedError where all
            recordings together would become too many bytes, or all that are not small more than
            their share.
        """
        limits, mine = self._limits, object()
        most_large = limits.held_bytes * (1 - limits.small_share)
        self._held[mine] = 0

        def more(n_bytes: int) -> None:
            if self.closing:
                raise closing()
            n_mine = self._held[mine] + n_bytes
            others = [n for owner, n in self._held.items() if owner is not mine]
            n_large = n_mine + sum(n for n in others if n > limits.small_bytes)
            is_large = n_mine > limits.small_bytes
            if sum(others) + n_mine > limits.held_bytes or (is_large and n_large > most_large):
                raise busy("Many recordings are being sent just now")
            self._held[mine] = n_mine

        try:
            yield more
        finally:
            del self._held[mine]

    async def do(self, work: Callable[[], T]) -> T:
        """Call a function in a thread, when it is its turn.

        Whoever cancels this while it waits gives the place to the next; a function that has begun
        is run to its end.

        Raises:
            RefusedError: The queue is full, the wait was too long, or the server ends.
        """
        self.check_room()
        began = time.perf_counter()
        await self._turn()
        self._metrics.wait_s.observe(time.perf_counter() - began)
        self._n_at_work += 1
        try:
            loop = asyncio.get_running_loop()
            future = loop.run_in_executor(self._pool, self._timed, work)
        except RuntimeError:  # the threads have been ended
            self._free()
            raise
        future.add_done_callback(self._ended)
        return await asyncio.shield(future)

    def shut(self) -> None:
        """End the threads when their work is done."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _turn(self) -> None:
        self._n_waiting += 1
        try:
            async with asyncio.timeout(self._limits.wait_s):
                await self._places.acquire()
        except TimeoutError:
            found = f"{self._limits.wait_s:g} s were not enough for those who came before"
            raise busy(found) from None
        finally:
            self._n_waiting -= 1

    def _timed(self, work: Callable[[], T]) -> T:
        with self._metrics.work_s.time():
            return work()

    def _ended(self, future: "asyncio.Future[T]") -> None:
        self._free()
        if not future.cancelled():
            future.exception()  # seen, even where nobody waits for it any more

    def _free(self) -> None:
        self._places.release()
        self._n_at_work -= 1
