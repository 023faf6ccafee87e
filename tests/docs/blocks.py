"""The fenced blocks of a page, and the mark before each that says how it is tested.

A mark is a comment on the line before a block, so no reader sees it; its parts are separated by
semicolons: ``<!-- test: run; small; given me.wav corpus -->``. A reason comes last.

| part | the block |
|---|---|
| ``run`` | is run, by bash or as a Python program of its own |
| ``small`` | with it: sizes are those of ``sizes.py``, so that a training takes a second |
| ``given NAMES`` | with it: these things of ``given.py`` are there before it is run |
| ``fails`` | with it: its last command ends with status 2, as the page says |
| ``file PATH`` | is written to this file, for blocks after it |
| ``diff`` | is applied to a copy of the source, which blocks after it use (``given source``) |
| ``shown`` | is what the block before it prints, numbers aside; ``…`` stands for any lines |
| ``parse: WHY`` | can't be run for this reason; its ``voice2face`` lines are parsed |
| ``read: WHY`` | is nothing to run |

Blocks of a page are run in order, in one folder. A block without a mark fails its test, but for
formulas.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))

FENCE = re.compile(r"^( *)(`{3,}|~{3,})\s*([\w+-]*)[^`]*$")
MARK = re.compile(r"^\s*<!--\s*test:\s*(.*?)\s*-->\s*$")
SHELL, PYTHON, FORMULA = ("", "bash", "sh", "console", "shell"), ("python", "py"), "math"
HOW = ("run", "file", "diff", "shown", "parse", "read", "none")
FLAGS = ("small", "fails", "given")


@dataclass(frozen=True)
class Block:
    """One fenced block.

    Attributes:
        page: Its file, from the root of the repository.
        line: Of its fence, from 1.
        language: After the fence; empty: none.
        text: Its lines.
        how: One of ``HOW``; ``none``: there is no mark.
        about: What stands behind ``file``, ``parse`` and ``read``.
        flags: ``small`` and ``fails``.
        given: Names of things that are there beforehand.
        wrong: What can't be understood in its mark; empty: nothing.
    """

    page: str
    line: int
    language: str
    text: str
    how: str = "none"
    about: str = ""
    flags: frozenset[str] = frozenset()
    given: tuple[str, ...] = ()
    wrong: str = field(default="", compare=False)

    @property
    def place(self) -> str:
        """For messages."""
        return f"{self.page}:{self.line}"

    @property
    def is_shell(self) -> bool:
        """Whether it holds commands."""
        return self.language in SHELL

    @property
    def script(self) -> str:
        """Its commands; of a console session what stands behind the prompts."""
        if self.language != "console":
            return self.text
        lines, goes_on = [], False
        for line in self.text.splitlines():
            if goes_on or line.startswith("$ "):
                lines.append(line.removeprefix("$ "))
                goes_on = line.endswith("\\")
        return "\n".join(lines) + "\n"


def blocks_of(page: Path) -> list[Block]:
    """All blocks of a Markdown file, in order."""
    return list(_blocks(page.read_text("utf-8"), str(page.relative_to(ROOT))))


def _blocks(text: str, page: str) -> Iterator[Block]:
    lines = text.splitlines()
    mark = ""
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if found := MARK.match(line):
            mark = found[1]
            continue
        if not (fence := FENCE.match(line)):
            mark = mark if not line.strip() else ""
            continue
        start, body = at, []
        indent, ticks = len(fence[1]), fence[2]
        while at < len(lines) and lines[at].strip() != ticks:
            body.append(lines[at][indent:] if not lines[at][:indent].strip() else lines[at])
            at += 1
        at += 1
        inside = "\n".join(body) + "\n"
        yield _marked(Block(page, start, fence[3].lower(), inside), mark)
        mark = ""


def _marked(block: Block, mark: str) -> Block:
    how, about, flags, given, wrong = "none", "", set(), (), ""
    if block.language == FORMULA and not mark:
        how, about = "read", "a formula"
    *parts, last = re.split(r";\s*(?=(?:parse|read):)|^(?=(?:parse|read):)", mark, maxsplit=1)
    parts = [*";".join(parts).split(";"), last] if parts else last.split(";")
    for part in filter(None, (part.strip() for part in parts)):
        word, _, rest = part.partition(" ")
        word, rest = word.rstrip(":"), rest.strip()
        if word in HOW and how == "none":
            how, about = word, rest
        elif word == "given":
            given = tuple(rest.split())
        elif word in FLAGS:
            flags.add(word)
        else:
            wrong = f"'{part}' in its mark"
    if how in ("parse", "read", "file") and not about:
        wrong = f"'{how}' without what it needs"
    return Block(
        block.page, block.line, block.language, block.text, how, about, frozenset(flags), given,
        wrong,
    )  # fmt: skip


def command_lines(script: str) -> Iterator[list[str]]:
    """Each command of a script as words; comments and what joins commands are left out."""
    joined = re.sub(r"\\\n\s*", " ", script)
    for line in joined.splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words: list[str] = []
        for token in lexer:
            if set(token) <= set(";&|()<>"):
                yield words
                words = []
            else:
                words.append(token)
        yield words


def program_lines(script: str) -> Iterator[list[str]]:
    """The words that follow ``voice2face`` or ``-m voice2face`` in each command that has it."""
    for words in command_lines(script):
        plain = [word for word in words if not re.fullmatch(r"[A-Z_0-9]+=.*", word)]
        if plain[:1] == ["voice2face"]:
            yield plain[1:]
        elif "-m" in plain and plain[plain.index("-m") + 1 :][:1] == ["voice2face"]:
            yield plain[plain.index("-m") + 2 :]
