"""``info``: what a model is, or what made a picture (no torch)."""

import os
from pathlib import Path

import msgspec
import typer

from voice2face.commands.output import print_json, shown
from voice2face.release.model_folder import checked_part, hash_of, read_config, resolve
from voice2face.release.provenance import read_provenance
from voice2face.settings import to_yaml

PICTURE = ".png"
PROVES_NOTHING = "This is a note in the file: anybody can take it out or write another."
TITLES = {
    "software": "made by",
    "model": "model",
    "model_sha256": "sha256 of it",
    "front_end": "front end",
    "variant": "trained as",
    "variation": "variation",
}


def info(thing: str | None, *, as_json: bool) -> None:
    """Print what a model is, after checking every part of it; or what a picture says made it.

    Raises:
        ModelError: A part is missing or damaged, or the model is not to be had.
        ProvenanceError: The picture says nothing, or is no PNG file.
    """
    if thing is not None and _is_picture(thing):
        _picture(Path(thing), as_json)
    else:
        _model(resolve(thing), as_json)


def _is_picture(thing: str) -> bool:
    if os.path.isdir(thing):  # noqa: PTH112  (Path's raises on a name that is too long)
        return False
    return os.path.isfile(thing) or Path(thing).suffix.lower() == PICTURE  # noqa: PTH113


def _picture(path: Path, as_json: bool) -> None:
    about = read_provenance(path)
    entries = msgspec.structs.asdict(about)
    if as_json:
        print_json({"picture": str(path), "provenance": entries})
        return
    width = max(map(len, TITLES.values()))
    lines = [f"{title.ljust(width)}  {entries[name]}" for name, title in TITLES.items()
             if entries[name]]  # fmt: skip
    typer.echo("\n".join((shown(path.resolve()), "", about.note, "", *lines, "", PROVES_NOTHING)))


def _model(folder: Path, as_json: bool) -> None:
    config = read_config(folder)
    sizes = {name: checked_part(folder, name, config).stat().st_size for name in config.sha256}
    sha256 = hash_of(folder)
    if as_json:
        print_json({"folder": str(folder), "sha256": sha256, "bytes": sizes, "config": config})
        return
    typer.echo(f"{shown(folder.resolve())}\nsha256 {sha256}\n")
    for name, size in sizes.items():
        typer.echo(f"{size / 1e6:9.2f} MB  {name}")
    typer.echo(f"\n{to_yaml(config)}", nl=False)
