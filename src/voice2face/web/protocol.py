"""Connections: their number, and how long one may be silent (HTTP/1.1 over h11)."""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

from voice2face.web.limits import Limits

BODY = b'{"error": "Too many connections at once.", "wanted": "", "next": "try again in 5 s"}'
FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
    b"Retry-After: 5\r\nCache-Control: no-store\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
)


def protocol_for(limits: Limits) -> type[H11Protocol]:
    """The protocol class of a server with these limits, as uvicorn takes it."""
    return type("LimitedProtocol", (Protocol,), {"limits": limits})


class Protocol(H11Protocol):
    """Uvicorn's own, which ends connections that wait for nothing.

    Uvicorn bounds the idle time between requests. Here are bounded too: the number of connections,
    the time until the first request and for the head of each, what a client sends on after it was
    answered, and the time in which it leaves an answer unread.
    """

    limits: Limits
    _timer: asyncio.TimerHandle | None = None
    _n_unwanted = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, or refuse it."""
        super().connection_made(transport)
        if len(self.connections) > self.limits.connections:
            transport.write(FULL)
            transport.close()
        self._end_in(self.limits.head_s)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop its timer."""
        self._cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what was sent; a client that sends much more after its answer is cut off."""
        if self.cycle is not None and self.cycle.response_complete:
            self._n_unwanted += len(data)
            if self._n_unwanted > 2 * self.limits.recording_bytes:
                self.transport.abort()
                return
        super().data_received(data)

    def handle_events(self) -> None:
        """Read requests; the time of the head ends with it."""
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self._n_unwanted = 0
            if not self.flow.write_paused:  # else the answer before this is still unread
                self._cancel()

    def on_response_complete(self) -> None:
        """Wait for the next request, and for this answer to be read, for a limited time."""
        self._end_in(self.limits.head_s + self.limits.keep_alive_s)
        super().on_response_complete()

    def pause_writing(self) -> None:
        """The client does not read."""
        super().pause_writing()
        self._end_in(self.limits.answer_s)

    def resume_writing(self) -> None:
        """The client reads again."""
        super().resume_writing()
        if self.cycle is not None and self.cycle.response_complete:
            self._end_in(self.limits.head_s + self.limits.keep_alive_s)
        else:
            self._cancel()

    def _end_in(self, seconds: float) -> None:
        self._cancel()
        self._timer = self.loop.call_later(seconds, self.transport.abort)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
