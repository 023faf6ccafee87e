"""``models``: the pretrained networks of others that this program uses, and where they are."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from voice2face.cli.options import Json
from voice2face.cli.output import print_answer, print_note
from voice2face.cli.program import app
from voice2face.errors import ModelError

if TYPE_CHECKING:
    from voice2face.assets.pretrained import Pretrained


@app.command(epilog="Example: voice2face models yunet")
def models(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Networks to list.  [default: all]"),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the pretrained networks of others in the package.

    Prints what each is for, its licence, its source, and where its file is.
    """
    from msgspec.structs import asdict

    from voice2face.assets.pretrained import REGISTRY, find

    for name in names or ():
        if name not in REGISTRY:
            find(name)  # says which names there are
    places: dict[str, str | None] = {}
    errors = []
    for name in names or REGISTRY:
        try:
            places[name] = str(find(name))
        except ModelError as error:
            places[name] = None
            errors.append(error)
    rows = [asdict(REGISTRY[name]) | {"path": path} for name, path in places.items()]
    lines = [line for name, path in places.items() for line in _paragraph(REGISTRY[name], path)]
    print_answer(as_json, rows, lines[1:])
    for missing in errors:
        print_note(f"error: {missing}")
    if errors:
        raise typer.Exit(2)


def _paragraph(record: "Pretrained", path: str | None) -> Iterator[str]:
    yield ""
    yield f"{record.name}: {record.what}"
    yield f"  licence  {record.licence}"
    yield f"  source   {record.source}"
    yield f"  sha256   {record.sha256}"
    yield f"  file     {path or 'not the right one'}"
