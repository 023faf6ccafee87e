"""The process that decodes recordings, without a right to write files and under ceilings."""

import io
import os
import signal
import warnings
from multiprocessing.connection import Connection

import msgspec

from voice2face.audio.load import load_clip
from voice2face.ceilings import (
    MIB,
    address_space_bytes,
    end_time_limit,
    limit_memory_to,
    limit_time,
    write_no_files,
)
from voice2face.errors import AudioError, Note

SPENT_BYTES = 128 * MIB  # a process that has grown by so much is not used again
MOST_WORDS = 1 << 16  # bytes of an answer that is no samples


class Request(msgspec.Struct, array_like=True):
    """A recording to decode: its path, or its content, which follows; and ceilings."""

    path: bytes | None  # None: the content follows
    max_s: float | None
    first_s: float | None
    cpu_s: float
    wall_s: float
    memory_bytes: int


class Answer(msgspec.Struct, array_like=True):
    """Answer of a decoding process: words of an ``AudioError``, or that the samples follow."""

    error: tuple[str, str, str] | None
    spent: bool
    notes: list[str] = []


def decode_all(connection: Connection, inherited: list[Connection]) -> None:
    """Decode one recording after another, until nobody asks any more.

    Args:
        connection: The end of a pipe on which requests come and answers go.
        inherited: Connections of others that a forked process got as well.
    """
    for other in inherited:
        other.close()
    for number in (signal.SIGINT, signal.SIGTERM):  # whoever started it ends it
        signal.signal(number, signal.SIG_IGN)
    import av  # noqa: F401  (now, and not while a recording waits)

    write_no_files()
    at_first = address_space_bytes()
    try:
        connection.send_bytes(b"ready")
        while True:
            words = connection.recv_bytes(MOST_WORDS)
            request = msgspec.msgpack.decode(words, type=Request)
            content = connection.recv_bytes() if request.path is None else None
            if at_first is not None:
                limit_memory_to(at_first + len(content or b"") + request.memory_bytes)
            limit_time(request.cpu_s, request.wall_s + 1)
            with warnings.catch_warnings(record=True) as warned:
                warnings.simplefilter("always", Note)
                answer = _decoded(request, content)
            notes = [str(one.message) for one in warned if issubclass(one.category, Note)]
            end_time_limit()
            now = address_space_bytes()
            spent = at_first is not None and now is not None and now - at_first > SPENT_BYTES
            error = answer if isinstance(answer, tuple) else None
            connection.send_bytes(msgspec.msgpack.encode(Answer(error, spent, notes)))
            if not isinstance(answer, tuple):
                connection.send_bytes(answer)
                del answer
    except (EOFError, OSError):  # the process that asked has ended
        return


def _decoded(request: Request, content: bytes | None) -> memoryview | tuple[str, str, str]:
    path = os.fsdecode(request.path or b"")
    try:
        source = path if content is None else io.BytesIO(content)
        samples = load_clip(source, max_s=request.max_s, first_s=request.first_s)
    except AudioError as error:
        return error.found[:1000], error.wanted[:1000], error.remedy[:1000]
    except MemoryError:
        found = f"it takes more than {request.memory_bytes // 10**6} MB of memory to decode"
        return found, "an ordinary audio file", "convert it to WAV"
    return samples.data.cast("B")
