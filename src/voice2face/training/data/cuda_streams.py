"""Work of other threads beside a training on a graphics card, in streams of their own.

What a thread asks of a card is queued in a stream. All threads share one stream by default, so a
copy that one thread makes would wait for the training's steps, and these for the copy. On a CPU
there are no streams, and nothing here does anything.
"""

import contextlib
from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

Mark = torch.cuda.Event


def mark(device: torch.device) -> Mark | None:
    """An event after all the work that this thread has queued; None on a CPU."""
    if device.type != "cuda":
        return None
    passed = torch.cuda.Event()  # type: ignore[no-untyped-call]
    passed.record(torch.cuda.current_stream(device))
    return passed


def have_own(device: torch.device) -> None:
    """Give this thread a stream of its own, on the training's device, for as long as it lives."""
    if device.type == "cuda":
        if device.index is not None:  # a new thread begins on the first card
            torch.cuda.set_device(device)
        torch.cuda.set_stream(torch.cuda.Stream(device))  # type: ignore[no-untyped-call]


def take_over(made: Iterable[Tensor], passed: Mark | None) -> None:
    """Use in this thread's stream what another thread has made.

    Args:
        made: Tensors of one device; their memory is kept until this stream is done with them.
        passed: The other thread's :func:`mark` behind them.
    """
    if passed is None:
        return
    for tensor in made:
        here = torch.cuda.current_stream(tensor.device)
        here.wait_event(passed)
        tensor.record_stream(here)


@contextlib.contextmanager
def after(device: torch.device, passed: Mark | None) -> Iterator[None]:
    """Work in a new stream after an event, and wait for the end of that work."""
    if passed is None:
        yield
        return
    stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
    with torch.cuda.stream(stream):
        stream.wait_event(passed)
        yield
        stream.synchronize()
