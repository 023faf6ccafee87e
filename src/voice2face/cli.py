"""The commands; parsing only, one call each. Heavy modules are imported when a command runs."""

from pathlib import Path
from typing import Annotated, Optional

import typer

from voice2face import __version__

app = typer.Typer(
    name="voice2face",
    help="From a recording of a voice, a face that shares what the voice tells about its speaker.",
    epilog="A face made from a voice is a guess, not a likeness.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
train_app = typer.Typer(help="Train the voice encoder, then the faces.", no_args_is_help=True)
app.add_typer(train_app, name="train")

Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
Seed = Annotated[int, typer.Option(min=0, help="Of everything random.")]
Workers = Annotated[int, typer.Option(min=1, help="Processes.")]
Device = Annotated[str, typer.Option(help="Where to compute: cpu, cuda, cuda:1 ...")]
Resume = Annotated[bool, typer.Option(help="Go on exactly with the run in OUT.")]
Set = Annotated[
    Optional[list[str]],  # noqa: UP045  (typer reads it at run time)
    typer.Option("--set", metavar="NAME=VALUE", help="Change any setting, by its path."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")]


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"voice2face {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")
    ] = False,
    debug: Annotated[bool, typer.Option(help="Show the traceback of an error.")] = False,
) -> None:
    """Options of the program as a whole; ``--debug`` is read in ``__main__``."""


@app.command(epilog="Example: voice2face reconstruct me.wav -o me.png")
def reconstruct(
    inputs: Annotated[list[Path], typer.Argument(help="Recordings, videos, folders of them.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder, or NAME.png for one.")] = Path(),
    model: Annotated[Optional[Path], typer.Option(help="Model folder; else the bundled.")] = None,  # noqa: UP045
    sheet: Annotated[bool, typer.Option(help="Also one labelled sheet of all faces.")] = False,
    json: Json = False,
) -> None:
    """Make a face from each recording: NAME.png, 64×64 RGB."""
    from voice2face.commands.making import reconstruct as run

    run(inputs, out, model, sheet=sheet, as_json=json)


@app.command(epilog="Example: voice2face features me.wav -o me.npz")
def features(
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="A recording or a video.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="An .npz file.")],
    preset: Annotated[str, typer.Option(help="released or clean.")] = "released",
    json: Json = False,
) -> None:
    """Write voiced samples (int16), log_mel and features of a recording."""
    from voice2face.commands.making import features as run

    run(source, out, preset, as_json=json)


