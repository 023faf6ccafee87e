"""The server as a process: how it starts, and how it ends without losing a face in the making."""

import contextlib
import socket
import time
from collections.abc import Collection
from functools import partial
from types import FrameType

import uvicorn

from voice2face.errors import AudioError, SettingsError, reason_of
from voice2face.web.answer import Order
from voice2face.web.app import Site
from voice2face.web.examples import EXAMPLES, example_recording
from voice2face.web.limits import Limits
from voice2face.web.models import Models
from voice2face.web.protocol import protocol_for
from voice2face.web.security import Guard

BACKLOG = 1024


class Server(uvicorn.Server):
    """Uvicorn, which on a signal first ends what it has begun.

    Until then it goes on listening: the health check says 503, and new recordings are refused.

    Args:
        site: What it serves.
        app: The site's application.
        limits: What it takes.
    """

    def __init__(self, site: Site, app: Guard, limits: Limits) -> None:
        self._site, self._limits = site, limits
        self._give_up_at: float | None = None
        config = uvicorn.Config(
            app,
            http=protocol_for(limits),
            ws="none",
            lifespan="on",
            log_level="error",
            access_log=False,
            proxy_headers=False,  # nothing here depends on who asks
            server_header=False,
            backlog=BACKLOG,
            timeout_keep_alive=limits.keep_alive_s,
            timeout_graceful_shutdown=2,
        )
        super().__init__(config)

    def close(self) -> None:
        """End when what was begun is done; called a second time, at once."""
        if self._give_up_at is not None:
            self._give_up_at = 0.0
            return
        self._site.desk.closing = True
        self._give_up_at = time.monotonic() + self._limits.closing_s

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Ctrl-C, or SIGTERM: an end that was asked for is no error."""
        self.close()

    async def on_tick(self, counter: int) -> bool:
        """Whether it is time to end."""
        self._site.metrics.connections.set(len(self.server_state.connections))
        if self._give_up_at is None:
            return await super().on_tick(counter)
        return self._site.desk.n_busy == 0 or time.monotonic() > self._give_up_at


def open_socket(host: str, port: int) -> socket.socket:
    """The socket to listen on; port 0: any that is free.

    Raises:
        SettingsError: The host is unknown, or the port in use.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        wanted, remedy = "a free port of this machine", "choose another --port or --host"
        raise SettingsError(f"{host}:{port}", reason_of(error), wanted, remedy) from error


def warm_up(models: Models, site: Site) -> None:
    """Make a face with each model, so that the first visitor doesn't wait for what is read once.

    Raises:
        ModelError: A model fails.
    """
    site.decoders.wait()
    read = partial(site.decoders.read_speech, example_recording(next(iter(EXAMPLES))))
    for name in models.names:
        # A model may refuse the voice (by its least length, say); that is no fault of the model's.
        with contextlib.suppress(AudioError):
            site.maker.answer(models.find(name)[1], name, read, Order())


def make_server(
    models: Models,
    limits: Limits,
    password: str = "",
    root_path: str = "",
    hosts: Collection[str] = (),
) -> Server:
    """A server that is not running yet: ``make_server(...).run([open_socket(host, port)])``.

    Its processes that decode run already.

    Args:
        models: What it offers.
        limits: What it takes.
        password: Asked for; empty: none.
        root_path: Prefix of all addresses behind a proxy.
        hosts: Names of the server beside those that it always has.

    Raises:
        ModelError: A model fails at its first face.
    """
    site = Site(models, limits)
    warm_up(models, site)
    return Server(site, site.app(password, root_path, hosts), limits)
