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
        Optional[str],  # noqa: UP045
        typer.Option(metavar="MODEL", help="Folder or org/name[@revision]; else the bundled one."),
    ] = None,
    label: Annotated[
        bool, typer.Option("--label", help="Write under each face that a machine made it.")
    ] = False,
    sheet: Annotated[
        bool, typer.Option("--sheet", help="Also one labelled sheet of all faces: sheet.png.")
    ] = False,
    json: Json = False,
) -> None:
    """Make a face from each recording.

    Each becomes NAME.png, RGB, 64×64 pixels; of two recordings with one name the second becomes
    NAME-2.png. Each says in its metadata what made it; `info` shows that. A recording that can't
    be used is reported, the others are done, and the exit status is 2.
    """
    from voice2face.commands.making import reconstruct as run

    run(inputs, out, model, sheet=sheet, label=label, as_json=json)


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


@app.command(
    epilog="\b\nExample: voice2face info runs/baseline/model\n         voice2face info me.png"
)
def info(
    thing: Annotated[
        Optional[str],  # noqa: UP045
        typer.Argument(
            metavar="MODEL|PNG", help="Folder, org/name[@revision], picture; else the bundled."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Tell what a model is, or what made a picture.

    Of a model every part is checked. What a picture says is a note in the file: anybody can take
    it out or write another.
    """
    from voice2face.commands.info import info as run

    run(thing, as_json=json)


@app.command(epilog="Example: voice2face push runs/baseline/model me/voices --private")
def push(
    folder: Annotated[Path, typer.Argument(metavar="MODEL", help="Its folder.")],
    name: Annotated[str, typer.Argument(metavar="ORG/NAME", help="What it is called there.")],
    private: Annotated[
        bool, typer.Option("--private", help="If it is new there: for those let in alone.")
    ] = False,
    message: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Of the commit."),
    ] = None,
    json: Json = False,
) -> None:
    """Put a model onto the Hugging Face hub.

    Its parts and its card are checked, and nothing else in the folder is sent. Log in before with
    `hf auth login`, or set HF_TOKEN.
    """
    from voice2face.commands.push import push as run

    run(folder, name, private=private, message=message or "", as_json=json)


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
