"""The command that serves the page; parsing only."""

from pathlib import Path
from typing import Annotated, Optional

import typer

from voice2face.cli.program import app


@app.command(
    epilog="\b\nExample: voice2face serve\n"
    "         voice2face serve --root-path /faces --password-file secret \\\n"
    "             --model runs/baseline/model --model runs/tanh/model"
)
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 7860,
    model: Annotated[
        Optional[list[str]],  # noqa: UP045  (typer reads it at run time)
        typer.Option(help="Folder or name; repeatable, the first is chosen. Else the bundled one."),
    ] = None,
    password_file: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Holds the password; or set VOICE2FACE_PASSWORD."),
    ] = None,
    root_path: Annotated[str, typer.Option(help="Prefix behind a proxy, such as /faces.")] = "",
    max_mb: Annotated[float, typer.Option(min=0.01, max=4000, help="Of a recording.")] = 32,
    max_seconds: Annotated[float, typer.Option(min=1, max=86400, help="Of it, decoded.")] = 300,
    workers: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=1, max=256, help="Threads that make faces; else one a core."),
    ] = None,
    queue: Annotated[int, typer.Option(min=0, max=100_000, help="Recordings that wait.")] = 200,
    wait: Annotated[float, typer.Option(min=0.1, max=3600, help="Seconds that one waits.")] = 60,
) -> None:
    """Serve the page on which a voice becomes a face.

    It listens on this machine alone unless --host says otherwise. Recordings stay in memory until
    their face is made; nothing is kept. /healthz and /metrics are for whoever watches over it.
    """
    from voice2face.commands.serve import serve as run

    run(
        model or [], host=host, port=port, password_file=password_file, root_path=root_path,
        max_mb=max_mb, max_seconds=max_seconds, workers=workers, queue=queue, wait=wait,
    )  # fmt: skip
