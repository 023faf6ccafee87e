"""``models``: the pretrained networks of others that this program uses, and where they are."""

from collections.abc import Sequence
from typing import Any

import msgspec
import typer

from voice2face.assets.pretrained import FOLDER_VARIABLE, REGISTRY, Pretrained, find, locate
from voice2face.commands.output import print_json, report_failure
from voice2face.errors import ModelError, Voice2FaceError, one_line


def models(names: Sequence[str], *, fetch: bool, as_json: bool) -> None:
    """Say of each network what it is, whose, and where its file is.

    Args:
        names: Which; none: all.
        fetch: Download what is not here and has a public file.
        as_json: For a program.

    Raises:
        ModelError: A name that is not known.
        typer.Exit: With status 2, if one that was to be fetched is not to be had, or a file is
            not the pinned one.
    """
    for name in names:
        if name not in REGISTRY:
            find(name)  # says which names there are
    rows, errors = [], []
    for record in (REGISTRY[name] for name in names or REGISTRY):
        path, error = _place(record, fetch)
        rows.append(msgspec.to_builtins(record) | {"path": path})
        errors += [error] if error else []
    if as_json:
        print_json(rows)
    else:
        typer.echo("\n\n".join(_paragraph(row) for row in rows))
        if any(row["path"] is None for row in rows):
            typer.echo(f"\nThe folder named by {FOLDER_VARIABLE} is looked into first.")
    for error in errors:
        report_failure(error)
    if errors:
        raise typer.Exit(2)


def _place(record: Pretrained, fetch: bool) -> tuple[str | None, Voice2FaceError | None]:
    try:
        path = find(record.name) if fetch else locate(record)
    except ModelError as error:
        return None, error
    return None if path is None else str(path), None


def _paragraph(row: dict[str, Any]) -> str:
    missing = "not here; --fetch gets it" if row["url"] else "not here, and no public file"
    return "\n".join(
        (
            f"{row['name']}: {row['what']}",
            f"  licence  {row['licence']}",
            f"  source   {row['url'] or row['source']}",
            f"  sha256   {row['sha256']} ({row['n_bytes']:,} bytes)",
            f"  file     {one_line(row['path']) if row['path'] else missing + ': ' + row['file']}",
        )
    )
