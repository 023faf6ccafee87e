"""How commands say what they did."""

from pathlib import Path
from typing import Any

import msgspec
import typer

from voice2face.errors import Voice2FaceError, one_line


def print_json(answer: Any) -> None:
    """Print an answer for a program, on standard output."""
    typer.echo(msgspec.json.format(msgspec.json.encode(_plain(answer))).decode())


def report_failure(error: Voice2FaceError) -> None:
    """Print one line about something that was left undone, on standard error."""
    typer.echo(f"error: {error}", err=True)


def shown(path: Path) -> str:
    """A path as one line of text, whatever its name holds."""
    return one_line(str(path))


def _plain(answer: Any) -> Any:
    """Dicts, lists, numbers and text; bytes of a name that are no UTF-8 become "\ufffd"."""
    data = msgspec.to_builtins(answer, enc_hook=str)
    if isinstance(data, str):
        return data.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if isinstance(data, dict):
        return {key: _plain(value) for key, value in data.items()}
    return [_plain(value) for value in data] if isinstance(data, list) else data
