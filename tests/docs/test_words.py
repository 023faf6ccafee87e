"""Options, settings, files and commands that pages name in passing exist."""

import re
from collections.abc import Iterator

import pytest
from typer.main import get_command

from voice2face.cli import app
from voice2face.settings import Recipe, Run, SpeakerRecipe, entries

from .blocks import PAGES, ROOT
from .test_blocks import check_command

PACKAGE = ROOT / "src/voice2face"
# Options of other programs.
OTHERS = {"--max-restarts", "--nnodes", "--head", "--requeue", "--bw-limit"}
SETTINGS = {*entries(Recipe()), *entries(SpeakerRecipe()), *entries(Run())}
PARTS = ("embedding.", "generator.", "critics.", "training.")


def options(command=None) -> Iterator[str]:
    """Of all commands."""
    command = command or get_command(app)
    for parameter in command.params:
        yield from (*parameter.opts, *parameter.secondary_opts)
    for one in getattr(command, "commands", {}).values():
        yield from options(one)


OPTIONS = {*options(), *OTHERS, "--help", "--install-completion", "--show-completion"}


def named(page) -> Iterator[str]:
    """What stands in backquotes within a page's lines."""
    text = re.sub(
        r"^( *)```.*?^\1```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE
    )
    yield from re.findall(r"`([^`\n]+)`", text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_is_named_exists(page):
    for code in named(page):
        told = f"{page.name}: `{code}`"
        for option in re.findall(r"(?:^|\s)(--[a-z][a-z-]*)", code):
            assert option in OPTIONS, told
        for path in re.findall(r"(?:^|\s)((?:src|tests|benchmarks|docs)/[\w./-]+)", code):
            assert (ROOT / path).exists(), told
        if re.fullmatch(r"[a-z_]+/[a-z_0-9]+\.py", code):
            assert (PACKAGE / code).is_file() or (ROOT / code).is_file(), told
        setting = code.split("=")[0].removeprefix("--set ")
        if (
            setting.startswith(PARTS)
            and not setting.endswith((".onnx", ".pth", ".npz", ".safetensors"))
            and re.fullmatch(r"[a-z_]+\.[a-z_0-9]+", setting)
        ):
            assert setting in SETTINGS, told
        if re.fullmatch(r"voice2face( [a-z-]+)+", code) and len(code.split()) > 2:
            check_command([*code.split()[1:], "--help"], told)


def test_there_is_something_to_look_at():
    every = [code for page in PAGES for code in named(page)]
    assert len(every) > 300 and "--workers" in every and "voice2face models" in every