@app.command(epilog="Example: voice2face prepare people.csv corpus")
def prepare(
    tables: Annotated[list[Path], typer.Argument(metavar="CSV...", help="Tables.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A new folder.")],
    preset: Annotated[str, typer.Option(help="Audio front end: clean or released.")] = "clean",
    px: Annotated[int, typer.Option(help="Side of a face in pixels.")] = 64,
    split: Annotated[
        str, typer.Option(help="hash:80/10/10 by identity, or column[:NAME,...].")
    ] = "hash:80/10/10",
    identity: Annotated[Optional[str], typer.Option(help="Column, if not 'identity'.")] = None,  # noqa: UP045
    voice: Annotated[Optional[str], typer.Option(help="Column, if not 'voice'.")] = None,  # noqa: UP045
    face: Annotated[Optional[str], typer.Option(help="Column, if not 'face'.")] = None,  # noqa: UP045
    workers: Workers = 2,
    max_skipped: Annotated[float, typer.Option(help="Share that may be left out.")] = 0.05,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make a corpus from tables with columns identity, voice and/or face, and attributes."""
    from voice2face.commands.data import prepare as run

    columns = {"identity": identity, "voice": voice, "face": face}
    run(
        tables, out, preset=preset, face_px=px, split=split, workers=workers,
        max_skipped=max_skipped, columns=columns, as_json=json, quiet=quiet,
    )  # fmt: skip


@app.command(epilog="Example: voice2face cohort people --identities 200 --seed 1")
def cohort(
    out: Annotated[Path, typer.Argument(help="A new folder.")],
    identities: Annotated[int, typer.Option(min=1, help="People.")] = 200,
    seed: Seed = 0,
    clips: Annotated[int, typer.Option(min=0, help="Recordings of each.")] = 4,
    faces: Annotated[int, typer.Option(min=0, help="Pictures of each.")] = 6,
    px: Annotated[int, typer.Option(help="Side of a picture in pixels.")] = 64,
    coupling: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(min=0, max=1, help="How much a voice tells of the face."),
    ] = None,
    workers: Workers = 2,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make up people whose voices and faces are coupled in a known way."""
    from voice2face.commands.data import cohort as run

    run(
        out, n_identities=identities, seed=seed, clips=clips, faces=faces, face_px=px,
        coupling=coupling, workers=workers, as_json=json, quiet=quiet,
    )  # fmt: skip


@app.command(epilog="Example: voice2face info runs/baseline/model")
def info(
    folder: Annotated[Optional[Path], typer.Argument(help="Model; else the bundled.")] = None,  # noqa: UP045
    json: Json = False,
) -> None:
    """Tell what a released model is and whether all of it is there."""
    from voice2face.commands.making import info as run

    run(folder, as_json=json)


@app.command("import-released", epilog="Example: voice2face import-released pretrained released")
def import_released(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Holds the two .pth files.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The model's folder.")],
) -> None:
    """Turn the authors' voice_embedding.pth and generator.pth into a released model."""
    from voice2face.commands.training import import_released as run

    run(folder, out)


@train_app.command("voice", epilog="Example: voice2face train voice corpus runs/voice")
def train_voice(
    corpus: Annotated[Path, typer.Argument(help="Made by `prepare`.")],
    out: Annotated[Path, typer.Argument(help="Folder of the run.")],
    iterations: Annotated[Optional[int], typer.Option(min=1)] = None,  # noqa: UP045
    batch_size: Annotated[Optional[int], typer.Option(min=1)] = None,  # noqa: UP045
    width: Annotated[Optional[float], typer.Option(help="Share of the channels.")] = None,  # noqa: UP045
    precision: Annotated[Optional[str], typer.Option(help="fp32 or bf16.")] = None,  # noqa: UP045
    settings: Set = None,
    seed: Seed = 0,
    device: Device = "cpu",
    resume: Resume = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train the voice encoder to recognise speakers; the model lands in OUT/model."""
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
    epilog="Example: voice2face train face corpus runs/bn-tanh --variant bn-tanh "
    "--voice-encoder runs/voice",
)
def train_face(
    corpus: Annotated[Path, typer.Argument(help="Made by `prepare`.")],
    out: Annotated[Path, typer.Argument(help="Folder of the run.")],
    variant: Annotated[
        str,
        typer.Option(help="baseline, bn, bn-tanh, tanh, dropout, generator-dropout."),
    ] = "baseline",
    preset: Annotated[str, typer.Option(help="released or paper.")] = "released",
    voice_encoder: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Run of `train voice`, or a model; else the bundled one."),
    ] = None,
    iterations: Annotated[Optional[int], typer.Option(min=1)] = None,  # noqa: UP045
    batch_size: Annotated[Optional[int], typer.Option(min=1)] = None,  # noqa: UP045
    width: Annotated[float, typer.Option(help="Share of the channels.")] = 1.0,
    precision: Annotated[Optional[str], typer.Option(help="fp32 or bf16.")] = None,  # noqa: UP045
    pair_by: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="What voices and faces share: identity, or an attribute."),
    ] = None,
    settings: Set = None,
    half: Annotated[bool, typer.Option(help="Release 16-bit weights.")] = False,
    seed: Seed = 0,
    device: Device = "cpu",
    resume: Resume = False,
    quiet: Quiet = False,
) -> None:
    """Train generator, discriminator and classifier; the model lands in OUT/model."""
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
