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
        request: A request whose body was not read yet.
        limits: Bytes and seconds.
        keep: Called with the size of each piece before it is kept; may raise RefusedError.

    Raises:
        RefusedError: Too many bytes, or too slow a sender.
        LeftError: The client has gone.
    """
    body, now = io.BytesIO(), asyncio.get_running_loop().time
    end, until = now() + limits.upload_s, now() + limits.upload_grace_s
    try:
        async with asyncio.timeout_at(min(until, end)) as limit:
            async for piece in request.stream():
                # Bytes earn time, but never a longer pause than at the beginning.
                until += len(piece) / limits.upload_bytes_per_s
                until = min(until, now() + limits.upload_grace_s)
                limit.reschedule(min(until, end))
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
