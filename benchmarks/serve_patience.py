"""Clients that keep a server waiting, or leave it alone."""

import socket
import struct
import time
from collections.abc import Iterator
from functools import partial

from benchmarks.serve_client import HURRY_S, Attack, Target, answer, connect, get, head, status


def leaving() -> Iterator[Attack]:
    """Clients that leave before they are answered."""

    def in_the_body(target: Target) -> str:
        with connect(target) as connection:
            connection.sendall(head(len(target.voice)) + target.voice[:5000])
        return ""

    def before_the_answer(target: Target) -> str:
        with connect(target) as connection:
            connection.sendall(head(len(target.voice), "/api/faces") + target.voice)
        return ""

    def with_a_reset(target: Target) -> str:
        connection = connect(target)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.sendall(head(len(target.voice), "/api/faces") + target.voice)
        connection.close()
        return ""

    for do in (in_the_body, before_the_answer, with_a_reset):
        for _ in range(5):
            yield Attack("client that leaves", "forgotten", do)


def waiting() -> Iterator[Attack]:
    """Clients that keep the server waiting; the last takes all connections."""
    yield Attack("says nothing", "cut off", partial(_waits_for_end, data=b""))
    yield Attack("slow head", "cut off", partial(_trickles, data=head(100)))
    yield Attack("slow body", "408", partial(_trickles, data=b"x" * 1000, before=head(5000)))
    yield Attack("body that stops", "408", partial(_waits_for_end, data=head(5000) + b"x" * 50))
    yield Attack(
        "slow chunks", "408", partial(_trickles, data=b"1\r\nx\r\n" * 500, before=head(None))
    )
    yield Attack("leaves the answers unread", "cut off", _never_reads)
    yield Attack("connections without end", "503, then served", _many_connections)


def _waits_for_end(target: Target, data: bytes) -> str:
    with connect(target) as connection:
        connection.sendall(data)
        began = time.monotonic()
        found = answer(connection, 2 * target.give_up_s + HURRY_S)
        passed_s = time.monotonic() - began
    return _ended(target, found, passed_s, wanted=408 if data else 0)


def _trickles(target: Target, data: bytes, before: bytes = b"") -> str:
    """Sends a byte at a time for as long as the server lets it."""
    began = time.monotonic()
    with connect(target) as connection:
        connection.sendall(before)
        connection.settimeout(target.give_up_s / 40)
        found = b""
        for at in range(len(data)):
            try:
                connection.sendall(data[at : at + 1])
                found = connection.recv(1 << 16)
                break
            except TimeoutError:
                continue
            except ConnectionError:
                break
    return _ended(target, found, time.monotonic() - began, wanted=408 if before else 0)


def _ended(target: Target, found: bytes, passed_s: float, wanted: int) -> str:
    if passed_s > 1.5 * target.give_up_s + HURRY_S:
        return f"held for {passed_s:.0f} s"
    return "" if status(found) == wanted else f"status {status(found)}"


def _never_reads(target: Target) -> str:
    """Many answers asked for at once over one connection, none of them read."""
    asked = b"GET /api/examples/1998.webm HTTP/1.1\r\nHost: localhost\r\n\r\n"
    connection = socket.socket()
    with connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(60)
        connection.connect((target.host, target.port))
        connection.sendall(asked * 1000)
        end = time.monotonic() + target.unread_s + 3 * HURRY_S
        while time.monotonic() < end:
            time.sleep(0.2)
            try:
                connection.sendall(b"\r\n")
            except (ConnectionError, TimeoutError):
                return ""
    return "still connected"


def _many_connections(target: Target) -> str:
    held = []
    try:
        held += [connect(target) for _ in range(target.connections + 20)]
        refused = [status(answer(c, HURRY_S)) for c in held[-10:]]
    finally:
        for connection in held:
            connection.close()
    end = time.monotonic() + target.give_up_s + HURRY_S
    while time.monotonic() < end:
        if status(get(target, "/healthz")) == 200:
            return "" if set(refused) == {503} else f"answers {refused}"
        time.sleep(0.2)
    return "no longer served"
