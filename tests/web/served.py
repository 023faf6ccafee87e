"""A real server in a thread of the tests' process, and how tests ask it."""

import http.client
import json
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from voice2face.web.app import Site
from voice2face.web.limits import Limits
from voice2face.web.models import Models
from voice2face.web.server import Server, open_socket

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> dict[str, Any]:
        return json.loads(self.body)


@dataclass(frozen=True)
class Served:
    """A server that runs."""

    port: int
    server: Server
    site: Site
    limits: Limits

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def ask(self, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """GET an address, or POST a body to it; names of headers with '_' for '-'."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=60)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request("GET" if body is None else "POST", path, body, named)
            answer = connection.getresponse()
            kept = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, kept, answer.read())
        finally:
            connection.close()

    def face(self, recording: bytes, query: str = "", **headers: str) -> Answer:
        return self.ask(f"/api/faces{query}", recording, **headers)


@contextmanager
def served(
    models: Models,
    password: str = "",
    root_path: str = "",
    hosts: Collection[str] = (),
    **limits: Any,
) -> Iterator[Served]:
    """A server on a free port, until the block ends."""
    chosen = Limits(**limits)
    site = Site(models, chosen)
    server = Server(site, site.app(password, root_path, hosts), chosen)
    listening = open_socket(HOST, 0)
    port = listening.getsockname()[1]
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    site.decoders.wait()
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield Served(port, server, site, chosen)
    finally:
        server.close()
        thread.join(30)
        assert not thread.is_alive()
