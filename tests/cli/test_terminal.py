"""No character of a file moves the cursor, changes colours or turns the direction of writing."""

import json

import pytest
import typer

from voice2face.cli.output import print_json, print_lines, print_note
from voice2face.errors import AudioError, one_line

HOSTILE = "a\x1b[2J\x9b31m\r\n\u202egnp.exe\u2066\u200f\u061c\ufeff\U000e0041\u2028\x7fz"


@pytest.fixture
def said(capsys):
    def read() -> str:
        captured = capsys.readouterr()
        return captured.out + captured.err

    return read


def test_lines_notes_and_errors_hold_none(said):
    print_lines(HOSTILE)
    print_note(HOSTILE)
    typer.echo(str(AudioError(HOSTILE, HOSTILE, "x", "y")))
    text = said()
    assert text.count("\n") == 3
    assert all(line == one_line(line) and "gnp.exe" in line for line in text.splitlines())


def test_json_escapes_them_and_means_the_same(said):
    print_json({HOSTILE: [HOSTILE]})
    text = said()
    assert json.loads(text) == {HOSTILE: [HOSTILE]}
    assert all(line == one_line(line) for line in text.split("\n"))


def test_writing_of_all_peoples_stays():
    for text in ("Zoë", "محمد", "מיכל", "क्षि", "👩‍👩‍👧", "می\u200cخواهم", "한글"):
        assert one_line(text) == text
