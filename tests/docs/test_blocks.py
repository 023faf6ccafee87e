"""Every block of README and documents is run, or says why it can't be."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from voice2face.cli import app

from .blocks import PAGES, PYTHON, ROOT, Block, blocks_of, command_lines, program_lines
from .given import GIVEN

TIMEOUT_S = 120
NAMED = [str(page.relative_to(ROOT)) for page in PAGES]
WITH_BLOCKS = [name for name in NAMED if blocks_of(ROOT / name)]


class Page:
    """The folder in which a page's blocks are run, and what the last one printed."""

    def __init__(self, folder: Path, people: Path, programs: Path) -> None:
        self.folder = folder
        self.people = people
        self.printed = ""
        self._environment = os.environ | {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "DOCS_PROGRAMS": str(programs / "programs"),
            "DOCS_PEOPLE": str(people),
            "PYTHONPATH": str(folder / "src"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "OMP_NUM_THREADS": "1",
            "COLUMNS": "80",
        }
        self._environment.pop("DOCS_SMALL", None)

    def take(self, block: Block) -> None:
        """Do what the block's mark says."""
        assert not block.wrong, f"{block.place}: {block.wrong}"
        for name in block.given:
            self._give(name, block)
        match block.how:
            case "none":
                pytest.fail(f"{block.place}: no mark says how this block is tested; see blocks.py")
            case "run":
                self._run(block)
            case "file":
                path = self.folder / block.about
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block.text)
            case "diff":
                words = ["git", "apply", "--unidiff-zero", "-"]
                self._bash(block, words, block.text)
            case "shown":
                check_shown(block, self.printed)
            case "parse":
                check_parsed(block)

    def _give(self, name: str, block: Block) -> None:
        assert name in GIVEN, f"{block.place}: '{name}' is none of {', '.join(GIVEN)}"
        with pytest.MonkeyPatch.context() as patch:
            for variable, value in self._environment.items():
                patch.setenv(variable, value)
            GIVEN[name](self.people, self.folder)

    def _run(self, block: Block) -> None:
        if block.is_shell:
            words, given = ["bash", "-euo", "pipefail", "-s"], block.script
        else:
            assert block.language in PYTHON, f"{block.place}: {block.language} can't be run"
            script = self.folder / f"block_{block.line}.py"
            script.write_text(block.text)
            words, given = ["python", script.name], ""
        self._bash(block, words, given)

    def _bash(self, block: Block, words: list[str], given: str) -> None:
        small = {"DOCS_SMALL": "1"} if "small" in block.flags else {}
        done = subprocess.run(
            words, input=given, cwd=self.folder, env=self._environment | small,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT_S,
            check=False,
        )  # fmt: skip
        self.printed = done.stdout
        wanted = 2 if "fails" in block.flags else 0
        told = f"{block.place}: status {done.returncode}\n{block.text}\n{done.stdout}"
        assert done.returncode == wanted, told


@pytest.mark.parametrize("name", WITH_BLOCKS)
def test_the_blocks_of(name, tmp_path, met, programs, models):
    page = Page(tmp_path, met, programs)
    for block in blocks_of(ROOT / name):
        page.take(block)


def check_parsed(block: Block) -> None:
    """Refuse commands, options, programs and targets that do not exist."""
    if block.language in PYTHON:
        compile(block.text, block.place, "exec")
        return
    for words in program_lines(block.script):
        check_command(words, block.place)
    for words in command_lines(block.script):
        check_other(words, block.place)


def check_command(words: list[str], place: str) -> None:
    """Parse the words that follow ``voice2face`` as the program does."""
    command = get_command(app)
    names = []
    while getattr(command, "commands", None) and words and not words[0].startswith("-"):
        name, *words = words
        assert name in command.commands, f"{place}: no command {' '.join([*names, name])}"
        command = command.commands[name]
        names.append(name)
    try:
        command.make_context(" ".join(names), list(words)).close()
    except typer.Exit:
        return
    except Exception as error:
        message = error.format_message() if hasattr(error, "format_message") else error
        pytest.fail(f"{place}: voice2face {' '.join([*names, *words])}: {message}")


def check_other(words: list[str], place: str) -> None:
    """``make TARGET``, ``python -m benchmarks NAME`` and scripts of the repository exist."""
    told = f"{place}: {' '.join(words)}"
    if words[:1] == ["make"]:
        targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        wanted = [word for word in words[1:] if "=" not in word]
        assert set(wanted) <= set(targets), told
    if words[:3] == ["python", "-m", "benchmarks"] and words[3:]:
        from benchmarks.registry import BENCHMARKS

        assert words[3] in dict(BENCHMARKS), told
    if words[:2] == ["python", "-m"] and words[2].startswith("benchmarks."):
        assert (ROOT / f"{words[2].replace('.', '/')}.py").is_file(), told
    for word in words:
        if re.fullmatch(r"(\./)?(benchmarks|docs|tests)/[\w./-]+", word):
            assert (ROOT / word).exists(), told


def check_shown(block: Block, printed: str) -> None:
    """Refuse a line of output that was not printed; numbers and spaces count for nothing."""
    lines = {plain(line) for line in printed.splitlines()}
    for line in block.text.splitlines():
        if line.strip() not in ("", "…", "..."):
            told = f"{block.place}: not printed: {line}\n{printed}"
            assert plain(line) in lines, told


def plain(line: str) -> str:
    """A line of output without what changes from run to run."""
    line = re.sub(r"\S*/(?=\w+/?\b)", "", line)  # folders
    line = re.sub(r"[-+−]?\d[\d.,]*(e-?\d+)?%?", "#", line)
    return re.sub(r"[\s|]+", " ", line).strip()


def test_all_extras_of_installations_are_known():
    """``pip install`` lines that are not run name extras that exist."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    for name in NAMED:
        for block in blocks_of(ROOT / name):
            for found in re.findall(r"pip install[^\n]*\.\[([\w,-]+)\]", block.text):
                assert set(found.split(",")) <= set(extras), block.place
