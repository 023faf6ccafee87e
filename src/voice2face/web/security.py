"""Around every request: password, other sites, the address's prefix, headers of answers."""

import base64
import binascii
import hmac
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
# Another site's page may send a request here, though not read the answer: no work for it.
SAME = {"same-origin", "none"}


class Guard:
    """Wraps the application.

    Args:
        app: What is guarded.
        password: Asked for by HTTP basic authentication, with any user name; empty: none.
        root_path: Prefix of all addresses behind a proxy, whether it takes it off or leaves it.
    """

    def __init__(self, app: ASGIApp, password: str = "", root_path: str = "") -> None:
        self._app, self._root = app, root_path
        self._password = password.encode()

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
        if self._password and path not in OPEN and not self._knows(headers):
            return _refusal(
                401, "This page asks for a password.", "the password",
                {"WWW-Authenticate": 'Basic realm="voice2face", charset="UTF-8"'},
            )  # fmt: skip
        if method == "POST" and headers.get("sec-fetch-site", "none") not in SAME:
            return _refusal(403, "Another site sent this request.", "a request of this page")
        return None

    def _knows(self, headers: Headers) -> bool:
        """Whether the password is the right one; takes as long for any."""
        kind, _, packed = headers.get("authorization", "").partition(" ")
        if kind.lower() != "basic":
            return False
        try:
            _, _, given = base64.b64decode(packed, validate=True).partition(b":")
        except (binascii.Error, ValueError):
            return False
        return hmac.compare_digest(given, self._password)


def _refusal(
    status: int, sentence: str, wanted: str, headers: dict[str, str] | None = None
) -> ASGIApp:
    data = {"error": sentence, "wanted": wanted, "next": "open the page itself"}
    return JSONResponse(data, status, headers)


def checked_root(path: str) -> str:
    """A root path with one slash before it and none behind; empty for none.

    Raises:
        ValueError: It holds what an address can't.
    """
    bare = path.strip("/")
    if not bare:
        return ""
    if not _all_plain(bare.split("/")):
        raise ValueError("letters, digits, '-', '_', '.' and '/' alone")
    return f"/{bare}"


def _all_plain(parts: Iterable[str]) -> bool:
    return all(
        part not in ("", ".", "..") and part.isascii()
        and part.replace("-", "").replace("_", "").replace(".", "").isalnum()
        for part in parts
    )  # fmt: skip
