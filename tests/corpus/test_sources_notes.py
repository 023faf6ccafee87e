"""What is said of sources that can be used, but likely not as meant."""

import os
from pathlib import Path

import pytest

from .source_samples import inputs_of, make_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_files(tmp_path, ["a.wav", "b.wav", "sub/c.wav", "a.png"])


def _notes(folder: Path, content: str, **options: str) -> tuple[str, ...]:
    (folder / "t.csv").write_text(content)
    return inputs_of(folder / "t.csv", **{"split": "hash:100/0/0", **options}).notes  # type: ignore[arg-type]


def test_a_table_without_identities_is_said_once(folder: Path) -> None:
    start = f"{folder}/t.csv: no column 'identity': each row is a person of its own "
    assert _notes(folder, "voice\na.wav\nb.wav\n") == (start + "(--identity names a column)",)
    assert _notes(folder, "voice,id,Speaker-ID\na.wav,1,x\nb.wav,2,x\n") == (
        start + "(if 'Speaker-ID' says who it is, add --identity 'Speaker-ID')",
    )
    assert _notes(folder, "IDENTITY,voice\nx,a.wav\nx,b.wav\n") == ()
    assert _notes(folder, "speaker,voice\nx,a.wav\n", identity="speaker") == ()


@pytest.mark.parametrize(
    ("split", "message"),
    [
        (
            "initials",
            "no identity is in validation or test: --split initials goes by the first letter: "
            "A–B validation, C–E test, F–Z train",
        ),
        ("column", "no identity is in test: --split column goes by the column, which names none"),
        (
            "hash:99/1/0",
            "no identity is in validation: --split hash:99/1/0 goes by a hash of the name, and of "
            "2 none fell there",
        ),
        ("hash:100/0/0", None),
    ],
)
def test_a_part_that_is_empty_is_said(folder: Path, split: str, message: str | None) -> None:
    rows = "identity,voice,split\nMax,a.wav,train\nZoe,b.wav,validation\nAnn,,test\n"
    assert _notes(folder, rows, split=split) == ((message,) if message else ())


def test_nothing_is_said_of_parts_where_nothing_can_be_used(folder: Path) -> None:
    assert _notes(folder, "identity,voice\nMax,\n", split="initials") == ()


def test_paths_that_would_be_there_in_another_spelling(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(folder))

    def notes(*paths: str) -> tuple[str, ...]:
        rows = "".join(f"p{i},{path}\n" for i, path in enumerate(paths))
        return _notes(folder, "identity,voice\n" + rows)

    start = f"{folder}/t.csv, row "
    assert notes("a.wav", " b.wav ") == ()  # spaces around a cell don't count
    assert notes("~/a.wav") == (
        start + f"2: '~/a.wav' is not there, but '{folder}/a.wav' is: write out ~",
    )
    assert notes("gone.wav", "~nobody-of-that-name/a.wav") == ()
    if os.sep == "/":
        assert notes(r"sub\c.wav", r"sub\c.wav") == (
            start + r"2: 'sub\c.wav' is not there, but 'sub/c.wav' is: write / in paths",
        )


def test_notes_are_one_line(folder: Path) -> None:
    assert _notes(folder, 'voice,"id\n"\na.wav,x\n')[0].isprintable()
    assert _notes(folder, 'identity,voice\nx,"sub\\c.wav"\n')[0].isprintable()
