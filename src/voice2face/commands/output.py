"""How commands say what they did."""

from typing import Any

import msgspec
import typer

from voice2face.errors import Voice2FaceError


def print_json(answer: Any) -> None:
    """Print an answer for a program, on standard output."""
    typer.echo(msgspec.json.format(msgspec.json.encode(answer, enc_hook=str)).decode())


def report_failure(error: Voice2FaceError) -> None:
    """Print one line about something that was left undone, on standard error."""
    typer.echo(f"error: {error}", err=True)
