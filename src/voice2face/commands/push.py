"""``push``: a model onto the Hugging Face hub."""

from pathlib import Path

import typer

from voice2face.commands.output import print_json
from voice2face.errors import one_line
from voice2face.release import publishing


def push(folder: Path, name: str, *, private: bool, message: str, as_json: bool) -> None:
    """Put a model onto the hub and say where it is.

    Raises:
        ModelError: Something in it is missing or damaged, or the hub refused.
        MissingExtraError: The extra ``hub`` is not installed.
    """
    done = publishing.push(folder, name, private=private, message=message)
    if as_json:
        print_json(done)
        return
    typer.echo(f"{done.url} (commit {done.commit}): {', '.join(done.files)}")
    if done.left_out:
        typer.echo(one_line(f"left out, as no part of the model: {', '.join(done.left_out)}"))
