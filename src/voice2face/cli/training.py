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
    augment: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Of noise,reverberation,speed,codec."),
    ] = None,
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
        "training.augment": augment and [name.strip() for name in augment.split(",")],
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
        Optional[str],  # noqa: UP045
        typer.Option(
            metavar="MODEL",
            help="Run of `train voice`, model's folder or org/name[@revision]; else the bundled.",
        ),
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
    memory: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(help="GB that the corpus may take; more is streamed. Else half of the free."),
    ] = None,
    checkpoint_every: OptionalCount = None,
    sample_every: OptionalCount = None,
    best_by: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Reading that picks the best checkpoint; else matching."),
    ] = None,
    compile: Annotated[bool, typer.Option("--compile", help="Use torch.compile.")] = False,  # noqa: A002
    graph: Annotated[bool, typer.Option("--graph", help="CUDA: one graph a step.")] = False,
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
    run_changes = {
        "checkpoint_every": checkpoint_every,
        "sample_every": sample_every,
        "best_by": best_by,
        "compile": compile or None,
        "graph": graph or None,
    }
    run(
        corpus, out, variant, preset, width, changes, settings or [], run_changes=run_changes,
        memory_bytes=None if memory is None else round(memory * 1e9),
        voice_encoder=voice_encoder, half=half, seed=seed, device=device, resume=resume,
        quiet=quiet,
    )  # fmt: skip


@app.command(epilog="Example: voice2face runs runs --plot runs.pdf")
def runs(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A run, or a folder of runs.")],
    plot: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="FILE", help="Draw losses and readings: .png, .pdf or .svg."),
    ] = None,
    json: Json = False,
) -> None:
    """Compare trainings.

    Prints steps, losses, readings (last and best) and alarms of each run, side by side. What can't
    be read is named and left out.
    """
    from voice2face.commands.runs import runs as run

    run(folder, plot=plot, as_json=json)
