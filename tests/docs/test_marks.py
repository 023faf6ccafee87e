"""The tests of blocks notice what they are to notice."""

from pathlib import Path

import pytest

from .blocks import PAGES, Block, _blocks, blocks_of, command_lines, program_lines
from .sizes import INSTEAD, smaller
from .test_blocks import Page, check_command, check_other, check_parsed, check_shown

MARKED = """
Text.

<!-- test: run; small; given me.wav corpus -->
```bash
voice2face info
```

<!-- test: parse: needs a GPU; not here -->

~~~
a
~~~

    <!-- test: file x.py -->
    ```python
    if a:
        b
    ```

```math
x^2
```

```
bare
```
"""


def one(text: str, how: str = "parse", language: str = "bash", **more) -> Block:
    return Block("page.md", 1, language, text, how, "why", **more)


def test_blocks_and_their_marks_are_found():
    run, parse, file, formula, bare = _blocks(MARKED, "page.md")
    assert (run.how, run.given, run.text) == ("run", ("me.wav", "corpus"), "voice2face info\n")
    assert run.flags == {"small"} and run.line == 5
    assert (parse.how, parse.about, parse.language) == ("parse", "needs a GPU; not here", "")
    assert (file.how, file.about, file.text) == ("file", "x.py", "if a:\n    b\n")
    assert formula.how == "read" and bare.how == "none"
    assert not any(block.wrong for block in (run, parse, file, formula, bare))


@pytest.mark.parametrize("mark", ["ran", "run; smal", "parse", "read:", "run; file x", "file"])
def test_a_mark_that_is_not_understood_is_wrong(mark):
    (block,) = _blocks(f"<!-- test: {mark} -->\n```\n```\n", "page.md")
    assert block.wrong


def test_a_block_without_a_mark_fails(tmp_path):
    with pytest.raises(pytest.fail.Exception, match=r"page\.md:1: no mark"):
        Page(tmp_path, tmp_path, tmp_path).take(one("", "none"))
    with pytest.raises(AssertionError, match="'gold' is none of"):
        Page(tmp_path, tmp_path, tmp_path).take(one("", "run", given=("gold",)))


def test_a_block_that_fails_is_told(tmp_path, programs):
    page = Page(tmp_path, tmp_path, programs)
    with pytest.raises(AssertionError, match="No such command 'bogus'"):
        page.take(one("voice2face bogus\necho on\n", "run"))
    assert "on" not in page.printed.splitlines()
    page.take(one("voice2face bogus\n", "run", flags=frozenset({"fails"})))
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        page.take(one("1 / 0\n", "run", "python"))
    page.take(one("import sys; print(sys.argv, __name__)\n", "run", "python"))
    assert "__main__" in page.printed
    with pytest.raises(AssertionError, match="no extra gold"):
        page.take(one("pip install '.[train,gold]'\n", "run"))
    with pytest.raises(AssertionError, match="error"):
        page.take(one("--- a/x\n+++ b/x\n@@ -1,1 +1,1 @@\n-gone\n+here\n", "diff", "diff"))


@pytest.mark.parametrize(
    "text",
    [
        "voice2face train face corpus --variant tanh",  # OUT is missing
        "voice2face reconstruct me.wav --modell x",
        "torchrun --nnodes 2 -m voice2face train fase corpus out",
        "voice2face bogus",
        "A=1 voice2face cohort people --identities many",
        "voice2face info && \\\n  voice2face cohort",
        "python -m benchmarks bogus",
        "make bogus VOICE=x",
        "sh benchmarks/bogus.sh",
    ],
)
def test_what_can_not_be_parsed_fails(text):
    with pytest.raises((AssertionError, pytest.fail.Exception), match=r"page\.md:1"):
        check_parsed(one(text))


def test_what_can_be_parsed_passes():
    check_parsed(one("# a comment\nvoice2face info  # another\nmake demo VOICE=x.wav && cd x\n"))
    check_parsed(one("voice2face --version\nvoice2face train face --help\n"))
    check_command(["reconstruct", "a.wav", "-o", "x.png"], "here")
    check_other(["python", "-m", "benchmarks", "cold"], "here")


def test_commands_are_split():
    text = (
        'A=1 torchrun -m voice2face train voice a "b c" \\\n  --width 1  # so\nvoice2face info; ls'
    )
    assert list(program_lines(text)) == [
        ["train", "voice", "a", "b c", "--width", "1"], ["info"],
    ]  # fmt: skip
    assert ["ls"] in list(command_lines(text))


def test_output_that_was_not_printed_fails():
    printed = "note: x\n12 people, 0.51 [0.4, 0.6]  chance 0.5\nmodel: /tmp/a/runs/voice/model\n"
    check_shown(one("3 people, 0.9 [0, 1] chance 0.5\n…\nmodel: runs/voice/model\n"), printed)
    for line in ("12 cats, 0.51 [0.4, 0.6] chance 0.5", "model: runs/voice/card", "note: y"):
        with pytest.raises(AssertionError, match="not printed"):
            check_shown(one(line), printed)


def test_sizes_take_the_place_of_a_pages():
    words = ["cohort", "people", "--identities", "400", "--seed", "1", "--clips=9"]
    found = smaller(words)
    assert found[:4] == ["cohort", "people", "--seed", "1"] and "400" not in found
    assert found[found.index("--identities") + 1] == INSTEAD["cohort"]["--identities"]
    assert smaller(["evaluate", "x.csv", "--faces", "made"])[-1] == "made"


def test_there_are_pages():
    names = {Path(block.page).name for page in PAGES for block in blocks_of(page)}
    assert {"README.md", "tutorial.md", "training.md", "evaluation.md", "reproduce.md"} <= names
