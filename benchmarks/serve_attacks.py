"""What hostile or unlucky clients do to a server, each with what should come of it."""

import random
import socket
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from benchmarks.serve_client import (
    HURRY_S,
    Attack,
    Target,
    answer,
    connect,
    expect,
    get,
    head,
    post,
    send,
)
from benchmarks.serve_patience import leaving, waiting
from benchmarks.serve_recordings import recordings

SOCKET_BYTES = 32_000_000  # more than the system takes for a server that does not read
TRICKS = (
    "/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static/..%5capp.py",
    "/static//etc/passwd", "/static/%00", "/static/....//app.py", "/static/%252e%252e/app.py",
    "/../../../../etc/passwd", "//etc/passwd", "/api/examples/../about.wav",
    "/api/examples/..%2f..%2f..%2fetc%2fpasswd.wav", "/api/examples/%00.wav",
    "/api/examples/1998.webm%00", "/api/examples/.wav", f"/api/examples/{'a' * 5000}.wav",
    "/static/" + "a" * 5000, "/api/examples/w%c3%28.wav", "/static/con", "/static/index.html/x",
)  # fmt: skip


def attacks(target: Target, seed: int = 0, n_broken: int = 40) -> list[Attack]:
    """All attacks; the last one leaves no room for others."""
    rng = random.Random(seed)
    return [
        *_sizes(target),
        *_types(),
        *recordings(target, rng, n_broken),
        *_names(),
        *_queries(),
        *_protocol(),
        *leaving(),
        *waiting(),
    ]


def carried_out(target: Target, chosen: Sequence[Attack]) -> list[tuple[Attack, str]]:
    """Each attack with what came of it, eight at once; the last by itself."""
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda attack: _tried(target, attack), chosen[:-1]))
    found.append(_tried(target, chosen[-1]))
    return list(zip(chosen, found, strict=True))


def _tried(target: Target, attack: Attack) -> str:
    try:
        return attack.do(target)
    except (OSError, ValueError) as error:
        return repr(error)


def _sizes(target: Target) -> Iterator[Attack]:
    too_many = target.recording_bytes + 1

    def told(t: Target) -> bytes:
        with connect(t) as connection:
            connection.sendall(head(too_many))
            return answer(connection, HURRY_S)

    def untold(t: Target) -> bytes:
        with connect(t) as connection:
            connection.sendall(head(None))
            _send_chunks(connection, too_many)
            return answer(connection)

    def endless(t: Target) -> str:
        with connect(t) as connection:
            connection.sendall(head(None))
            n_sent = _send_chunks(connection, 4 * t.recording_bytes + SOCKET_BYTES)
        wanted = n_sent < 4 * t.recording_bytes + SOCKET_BYTES
        return "" if wanted else f"{n_sent} bytes were taken"

    yield Attack("too large, as it says", "413 before it is sent", expect(told, 413))
    yield Attack("too large, unsaid", "413", expect(untold, 413))
    yield Attack("endless", "cut off", endless)
    for length in ("99999999999999999999", "1" * 3000):
        yield Attack(
            "absurd length", "413 or 400", expect(partial(_length, length=length), 413, 400)
        )


def _length(target: Target, length: str) -> bytes:
    with connect(target) as connection:
        connection.sendall(
            head(None).replace(b"Transfer-Encoding: chunked", b"Content-Length: " + length.encode())
        )
        return answer(connection, HURRY_S)


def _send_chunks(connection: socket.socket, n_bytes: int) -> int:
    piece = bytes(1 << 16)
    n_sent = 0
    try:
        while n_sent < n_bytes:
            connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
            n_sent += len(piece)
    except (ConnectionError, TimeoutError):
        pass
    return n_sent


def _types() -> Iterator[Attack]:
    for kind in ("text/html", "application/json", "image/png", "multipart/form-data; boundary=x"):
        yield Attack("wrong type", "415", expect(partial(post, body=b"<p>", kind=kind), 415))
    for packing in ("gzip", "br", "deflate, gzip"):
        extra = f"Content-Encoding: {packing}\r\n"
        yield Attack("packed body", "415", expect(partial(post, body=b"x", extra=extra), 415))


def _names() -> Iterator[Attack]:
    for path in TRICKS:
        yield Attack("path trick", "404", expect(partial(get, path=path), 404))
    for model in ("../../etc/passwd", "%2fetc", "..%5c..", "a" * 5000, "%ff", "x%00y", "org/name"):
        path = f"/api/faces?model={model}"
        yield Attack("path trick", "404", expect(partial(post, body=b"x", path=path), 404))
    for name in ("../../../tmp/x.wav", "/etc/passwd", "CON", "a\\..\\b"):
        extra = f'Content-Disposition: attachment; filename="{name}"\r\n'
        yield Attack(
            "path trick", "422, name not used",
            expect(partial(post, body=b"x", extra=extra), 422),
        )  # fmt: skip


def _queries() -> Iterator[Attack]:
    for query in (
        "more=-1", "more=1e9", "more=999999999999999999999", "more=x", "more=", "seed=-1",
        "seed=9999999999", "label=2", "more=%D9%A3", "seed=" + "9" * 5000, "more=0x9",
    ):  # fmt: skip
        path = f"/api/faces?{query}"
        yield Attack("bad query", "400", expect(partial(post, body=b"x", path=path), 400))
    extra = "Origin: https://elsewhere.example\r\nSec-Fetch-Site: cross-site\r\n"
    yield Attack("another site's page", "403", expect(partial(post, body=b"x", extra=extra), 403))
    for method in ("PUT", "DELETE", "PATCH", "TRACE", "BREW"):
        request = (
            f"{method} /api/faces HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n".encode()
        )
        yield Attack("wrong method", "405", expect(partial(_raw, data=request), 405))


def _raw(target: Target, data: bytes) -> bytes:
    with connect(target) as connection:
        send(connection, data)
        return answer(connection, HURRY_S)


def _protocol() -> Iterator[Attack]:
    start = b"POST /api/faces HTTP/1.1\r\nHost: localhost\r\n"
    for data in (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100),  # TLS
        b"GET /\r\n\r\n",
        b"\r\n\r\n\r\n\0\0\0\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 2_000_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: a\r\n" * 500_000 + b"\r\n",
        start + b"Content-Length: -1\r\n\r\n",
        start + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        start + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        start + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        start + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 100 + b"\r\n",
        start + b"Transfer-Encoding: gzip\r\n\r\n",
        start + b"X: \x00\r\nContent-Length: 0\r\n\r\n",
        b"GET /" + b"a" * 2_000_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ):
        wanted = (400, 404, 422, 431, 501)
        yield Attack("broken HTTP", "an error", expect(partial(_raw, data=data), *wanted))
