"""The command line as a whole; its commands are in the other modules of this package."""

import re
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from voice2face import __version__
from voice2face.errors import one_line

UsageError: type[Exception] = typer.BadParameter.__mro__[1]  # Typer does not export it


class _StopError(Exception):
    """Ctrl-C as an exception that Typer passes on with its message."""


class _Program(TyperGroup):
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse empty values: an empty path would be the current folder."""
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


def run() -> int:
    """Parse the command line and run the command.

    Returns:
        Exit status.

    Raises:
        Voice2FaceError: The command failed.
        UsageError: The command line is not understood.
        KeyboardInterrupt: The user stopped it.
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
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Options of the program as a whole; ``--debug`` is read in ``__main__``."""
