"""The commands; parsing only, one call each. Heavy modules are imported when a command runs."""

import re
from pathlib import Path
from typing import Annotated, Any, Optional

import typer
from typer.core import TyperGroup

from voice2face import __version__
from voice2face.errors import one_line

UsageError: type[Exception] = typer.BadParameter.__mro__[1]  # Typer does not export it


class _StopError(Exception):
    """Ctrl-C, under a name that Typer does not swallow together with what was said."""


class _Program(TyperGroup):
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse what is empty: as a path, it would silently be the current folder."""
        for arg in args:
            if not arg or re.fullmatch(r"--[a-z-]+=", arg):
                raise typer.BadParameter(f"an empty value ('{arg}')", ctx)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise _StopError(str(error)) from error


app = typer.Typer(
    name="voice2face",
    cls=_Program,
    rich_markup_mode=None,  # plain help fits into 80 columns and is there sooner
    help="From a recording of a voice, a face that shares what the voice tells about its speaker.",
    epilog="A face made from a voice is a guess, not a likeness.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
train_app = typer.Typer(
    help="Train the voice encoder, then the faces.", rich_markup_mode=None, no_args_is_help=True
)
app.add_typer(train_app, name="train")

Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of everything random.")]
Workers = Annotated[int, typer.Option(min=1, help="Processes at once.")]
Device = Annotated[str, typer.Option(help="Where to compute: cpu, cuda, cuda:1 ...")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on exactly with the run in OUT.")]
OptionalCount = Annotated[Optional[int], typer.Option(min=1, help="Else the recipe's.")]  # noqa: UP045
Precision = Annotated[Optional[str], typer.Option(help="fp32 or bf16.")]  # noqa: UP045
Set = Annotated[
    Optional[list[str]],  # noqa: UP045  (typer reads it at run time)
    typer.Option("--set", metavar="NAME=VALUE", help="Change any setting, by its path."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")]


def run() -> int:
    """Parse the command line and run the command.

    Returns:
        The status to end with.

    Raises:
        Voice2FaceError: The command failed.
        UsageError: The command line is not understood.
        KeyboardInterrupt: With what there is to say about it.
    """
    try:
        status = app(prog_name="voice2face", standalone_mode=False)
    except _StopError as error:
        raise KeyboardInterrupt(str(error)) from error
    except UsageError as error:
        if type(error).__name__ != "NoArgsIsHelpError":
            raise
        typer.echo(str(error), err=True)
        return 2
    return status if isinstance(status, int) else 0


def usage_message(error: Any) -> str:
    """One line about a command line that is not understood."""
    command = error.ctx.command_path if error.ctx else "voice2face"
    return one_line(f"{error.format_message().rstrip('.')}; see {command} --help")


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"voice2face {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Options of the program as a whole; ``--debug`` is read in ``__main__``."""


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


@app.command(epilog="Example: voice2face prepare people.csv corpus")
def prepare(
    tables: Annotated[list[Path], typer.Argument(metavar="CSV", help="Tables with a header.")],
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
    """Make a corpus from tables of recordings and pictures.

    Columns are identity, voice and/or face (paths from the table's folder); all others are
    attributes. What can't be used is left out and reported, and the exit status is 2.
    """
    from voice2face.commands.data import prepare as run

    columns = {"identity": identity, "voice": voice, "face": face}
    run(
        tables, out, preset=preset, face_px=px, split=split, workers=workers,
        max_skipped=max_skipped, columns=columns, as_json=json, quiet=quiet,
    )  # fmt: skip


@app.command(epilog="Example: voice2face cohort people --identities 200 --seed 1")
def cohort(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A new folder.")],
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
    """Make up people whose voice and face have a known tie.

    Writes recordings, pictures, cohort.csv for `prepare`, and cohort.json with the best accuracy
    that any system could reach.
    """
    from voice2face.commands.data import cohort as run

    run(
        out, n_identities=identities, seed=seed, clips=clips, faces=faces, face_px=px,
        coupling=coupling, workers=workers, as_json=json, quiet=quiet,
    )  # fmt: skip


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
