"""The bytes of a request, into memory: bounded in number and in time."""

import asyncio
import io
from collections.abc import Awaitable, Callable
from typing import TypeVar

from starlette.requests import ClientDisconnect, Request

from voice2face.web.limits import Limits
from voice2face.web.refusals import LeftError, RefusedError, bad_query, too_large, wrong_type

T = TypeVar("T")

# What a recording may call itself: what curl says unless it is told otherwise is among them.
APPLICATIONS = {
    *("octet-stream", "ogg", "x-ogg", "mp4", "x-matroska", "x-flac"),
    "x-www-form-urlencoded",
}


def check_head(request: Request, limits: Limits) -> None:
    """Refuse a request by its head, before its body is read.

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
        # Proxies and servers would see its end in different places.
        sentence = "The request has a Content-Length and is chunked as well."
        raise RefusedError(400, "bad_request", sentence, "one of them", "send it with one")
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
    now = asyncio.get_running_loop().time
    body, patience = io.BytesIO(), _Patience(limits, now())
    try:
        async with asyncio.timeout_at(patience.until) as limit:
            async for piece in request.stream():
                patience.came(len(piece), now())
                limit.reschedule(patience.until)
                if body.tell() + len(piece) > limits.recording_bytes:
                    raise too_large(limits.recording_bytes)
                keep(len(piece))
                body.write(piece)
    except TimeoutError:
        sentence = "The recording came in too slowly, and was given up."
        wanted, remedy = "a faster connection, or a smaller file", "try again, or record less"
        raise RefusedError(408, "too_slow", sentence, wanted, remedy) from None
    except ClientDisconnect:
        raise LeftError from None
    return body.getvalue()


class _Patience:
    """How long a sender may still pause: bytes that came earn time, up to ``upload_grace_s``.

    So one that stops is given up soon, however much it has sent before.
    """

    def __init__(self, limits: Limits, now: float) -> None:
        self._limits, self._began, self._last = limits, now, now
        self._earned_s = limits.upload_grace_s

    @property
    def until(self) -> float:
        """When the next piece must be there."""
        return min(self._last + self._earned_s, self._began + self._limits.upload_s)

    def came(self, n_bytes: int, now: float) -> None:
        """Count a piece that has come."""
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


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
