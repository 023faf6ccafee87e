"""Queue, threads and bytes: bounded, in order, and given back whatever happens."""

import asyncio
import threading

import pytest

from voice2face.web.limits import Limits
from voice2face.web.metrics import Metrics
from voice2face.web.queue import Desk
from voice2face.web.refusals import RefusedError


def desk(**limits) -> Desk:
    return Desk(Limits(**{"threads": 1, "queue": 2, "wait_s": 30.0} | limits), Metrics())


class Gate:
    """Work that goes on until it may end."""

    def __init__(self) -> None:
        self.opened, self.begun = threading.Event(), threading.Event()

    def work(self) -> str:
        self.begun.set()
        assert self.opened.wait(30)
        return "done"


async def at_work(at: Desk, gate: Gate) -> "asyncio.Task[str]":
    task = asyncio.create_task(at.do(gate.work))
    assert await asyncio.to_thread(gate.begun.wait, 30)
    return task


def test_no_more_at_once_than_there_are_threads():
    now, most, lock = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        threading.Event().wait(0.01)
        with lock:
            now -= 1

    async def run() -> None:
        at = desk(threads=3, queue=100)
        await asyncio.gather(*(at.do(work) for _ in range(30)))
        assert at.n_busy == 0

    asyncio.run(run())
    assert most == 3


def test_first_come_first_served_and_the_queue_is_bounded():
    async def run() -> None:
        at, gate, order = desk(), Gate(), []
        first = await at_work(at, gate)
        waiting = [asyncio.create_task(at.do(lambda n=n: order.append(n))) for n in range(2)]
        await asyncio.sleep(0.01)
        assert at.n_busy == 3
        with pytest.raises(RefusedError) as refused:
            await at.do(lambda: order.append("never"))
        assert (refused.value.status, refused.value.outcome) == (503, "busy")
        assert refused.value.headers == {"Retry-After": "5"}
        gate.opened.set()
        assert await first == "done"
        await asyncio.gather(*waiting)
        assert order == [0, 1]

    asyncio.run(run())


def test_a_wait_that_is_too_long_ends_and_leaves_no_trace():
    async def run() -> None:
        at, gate = desk(wait_s=0.05), Gate()
        first = await at_work(at, gate)
        with pytest.raises(RefusedError, match=r"0\.05 s were not enough"):
            await at.do(lambda: None)
        assert at.n_busy == 1
        gate.opened.set()
        await first
        assert await at.do(lambda: 7) == 7

    asyncio.run(run())


def test_who_leaves_while_waiting_gives_the_place_to_the_next():
    async def run() -> None:
        at, gate, order = desk(), Gate(), []
        first = await at_work(at, gate)
        leaving = asyncio.create_task(at.do(lambda: order.append("left")))
        staying = asyncio.create_task(at.do(lambda: order.append("stayed")))
        await asyncio.sleep(0.01)
        leaving.cancel()
        await asyncio.sleep(0.01)
        gate.opened.set()
        await asyncio.gather(first, staying)
        assert order == ["stayed"] and at.n_busy == 0

    asyncio.run(run())


def test_who_leaves_at_work_keeps_the_thread_until_the_work_ends():
    async def run() -> None:
        at, gate = desk(), Gate()
        leaving = await at_work(at, gate)
        leaving.cancel()
        next_one = asyncio.create_task(at.do(lambda: "next"))
        await asyncio.sleep(0.05)
        assert not next_one.done() and at.n_busy == 2
        gate.opened.set()
        assert await next_one == "next"

    asyncio.run(run())


def test_an_error_of_the_work_is_the_callers_and_frees_the_place():
    def fail() -> None:
        raise ValueError("mine")

    async def run() -> None:
        at = desk()
        for _ in range(3):
            with pytest.raises(ValueError, match="mine"):
                await at.do(fail)
        assert await at.do(lambda: 1) == 1

    asyncio.run(run())


def test_recordings_in_memory_are_bounded_together():
    at = desk(held_bytes=100)
    with at.held() as mine, at.held() as another:
        mine(60)
        another(40)
        with pytest.raises(RefusedError, match="being sent"):
            another(1)
    with at.held() as later:
        later(100)


def test_nothing_is_begun_when_the_server_ends():
    async def run() -> None:
        at = desk()
        at.closing = True
        with pytest.raises(RefusedError) as refused:
            await at.do(lambda: None)
        assert refused.value.outcome == "closing"
        with at.held() as more, pytest.raises(RefusedError):
            more(1)

    asyncio.run(run())
