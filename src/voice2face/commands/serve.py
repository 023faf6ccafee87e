"""``serve``: the page, on this machine."""

import importlib.util
import ipaddress
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from voice2face.errors import MissingExtraError, SettingsError

PASSWORD_VARIABLE = "VOICE2FACE_PASSWORD"
NEEDED = ("starlette", "uvicorn", "prometheus_client")
LEAST_PASSWORD, MOST_PASSWORD = 8, 1000


def serve(
    models: Sequence[str],
    *,
    host: str,
    port: int,
    password_file: Path | None,
    root_path: str,
    max_mb: float,
    max_seconds: float,
    workers: int | None,
    queue: int,
    wait: float,
) -> None:
    """Serve the page until somebody ends it.

    Raises:
        Voice2FaceError: It can't start.
    """
    if any(importlib.util.find_spec(name) is None for name in NEEDED):
        raise MissingExtraError("voice2face serve", "web")
    from voice2face.web.limits import MEGABYTE, Limits
    from voice2face.web.models import Models
    from voice2face.web.security import checked_root
    from voice2face.web.server import make_server, open_socket

    password = read_password(password_file)
    try:
        root = checked_root(root_path)
    except ValueError as error:
        raise SettingsError("--root-path", root_path, str(error), "correct it") from error
    n_bytes = round(max_mb * MEGABYTE)
    limits = Limits(
        recording_bytes=n_bytes, recording_s=max_seconds, queue=queue, wait_s=wait,
        held_bytes=max(Limits.held_bytes, 2 * n_bytes),
        **({} if workers is None else {"threads": workers}),
    )  # fmt: skip
    listening = open_socket(host, port)  # before the models are read: the error is there at once
    server = make_server(Models(models), limits, password, root)
    if not password and not is_loopback(listening.getsockname()[0]):
        typer.echo(f"warning: open to whoever reaches {host}, without a password", err=True)
    shown_host = f"[{host}]" if ":" in host else host
    typer.echo(f"http://{shown_host}:{listening.getsockname()[1]}{root}/  (Ctrl-C ends it)")
    sys.stdout.flush()
    server.run([listening])


def read_password(path: Path | None) -> str:
    """The password of a file, or of the environment; empty for none.

    Raises:
        SettingsError: It can't be read, or is none.
    """
    thing = PASSWORD_VARIABLE if path is None else str(path)
    if path is None:
        if PASSWORD_VARIABLE not in os.environ:
            return ""
        password = os.environ[PASSWORD_VARIABLE]
    else:
        try:
            with path.open("rb") as stream:
                password = stream.read(MOST_PASSWORD + 2).decode().rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "no UTF-8"
            raise SettingsError(thing, reason, "a file with one line", "check it") from error
    wanted = f"one line of {LEAST_PASSWORD} to {MOST_PASSWORD} characters"
    if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD or not password.isprintable():
        raise SettingsError(thing, f"{len(password)} characters", wanted, "choose another")
    return password


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches it."""
    return ipaddress.ip_address(address.split("%")[0]).is_loopback
