"""A shuffled order of items that lie in groups, of which a window alone is in memory.

Groups enter one a tick, in an order that is drawn again for each pass over all of them. Each item
leaves at a random tick of the ``window`` ticks that its group stays for; what leaves at the same
tick does so in random order. So each pass gives every item once, where uniform draws with
replacement would give it a Poisson-distributed number of times, once on average; items whose
groups entered further apart than the window never meet in a batch. All of it is a function of the
seed: the position in it is two numbers.
"""

import bisect
import functools
import itertools
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np

from voice2face.arrays import Int64s

T = TypeVar("T")
Item = tuple[int, int]  # ordinal of a group in the order of entering, row in it


@dataclass(frozen=True)
class Order:
    """In which order items leave.

    Attributes:
        counts: Items of each group, one or more.
        window: Ticks that a group stays for.
        seed: Two numbers, not negative: of the training, and of what is shuffled.
    """

    counts: tuple[int, ...]
    window: int
    seed: tuple[int, int]

    @property
    def first_tick(self) -> int:
        """The first at which items leave: the window is full."""
        return self.window - 1

    def group(self, ordinal: int) -> int:
        """Which group enters: one of each pass over all groups."""
        n_passed, place = divmod(ordinal, len(self.counts))
        return int(_permutation(self.seed, n_passed, len(self.counts))[place])

    def leaving(self, ordinal: int) -> Int64s:
        """Tick at which each item of a group leaves, shape (items,)."""
        first, stop = max(ordinal, self.first_tick), ordinal + self.window
        n_items = self.counts[self.group(ordinal)]
        return _rng(self.seed, 1, ordinal).integers(first, stop, n_items)

    def tick(self, number: int, leaving: Callable[[int], Int64s]) -> list[Item]:
        """The items of a tick; ``leaving`` may remember what :meth:`leaving` gave."""
        items = [
            (ordinal, int(row))
            for ordinal in range(max(0, number - self.window + 1), number + 1)
            for row in np.flatnonzero(leaving(ordinal) == number)
        ]
        return [items[i] for i in _rng(self.seed, 2, number).permutation(len(items))]


class Pool(Generic[T]):
    """Items in shuffled order; the groups that they lie in are read ahead by other threads.

    Args:
        order: In which they leave.
        read: Reads a group, given its number; called from other threads.
        n_ahead: Groups that are read before they enter.
        readers: Threads that read.
    """

    def __init__(self, order: Order, read: Callable[[int], T], n_ahead: int, readers: int) -> None:
        self.order, self._read, self._n_ahead = order, read, n_ahead
        self._threads = ThreadPoolExecutor(readers, thread_name_prefix="read-ahead")
        self._held: dict[int, Future[T]] = {}
        self._leaving: dict[int, Int64s] = {}
        self.waited_s = 0.0
        self._go_to(order.first_tick, 0)

    def __len__(self) -> int:
        return sum(self.order.counts)

    def take(self, n: int) -> list[tuple[T, int]]:
        """The next ``n`` items: the group, and the row in it.

        Raises:
            CorpusError: A group could not be read.
        """
        taken: list[tuple[T, int]] = []
        while True:
            some = self._due[self._place : self._place + n - len(taken)]
            taken += [(self._group(ordinal), row) for ordinal, row in some]
            self._place += len(some)
            if len(taken) == n:
                return taken
            self._go_to(self._tick + 1, 0)

    def state(self) -> dict[str, int]:
        """The position, and what it is a position in."""
        return {"window": self.order.window, "tick": self._tick, "place": self._place}

    def load(self, state: dict[str, int]) -> bool:
        """Take up a position; False if it is in an order that needs a larger window than there is.

        Then what follows is another order, which begins about there.
        """
        is_same = state["window"] <= self.order.window
        if is_same:
            self.order = replace(self.order, window=state["window"])
        self._drop(self._held)
        tick = max(state["tick"], self.order.first_tick)
        self._go_to(tick, state["place"] if is_same else 0)
        return is_same

    def close(self) -> None:
        """Let go of the groups and end the threads."""
        self._drop(self._held)
        self._threads.shutdown(cancel_futures=True)

    def _go_to(self, tick: int, place: int) -> None:
        start = max(0, tick - self.order.window + 1)
        self._drop([ordinal for ordinal in self._held if ordinal < start])
        for ordinal in range(start, tick + self._n_ahead + 1):
            if ordinal not in self._held:
                group = self.order.group(ordinal)
                self._held[ordinal] = self._threads.submit(self._read, group)
                self._leaving[ordinal] = self.order.leaving(ordinal)
        self._tick, self._place = tick, place
        self._due = self.order.tick(tick, self._leaving.__getitem__)

    def _drop(self, ordinals: Sequence[int] | dict[int, Future[T]]) -> None:
        for ordinal in list(ordinals):
            self._held.pop(ordinal).cancel()
            del self._leaving[ordinal]

    def _group(self, ordinal: int) -> T:
        future = self._held[ordinal]
        if future.done():
            return future.result()
        start = time.perf_counter()
        try:
            return future.result()
        finally:
            self.waited_s += time.perf_counter() - start


def least_bytes(sizes: Sequence[int], n_ahead: int) -> int:
    """Memory for a window of two groups, or of the only one, and those that are read ahead."""
    return _needed(sizes, n_ahead)[min(2, len(sizes)) - 1]


def widest_window(sizes: Sequence[int], n_ahead: int, most_bytes: int) -> int:
    """Groups of some sizes in bytes that fit into memory beside those that are read ahead."""
    return bisect.bisect_right(_needed(sizes, n_ahead), most_bytes)


def _needed(sizes: Sequence[int], n_ahead: int) -> list[int]:
    """Most that a window of 1, 2, 3 ... groups can take."""
    largest_first = sorted(sizes, reverse=True)
    return [n_ahead * largest_first[0] + held for held in itertools.accumulate(largest_first)]


@functools.lru_cache(maxsize=16)
def _permutation(seed: tuple[int, int], n_passed: int, n: int) -> Int64s:
    return _rng(seed, 0, n_passed).permutation(n)


def _rng(seed: tuple[int, int], purpose: int, number: int) -> np.random.Generator:
    return np.random.default_rng([*seed, purpose, number])
