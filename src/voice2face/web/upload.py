"""The bytes of a request, into memory: bounded in number and in time."""

import asyncio
import io
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from starlette.requests import Request

from voice2face.web.limits import Limits
from voice2face.web.refusals import (
    LeftError,
    bad_query,
    too_large,
    too_slow,
    two_lengths,
    wrong_type,
)

T = TypeVar("T")

# What a recording may call itself: what curl says unless it is told otherwise is among them.
APPLICATIONS = {
    *("octet-stream", "ogg", "x-ogg", "mp4", "x-matroska", "x-flac"),
    "x-www-form-urlencoded",
}


def check_head(request: Request, limits: Limits) -> None:
    """Refuse by its head what need not be read.

    Raises:
        RefusedError: Another type, packed, or too large.
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    family, _, name = kind.partition("/")
    if kind and family not in ("audio", "video") and not _is_application(family, name):
        raise wrong_type(kind)
    packed = request.headers.get("content-encoding", "identity")
    if packed != "identity":
        raise wrong_type(f"packed with {packed}")
    if "transfer-encoding" in request.headers and "content-length" in request.headers:
        raise two_lengths()
    length = request.headers.get("content-length", "0")
    if not length.isdecimal():  # the protocol refuses it already
        raise bad_query("Content-Length", length, "a number")
    if int(length) > limits.recording_bytes:
        raise too_large(limits.recording_bytes)


async def read_recording(request: Request, limits: Limits, keep: Callable[[int], None]) -> bytes:
    """Read the body of a request.

    Args:
        request: Whose body was not read yet.
        limits: Bytes and seconds.
        keep: Called with the size of each piece before it is kept; may raise RefusedError.

    Raises:
        RefusedError: Too many bytes, or too slow a sender.
        LeftError: The client has gone.
    """
    body, patience = io.BytesIO(), _Patience(limits, time.monotonic())
    n_bytes, more = 0, True
    while more:
        piece, more = await _piece(request, patience.left_s(time.monotonic()))
        patience.came(len(piece), time.monotonic())
        n_bytes += len(piece)
        if n_bytes > limits.recording_bytes:
            raise too_large(limits.recording_bytes)
        keep(len(piece))
        body.write(piece)
    return body.getvalue()


class _Patience:
    """How long a sender may still pause: bytes that came earn time, up to ``upload_grace_s``.

    So one that stops is given up soon, however much it has sent before.
    """

    def __init__(self, limits: Limits, now: float) -> None:
        self._limits, self._began, self._last = limits, now, now
        self._earned_s = limits.upload_grace_s

    def left_s(self, now: float) -> float:
        """Seconds until the next piece must be there."""
        in_all_s = self._began + self._limits.upload_s - now
        return min(self._earned_s - (now - self._last), in_all_s)

    def came(self, n_bytes: int, now: float) -> None:
        """Note a piece."""
        earned_s = self._earned_s - (now - self._last) + n_bytes / self._limits.upload_bytes_per_s
        self._earned_s, self._last = min(earned_s, self._limits.upload_grace_s), now


async def unless_gone(request: Request, work: Awaitable[T]) -> T:
    """Wait for something as long as the client is there; else cancel it.

    Raises:
        LeftError: The client has gone.
    """
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise LeftError
        return task.result()
    finally:
        task.cancel()
        gone.cancel()


def _is_application(family: str, name: str) -> bool:
    if family == "binary":  # as stores of files say it
        return name == "octet-stream"
    return family == "application" and name in APPLICATIONS


async def _piece(request: Request, seconds: float) -> tuple[bytes, bool]:
    """The next piece of the body, and whether there is more."""
    try:
        async with asyncio.timeout(seconds):
            message = await request.receive()
    except TimeoutError:
        raise too_slow() from None
    if message["type"] == "http.disconnect":
        raise LeftError
    return message.get("body", b""), message.get("more_body", False)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
