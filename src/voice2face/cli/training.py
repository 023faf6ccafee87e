"""Commands that train; parsing only."""

from pathlib import Path
from typing import Annotated, Optional

import typer

from voice2face.cli.options import Device, Json, OptionalCount, Precision, Quiet, Resume, Seed, Set
from voice2face.cli.program import app

train_app = typer.Typer(
    help="Train the voice encoder, then the faces.", rich_markup_mode=None, no_args_is_help=True
)
app.add_typer(train_app, name="train")


@train_app.command("voice", epilog="Example: voice2face train voice corpus runs/voice")
def train_voice(
    corpus: Annotated[Path, typer.Argument(metavar="CORPUS", help="Made by `prepare`.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder of the run.")],
    iterations: OptionalCount = None,
    batch_size: OptionalCount = None,
    width: Annotated[Optional[float], typer.Option(help="Share of the channels.")] = None,  # noqa: UP045
    precision: Precision = None,
    settings: Set = None,
    seed: Seed = 0,
    device: Device = "cpu",
    resume: Resume = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train the voice encoder to recognise speakers.

    The model lands in OUT/model, how well it verifies people it has not heard before in
    OUT/verification.json. Ctrl-C stops after a step that --resume goes on from.
    """
    from voice2face.commands.training import train_voice as run

    changes = {
        "training.iterations": iterations,
        "training.batch_size": batch_size,
        "training.precision": precision,
        "voice_encoder.width": width,
    }
    run(
        corpus, out, changes, settings or [], seed=seed, device=device, resume=resume,
        as_json=json, quiet=quiet,
    )  # fmt: skip


@train_app.command(
    "face",
    epilog="\b\nExample: voice2face train face corpus runs/tanh --voice-encoder runs/voice \\\n"
    "             --variant tanh",
)
def train_face(
    corpus: Annotated[Path, typer.Argument(metavar="CORPUS", help="Made by `prepare`.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder of the run.")],
    variant: Annotated[
        str,
        typer.Option(help="baseline, bn, bn-tanh, tanh, dropout, generator-dropout."),
    ] = "baseline",
    preset: Annotated[str, typer.Option(help="released or paper.")] = "released",
    voice_encoder: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Run of `train voice`, or a model; else the bundled one."),
    ] = None,
    iterations: OptionalCount = None,
    batch_size: OptionalCount = None,
    width: Annotated[float, typer.Option(help="Share of the channels.")] = 1.0,
    precision: Precision = None,
    pair_by: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="What voices and faces share: identity, or an attribute."),
    ] = None,
    settings: Set = None,
    half: Annotated[bool, typer.Option("--half", help="Release 16-bit weights.")] = False,
    seed: Seed = 0,
    device: Device = "cpu",
    resume: Resume = False,
    quiet: Quiet = False,
) -> None:
    """Train generator, discriminator and classifier.

    The model lands in OUT/model, sample faces in OUT/samples. Ctrl-C stops after a step that
    --resume goes on from.
    """
    from voice2face.commands.training import train_face as run

    changes = {
        "training.iterations": iterations,
        "training.batch_size": batch_size,
        "training.precision": precision,
        "training.pair_by": pair_by,
    }
    run(
        corpus, out, variant, preset, width, changes, settings or [],
        voice_encoder=voice_encoder, half=half, seed=seed, device=device, resume=resume,
        quiet=quiet,
    )  # fmt: skip
