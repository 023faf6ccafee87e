"""``serve``: the page, on this machine."""

import ipaddress
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from voice2face.cli.needs import need_extras
from voice2face.cli.options import given
from voice2face.cli.program import app
from voice2face.errors import SettingsError

PASSWORD_VARIABLE = "VOICE2FACE_PASSWORD"
NEEDED = dict.fromkeys(
    ("starlette", "uvicorn", "prometheus_client", "jinja2", "markdown_it"), "web"
)
LEAST_PASSWORD, MOST_PASSWORD = 8, 1000

ModelNames = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        help="Folder or name of a model to offer; repeatable, the first is preselected.  "
        "[default: all in the package]",
    ),
]
AllowHost = Annotated[
    list[str] | None,
    typer.Option(help="Host name under which it is reached, such as a proxy's; repeatable."),
]
PasswordFile = Annotated[
    Path | None, typer.Option(help="File that holds the password; or set VOICE2FACE_PASSWORD.")
]
RootPath = Annotated[str, typer.Option(help="Path prefix behind a proxy, such as /faces.")]
Threads = Annotated[
    int | None, typer.Option(min=1, max=256, help="Threads that make faces.  [default: one a core]")
]


@app.command(
    epilog="\b\nExample: voice2face serve\n"
    "         voice2face serve --root-path /faces --password-file secret \\\n"
    "             --model runs/baseline/model --model runs/tanh/model"
)
def serve(
    models: ModelNames = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes any free one.")] = 7860,
    allow_host: AllowHost = None,
    password_file: PasswordFile = None,
    root_path: RootPath = "",
    max_mb: Annotated[
        float, typer.Option(min=0.01, max=4000, help="Largest recording accepted, in MB.")
    ] = 32,
    max_seconds: Annotated[
        float, typer.Option(min=1, max=86400, help="Seconds of a recording that are used.")
    ] = 300,
    workers: Threads = None,
    queue: Annotated[
        int, typer.Option(min=0, max=100_000, help="Most recordings that may wait.")
    ] = 200,
    wait: Annotated[
        float, typer.Option(min=0.1, max=3600, help="Most seconds that one may wait.")
    ] = 60,
) -> None:
    """Serve the page on which a voice becomes a face.

    It listens on this machine alone unless --host says otherwise. Recordings stay in memory until
    their face is made; nothing is kept. /healthz and /metrics are there for monitoring.
    """
    need_extras("voice2face serve", NEEDED)
    from voice2face.web.limits import MEGABYTE, Limits
    from voice2face.web.models import Models
    from voice2face.web.security import checked_host, checked_root
    from voice2face.web.server import make_server, open_socket

    password = read_password(password_file)
    root = _checked("--root-path", root_path, checked_root)
    hosts = [_checked("--allow-host", name, checked_host) for name in allow_host or ()]
    n_bytes = round(max_mb * MEGABYTE)
    limits = Limits(
        recording_bytes=n_bytes, recording_s=max_seconds, queue=queue, wait_s=wait,
        held_bytes=max(Limits.held_bytes, 2 * n_bytes), **given(threads=workers),
    )  # fmt: skip
    listening = open_socket(host, port)  # before the models are read: the error is there at once
    server = make_server(Models(models or []), limits, password, root, hosts)
    port = listening.getsockname()[1]
    if not password and not is_loopback(listening.getsockname()[0]):
        typer.echo(f"warning: open to whoever reaches {host}, without a password", err=True)
    shown_host = f"[{host}]" if ":" in host else host
    typer.echo(f"http://{shown_host}:{port}{root}/  (Ctrl-C ends it)")
    sys.stdout.flush()
    server.run([listening])


def _checked(option: str, value: str, check: Callable[[str], str]) -> str:
    try:
        return check(value)
    except ValueError as error:
        raise SettingsError(option, value, str(error), "correct it") from error


def read_password(path: Path | None) -> str:
    """The password from a file or from the environment; "" if there is none.

    Raises:
        SettingsError: It can't be read, or is not allowed.
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
            reason = getattr(error, "strerror", None) or "not UTF-8"
            raise SettingsError(thing, reason, "a file with one line", "check it") from error
    wanted = f"one line of {LEAST_PASSWORD} to {MOST_PASSWORD} characters"
    if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD or not password.isprintable():
        raise SettingsError(thing, f"{len(password)} characters", wanted, "choose another")
    return password


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach an address."""
    return ipaddress.ip_address(address.split("%")[0]).is_loopback
