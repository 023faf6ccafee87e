"""The command about other people's networks; parsing only."""

from typing import Annotated, Optional

import typer

from voice2face.cli.options import Json
from voice2face.cli.program import app


@app.command(epilog="Example: voice2face models yunet")
def models(
    names: Annotated[
        Optional[list[str]],  # noqa: UP045  (typer reads it at run time)
        typer.Argument(metavar="[NAME]...", help="Which; else all."),
    ] = None,
    json: Json = False,
) -> None:
    """List the networks of others that come with the program.

    What each is, its licence, its source, and where its file is.
    """
    from voice2face.commands.models import models as run

    run(names or [], as_json=json)
