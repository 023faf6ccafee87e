"""``info``: what a model is, or what made a picture (no torch)."""

import os
from pathlib import Path
from typing import Annotated

import typer

from voice2face.cli.options import Json
from voice2face.cli.output import print_answer
from voice2face.cli.program import app

PICTURE = ".png"
PROVES_NOTHING = "This is a note in the file: anybody can remove or replace it."
TITLES = {
    "software": "made by",
    "model": "model",
    "model_sha256": "its sha256",
    "front_end": "front end",
    "variant": "trained as",
    "variation": "variation",
}


@app.command(
    epilog="\b\nExample: voice2face info runs/baseline/model\n         voice2face info me.png"
)
def info(
    thing: Annotated[
        str | None,
        typer.Argument(
            metavar="MODEL|PNG",
            help="A model's folder or name, or a picture.  [default: face-space]",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Tell what a model is, or what made a picture.

    Checks every part of a model. What a picture says is a note in the file: anybody can remove or
    replace it.
    """
    if thing is not None and _is_picture(thing):
        _tell_picture(Path(thing), as_json)
    else:
        _tell_model(thing, as_json)


def _is_picture(thing: str) -> bool:
    if os.path.isdir(thing):  # noqa: PTH112  (Path's raises on a name that is too long)
        return False
    return os.path.isfile(thing) or Path(thing).suffix.lower() == PICTURE  # noqa: PTH113


def _tell_picture(path: Path, as_json: bool) -> None:
    from msgspec.structs import asdict

    from voice2face.release.provenance import read_provenance

    about = read_provenance(path)
    entries = asdict(about)
    width = max(map(len, TITLES.values()))
    told = (f"{t.ljust(width)}  {entries[name]}" for name, t in TITLES.items() if entries[name])
    lines = (str(path.resolve()), "", about.note, "", *told, "", PROVES_NOTHING)
    print_answer(as_json, {"picture": path, "provenance": entries}, lines)


def _tell_model(name: str | None, as_json: bool) -> None:
    from voice2face.parts import checked_file
    from voice2face.release.hub import resolve
    from voice2face.release.model_folder import hash_of, read_config
    from voice2face.settings import to_yaml

    folder = resolve(name)
    config = read_config(folder)
    sizes = {
        name: checked_file(folder / name, sha256).stat().st_size
        for name, sha256 in config.sha256.items()
    }
    sha256 = hash_of(folder)
    answer = {"folder": folder, "sha256": sha256, "bytes": sizes, "config": config}
    parts = (f"{size / 1e6:9.2f} MB  {part}" for part, size in sizes.items())
    lines = (str(folder.resolve()), f"sha256 {sha256}", "", *parts, "")
    print_answer(as_json, answer, [*lines, *to_yaml(config).splitlines()])
