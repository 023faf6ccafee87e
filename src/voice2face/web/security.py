"""Checks around every request: password, hosts, other sites; and headers of every answer."""

import ipaddress
import re
import socket
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from voice2face.web.login import Door

CONTENT_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
}
STATIC = "/static/"
OPEN = {"/healthz"}  # without a password: a proxy asks, and it tells nothing
ROOT_PART = r"[._-]*[A-Za-z0-9][A-Za-z0-9._-]*"
# Another site's page may send a request here, though not read the answer: no work for it.
SAME = {"same-origin", "none"}


class Hosts:
    """Names under which a server may be asked.

    A page of another site can have its own name lead here (DNS rebinding), and then is, to the
    browser, of one origin with this server. It can't do so with a name that it does not own, nor
    with an address in numbers.

    Args:
        names: Beside ``localhost``, this machine's name and all addresses in numbers.
    """

    def __init__(self, names: Collection[str] = ()) -> None:
        self._given = frozenset(map(_bare, names))
        self._known = self._given | {"localhost", _bare(socket.gethostname())}

    def allow(self, host: str) -> bool:
        """Whether the server is called so.

        Args:
            host: As of the header ``Host``, with or without a port.
        """
        name = _name_of(host)
        return name in self._known or _is_address(name)

    def is_own(self, origin: str, host: str) -> bool:
        """Whether a request comes from a page of this server.

        Args:
            origin: As of the header ``Origin``.
            host: As of the header ``Host``; a proxy may have changed it.
        """
        try:
            asked = urlsplit(origin)
            name, port = _bare(asked.hostname or ""), asked.port
        except ValueError:
            return False
        if asked.scheme not in ("http", "https") or not name:
            return False
        usual = {"http": 80, "https": 443}[asked.scheme]
        ends = {f"{_bracketed(name)}:{port or usual}"}
        if (port or usual) == usual:  # a browser leaves it out
            ends.add(_bracketed(name))
        return _bare(host) in ends or name in self._given


class Guard:
    """The application with checks around it.

    Args:
        app: What is guarded.
        password: Asked for; empty: none.
        root_path: Prefix of all addresses behind a proxy, whether it takes it off or leaves it.
        hosts: Names of the server, beside those that it always has.
    """

    def __init__(
        self, app: ASGIApp, password: str = "", root_path: str = "", hosts: Collection[str] = ()
    ) -> None:
        self._app, self._root = app, root_path
        self._door = Door(password, root_path) if password else None
        self._hosts = Hosts(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let pass."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = self._without_root(scope["path"])
        scope = {**scope, "root_path": self._root, "path": self._root + path}

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                # The page's own files are kept, but asked for again: they change with the version.
                kept = path.startswith(STATIC)
                headers["Cache-Control"] = "no-cache" if kept else "no-store"
            await send(message)

        answer = self._refusal(path, scope["method"], Headers(scope=scope))
        if answer is None and not path:  # from here the page's own links would lead elsewhere
            answer = RedirectResponse(f"{self._root}/", 308)
        await (answer or self._app)(scope, receive, send_safely)

    def _without_root(self, path: str) -> str:
        if self._root and (path == self._root or path.startswith(f"{self._root}/")):
            return path[len(self._root) :]
        return path

    def _refusal(self, path: str, method: str, headers: Headers) -> ASGIApp | None:
        host, origin = headers.get("host", ""), headers.get("origin")
        if host and path not in OPEN and not self._hosts.allow(host):
            wanted = "its own name, or one that --allow-host gives"
            return _refused(f"This server is not called {host[:80]!r}.", wanted)
        is_others = origin is not None and not self._hosts.is_own(origin, host)
        if is_others or (method == "POST" and headers.get("sec-fetch-site", "none") not in SAME):
            return _refused("Another site sent this request.", "a request of this page")
        if self._door and path not in OPEN:
            return self._door.answer(path, method, headers)
        return None


def _refused(sentence: str, wanted: str) -> ASGIApp:
    data = {"error": sentence, "wanted": wanted, "next": "open the page itself"}
    return JSONResponse(data, 403)


def _bare(name: str) -> str:
    return name.strip().rstrip(".").lower()


def _name_of(host: str) -> str:
    """A host without its port, and without the brackets of an address of IPv6."""
    bare = _bare(host)
    if bare.startswith("["):
        return bare[1:].partition("]")[0]
    return _bare(bare.partition(":")[0])


def _bracketed(name: str) -> str:
    return f"[{name}]" if ":" in name else name


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def checked_host(name: str) -> str:
    """A host's name as it is compared.

    Raises:
        ValueError: It holds what such a name can't.
    """
    bare = _bare(name)
    if not bare or not all(part.replace("-", "").isalnum() for part in bare.split(".")):
        raise ValueError("a name such as faces.example.org, without a port")
    return bare


def checked_root(path: str) -> str:
    """A root path with one slash before it and none behind; empty for none.

    Raises:
        ValueError: It holds what an address can't.
    """
    bare = path.strip("/")
    if bare and not re.fullmatch(rf"{ROOT_PART}(/{ROOT_PART})*", bare):
        raise ValueError("letters, digits, '-', '_', '.' and '/' alone")
    return f"/{bare}" if bare else ""
