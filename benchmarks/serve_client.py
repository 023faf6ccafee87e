"""A client that may send what it likes: what attacks on a server are made of."""

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

SECRET = b"root:x:0:0"  # begins a file that no answer may hold
HURRY_S = 5.0  # more than anything takes that is refused at once
PATIENCE_S = 6 * HURRY_S  # more than a recording takes, on a busy machine


@dataclass(frozen=True)
class Target:
    """A server and its limits.

    Attributes:
        host: Where it listens.
        port: Where it listens.
        voice: A recording of which it makes a face.
        recording_bytes: Largest recording that it takes.
        recording_s: Longest recording that it takes.
        give_up_s: Longest that it puts up with a client that does nothing.
        unread_s: Longest that it keeps an answer that nobody reads.
        connections: Most connections at once.
    """

    host: str
    port: int
    voice: bytes
    recording_bytes: int
    recording_s: float
    give_up_s: float
    unread_s: float
    connections: int


@dataclass(frozen=True)
class Attack:
    """One thing that a client does.

    Attributes:
        kind: Row of the table.
        wanted: What should come of it.
        do: Does it; what came of it, empty if that is as wanted.
    """

    kind: str
    wanted: str
    do: Callable[[Target], str]


def connect(target: Target) -> socket.socket:
    """A connection; nothing sent yet."""
    return socket.create_connection((target.host, target.port), timeout=60)


def head(
    length: int | None, path: str = "/api/faces?more=0", kind: str = "audio/wav", extra: str = ""
) -> bytes:
    """Head of a request with a recording; no length: chunked."""
    size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    return (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n{size}\r\n{extra}\r\n"
    ).encode()


def answer(connection: socket.socket, seconds: float = 60) -> bytes:
    """All that comes until the server closes or the answer is whole; empty: nothing did."""
    data = b""
    connection.settimeout(seconds)
    try:
        while not _is_whole(data):
            piece = connection.recv(1 << 16)
            if not piece:
                break
            data += piece
    except (TimeoutError, ConnectionError):
        pass
    return data


def status(data: bytes) -> int:
    """Status of an answer; 0: none."""
    words = data[:12].split()
    return int(words[1]) if len(words) == 2 and words[1].isdigit() else 0


def post(target: Target, body: bytes, **how: str) -> bytes:
    """The answer to a recording."""
    with connect(target) as connection:
        send(connection, head(len(body), **how) + body)
        return answer(connection)


def _is_whole(data: bytes) -> bool:
    top, end, body = data.partition(b"\r\n\r\n")
    lengths = [
        line.split(b":")[1]
        for line in top.lower().split(b"\r\n")
        if line[:15] == b"content-length:"
    ]
    return bool(end and lengths) and len(body) >= int(lengths[0])


def send(connection: socket.socket, data: bytes) -> None:
    """Send, though the server may have had enough."""
    try:
        connection.sendall(data)
    except (ConnectionError, TimeoutError):  # the server has had enough; its answer may be there
        return


def _judged(data: bytes, *wanted: int) -> str:
    found = status(data)
    if SECRET in data:
        return "a file of the server's in the answer"
    return "" if found in wanted else f"status {found}: {data[-120:]!r}"


def expect(request: Callable[[Target], bytes], *wanted: int) -> Callable[[Target], str]:
    """Sends a request; its answer must have one of these statuses, soon, and no secret in it."""

    def do(target: Target) -> str:
        began = time.monotonic()
        found = _judged(request(target), *wanted)
        passed_s = time.monotonic() - began
        return found or ("" if passed_s < PATIENCE_S else f"took {passed_s:.0f} s")

    return do


def get(target: Target, path: str) -> bytes:
    """The answer at an address, as it is written."""
    with connect(target) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        data = answer(connection, HURRY_S)
    return SECRET if b"import" in data else data  # a module of the program counts as well
