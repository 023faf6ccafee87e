import re
import shlex

import pytest
import typer
from typer.main import get_command

from voice2face import __version__
from voice2face.cli import app

COMMANDS = {
    "reconstruct",
    "features",
    "prepare",
    "plan",
    "inspect",
    "evaluate",
    "reproduce",
    "models",
    "runs",
    "cohort",
    "info",
    "push",
    "serve",
    "import-released",
    "train voice",
    "train head",
    "train face",
    "train matching",
}


def commands():
    """Every command by its words."""
    top = get_command(app).commands
    return {
        f"{name} {part}" if part else name: sub
        for name, command in top.items()
        for part, sub in (getattr(command, "commands", None) or {"": command}).items()
    }


def test_all_commands_are_there():
    assert set(commands()) == COMMANDS


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_help_says_what_it_does_and_fits_into_80_columns(name, voice2face, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    for option in ("--help", "-h"):
        ended = voice2face(*name.split(), option)
        assert (ended.status, ended.err) == (0, "")
        assert f"Usage: voice2face {name}" in ended.out
        assert "Example: voice2face " in ended.out
        assert max(map(len, ended.out.splitlines())) <= 80
    for line in ended.out.split("Options:")[1].split("Example:")[0].splitlines():
        assert not re.fullmatch(r"  -.*--[a-z-]+( <.*>)?", line), f"no help: {line}"


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_examples_are_understood(name):
    """They are parsed to the end, which fails on options or arguments that do not exist."""
    command = commands()[name]
    text = command.epilog.replace("\b\n", "").removeprefix("Example: ").replace("\\\n", " ")
    assert text.count("voice2face ") == len(text.splitlines())
    for line in text.splitlines():
        words = shlex.split(line)
        assert words[: 1 + len(name.split())] == ["voice2face", *name.split()]
        command.make_context(name, words[1 + len(name.split()) :]).close()


def test_the_list_of_commands_is_not_cut(voice2face, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    ended = voice2face("--help")
    assert ended.status == 0
    assert "..." not in ended.out.split("Commands:")[1]
    assert "not a likeness" in ended.out


def test_no_command_gets_help_and_a_bad_status(voice2face):
    for words in ([], ["train"]):
        ended = voice2face(*words)
        assert ended.status != 0 or typer.__version__ < "0.16"
        assert "Usage: voice2face" in ended.out + ended.err


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["bogus"], "bogus"),
        (["train", "bogus"], "bogus"),
        (["reconstruct"], "INPUT"),
        (["reconstruct", "a.wav", "--bogus"], "--bogus"),
        (["reconstruct", "a.wav", "--mo\ndel"], "--mo"),
        (["cohort", "x", "--seed", "-1"], "--seed"),
        (["cohort", "x", "--seed", "9" * 30], "--seed"),
        (["cohort", "x", "--identities", "many"], "--identities"),
        (["train", "face", "corpus"], "OUT"),
    ],
)
def test_what_is_not_understood_is_said_in_one_line(words, named, voice2face):
    assert "--help" in voice2face(*words).one_error(named)


def test_version(voice2face):
    assert voice2face("--version").out == f"voice2face {__version__}\n"


def test_as_a_module(process):
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-m", "voice2face", "--version"], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, f"voice2face {__version__}\n")
