"""The password: a form for people, HTTP basic authentication for programs."""

import asyncio
import base64
import binascii
import hmac
import secrets
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request, cookie_parser
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from voice2face.web.pages import rendered

PATH = "/login"
COOKIE = "voice2face"
# What the form is made of: no secret.
OPEN = {"/static/style.css", "/static/login.css", "/static/icon.svg", "/static/theme.js"}
MOST_BYTES = 8192  # of a form: a password has 1000 characters at most
FORM_S = 10.0
WRONG_S = 0.5  # before a wrong password is answered
# A dialog of the browser's shows no reason and asks for a name; this scheme opens none.
NO_DIALOG = 'Cookie realm="voice2face"'
DIALOG = 'Basic realm="voice2face: any user name, and the password", charset="UTF-8"'
REFUSAL = {"error": "This page asks for a password.", "wanted": "the password",
           "next": "open the page and enter it, or send it by basic authentication"}  # fmt: skip


class Door:
    """Lets in who knows the password.

    Who gave it in the form gets a cookie that holds until the browser or the server ends.

    Args:
        password: The one.
        root_path: Prefix of all addresses.
    """

    def __init__(self, password: str, root_path: str) -> None:
        self._password, self._root = password.encode(), root_path
        self._token = secrets.token_urlsafe(32)

    def answer(self, path: str, method: str, headers: Headers) -> ASGIApp | None:
        """An answer in the place of the one asked for; None: the request may pass."""
        if path == PATH and method == "POST":
            return self._enter
        if path in OPEN or self._knows(headers):
            return None
        if "text/html" in headers.get("accept", ""):
            return self._form("", {"WWW-Authenticate": NO_DIALOG})
        is_browser = "sec-fetch-mode" in headers
        return JSONResponse(REFUSAL, 401, {"WWW-Authenticate": NO_DIALOG if is_browser else DIALOG})

    def _form(self, wrong: str, headers: dict[str, str]) -> Response:
        page = rendered("login.html", root=self._root, action=f"{self._root}{PATH}", wrong=wrong)
        return HTMLResponse(page, 401, headers)

    async def _enter(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = await _password_of(Request(scope, receive))
        answer: Response
        if given is not None and hmac.compare_digest(given, self._password):
            answer = RedirectResponse(f"{self._root}/", 303)
            answer.set_cookie(
                COOKIE, self._token, path=f"{self._root}/", httponly=True, samesite="lax"
            )
        else:
            await asyncio.sleep(WRONG_S)
            answer = self._form("That is not the password.", {"WWW-Authenticate": NO_DIALOG})
        await answer(scope, receive, send)

    def _knows(self, headers: Headers) -> bool:
        """Whether the cookie or the password is the right one; takes as long for any."""
        cookies = cookie_parser(headers.get("cookie", "")[:4096])
        token = cookies.get(COOKIE, "").encode("utf-8", "replace")
        if hmac.compare_digest(token, self._token.encode()):
            return True
        kind, _, packed = headers.get("authorization", "").partition(" ")
        if kind.lower() != "basic":
            return False
        try:
            _, _, given = base64.b64decode(packed, validate=True).partition(b":")
        except (binascii.Error, ValueError):
            return False
        return hmac.compare_digest(given, self._password)


async def _password_of(request: Request) -> bytes | None:
    """What the form holds; None where it is none, too long or too slow."""
    body = b""
    try:
        async with asyncio.timeout(FORM_S):
            async for piece in request.stream():
                body += piece
                if len(body) > MOST_BYTES:
                    return None
        fields = parse_qs(body.decode("ascii"), max_num_fields=8)
    except (TimeoutError, ClientDisconnect, ValueError):
        return None
    return fields.get("password", [""])[0].encode()
