"""``models``: the pretrained networks of others that this program uses, and where they are."""

from collections.abc import Sequence
from typing import Any

import msgspec
import typer

from voice2face.assets.pretrained import REGISTRY, Pretrained, find
from voice2face.commands.output import print_json, report_failure
from voice2face.errors import ModelError, Voice2FaceError, one_line


def models(names: Sequence[str], *, as_json: bool) -> None:
    """Say of each network what it is, whose, and where its file is.

    Args:
        names: Which; none: all.
        as_json: For a program.

    Raises:
        ModelError: A name that is not known.
        typer.Exit: With status 2, if a file is not the pinned one.
    """
    for name in names:
        if name not in REGISTRY:
            find(name)  # says which names there are
    rows, errors = [], []
    for record in (REGISTRY[name] for name in names or REGISTRY):
        path, error = _place(record)
        rows.append(msgspec.to_builtins(record) | {"path": path})
        errors += [error] if error else []
    if as_json:
        print_json(rows)
    else:
        typer.echo("\n\n".join(_paragraph(row) for row in rows))
    for error in errors:
        report_failure(error)
    if errors:
        raise typer.Exit(2)


def _place(record: Pretrained) -> tuple[str | None, Voice2FaceError | None]:
    try:
        return str(find(record.name)), None
    except ModelError as error:
        return None, error


def _paragraph(row: dict[str, Any]) -> str:
    return "\n".join(
        (
            f"{row['name']}: {row['what']}",
            f"  licence  {row['licence']}",
            f"  source   {row['source']}",
            f"  sha256   {row['sha256']}",
            f"  file     {one_line(row['path']) if row['path'] else 'not the right one'}",
        )
    )
