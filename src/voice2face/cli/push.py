"""``push``: a model onto the Hugging Face hub."""

from pathlib import Path
from typing import Annotated

import typer

from voice2face.cli.options import Json
from voice2face.cli.output import print_answer
from voice2face.cli.program import app


@app.command(epilog="Example: voice2face push runs/baseline/model me/voices --private")
def push(
    folder: Annotated[Path, typer.Argument(metavar="MODEL", help="Folder of the model.")],
    name: Annotated[str, typer.Argument(metavar="ORG/NAME", help="Its name on the hub.")],
    private: Annotated[
        bool, typer.Option("--private", help="Create it as a private repository.")
    ] = False,
    message: Annotated[str | None, typer.Option(help="Message of the commit.")] = None,
    as_json: Json = False,
) -> None:
    """Put a model onto the Hugging Face hub.

    Checks the model's parts and its card, and sends these alone. Log in before with
    `hf auth login`, or set HF_TOKEN.
    """
    from voice2face.release import publishing

    done = publishing.push(folder, name, private=private, message=message or "")
    lines = [f"{done.url} (commit {done.commit}): {', '.join(done.files)}"]
    if done.left_out:
        lines.append(f"left out, as no part of the model: {', '.join(done.left_out)}")
    print_answer(as_json, done, lines)
