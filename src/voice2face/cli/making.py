"""Commands that make faces, and that deal with models; parsing only."""

from pathlib import Path
from typing import Annotated, Optional

import typer

from voice2face.cli.options import Json
from voice2face.cli.program import app


@app.command(
    epilog="\b\nExample: voice2face reconstruct me.wav -o me.png\n"
    "         voice2face reconstruct recordings -o faces --sheet"
)
def reconstruct(
    inputs: Annotated[
        list[Path], typer.Argument(metavar="INPUT", help="Recordings, videos, folders of them.")
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder, or NAME.png for one.")] = Path(),
    model: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Model folder; else the bundled one."),
    ] = None,
    sheet: Annotated[
        bool, typer.Option("--sheet", help="Also one labelled sheet of all faces: sheet.png.")
    ] = False,
    json: Json = False,
) -> None:
    """Make a face from each recording.

    Each becomes NAME.png, RGB, 64×64 pixels; of two recordings with one name the second becomes
    NAME-2.png. A recording that can't be used is reported, the others are done, and the exit
    status is 2.
    """
    from voice2face.commands.making import reconstruct as run

    run(inputs, out, model, sheet=sheet, as_json=json)


@app.command(epilog="Example: voice2face features me.wav -o me.npz")
def features(
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="A recording or a video.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="An .npz file.")],
    preset: Annotated[str, typer.Option(help="released or clean.")] = "released",
    json: Json = False,
) -> None:
    """Write the features of a recording as arrays.

    They are voiced (int16), log_mel (frames, 64) and features (the same, normalised, repeated up
    to 1000 frames).
    """
    from voice2face.commands.making import features as run

    run(source, out, preset, as_json=json)


@app.command(epilog="Example: voice2face info runs/baseline/model")
def info(
    folder: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Argument(metavar="MODEL", help="Its folder; else the bundled one."),
    ] = None,
    json: Json = False,
) -> None:
    """Tell what a model is, and check every part of it."""
    from voice2face.commands.making import info as run

    run(folder, as_json=json)


@app.command("import-released", epilog="Example: voice2face import-released pretrained released")
def import_released(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Holds the two .pth files.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The model's folder.")],
) -> None:
    """Turn the authors' two .pth files into a model.

    They are voice_embedding.pth and generator.pth; nothing in them is run.
    """
    from voice2face.commands.training import import_released as run

    run(folder, out)
