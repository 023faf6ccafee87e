"""Tables as spreadsheets, scripts and data frames write them."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from voice2face.corpus.prepare.inputs import collect
from voice2face.corpus.prepare.splits import SplitRule
from voice2face.corpus.sources import Columns, read_source
from voice2face.errors import CorpusError

Attempt = Callable[[], tuple[str, bool]]
Listed = Iterator[tuple[str, str, Attempt]]

ROWS = (("anna", "a.wav", "a.png", "female"), ("ben", "b.wav", "b.png", "male"))
NAMES = ("identity", "voice", "face", "gender")


def tables(folder: Path) -> Listed:
    """All situations, each with what should come of it and the attempt."""
    for person in "ab":
        for suffix in ("wav", "png"):
            (folder / f"{person}.{suffix}").touch()
    for number, (situation, content, options) in enumerate((*_texts(), *_arrow(folder))):
        place = folder / f"{number}.csv"
        if isinstance(content, Path):
            place = content
        else:
            place.write_bytes(content)
        yield situation, "two people with voice, face and gender", partial(_read, place, options)
    for number, (situation, content, words) in enumerate(_unusable()):
        place = folder / f"bad-{number}.csv"
        place.write_bytes(content)
        yield situation, f"refused: {words}", partial(_refused, place, words)


def _text(delimiter: str = ",", end: str = "\n", names: tuple[str, ...] = NAMES) -> str:
    return end.join(delimiter.join(row) for row in (names, *ROWS)) + end


def _texts() -> Iterator[tuple[str, bytes, dict[str, str]]]:
    for delimiter, what in ((",", "commas"), (";", "semicolons"), ("\t", "tabs")):
        yield f"CSV with {what}", _text(delimiter).encode(), {}
        yield f"CSV with {what}, Windows' line ends", _text(delimiter, "\r\n").encode(), {}
        yield (
            f"CSV with {what} and a byte order mark",
            b"\xef\xbb\xbf" + _text(delimiter).encode(),
            {},
        )
    for line in ("sep=;\n", "sep=;\r\n", '"sep=;"\r\n', "\ufeffsep=;\r\n"):
        yield f"a first line {line!r}", line.encode() + _text(";").encode(), {}
    quoted = "\n".join(",".join(f'"{cell}"' for cell in row) for row in (NAMES, *ROWS))
    yield "all cells in quotes", quoted.encode(), {}
    yield "no line end at the end", _text().rstrip().encode(), {}
    yield "empty lines between", _text().replace("\n", "\n\n").encode(), {}
    yield "rows of empty cells at the end", (_text() + ",,,\n" * 5).encode(), {}
    upper = tuple(name.upper() for name in NAMES)
    yield "names of columns in capitals", _text(names=upper).encode(), {}
    spaced = tuple(f" {name} " for name in NAMES)
    yield "spaces around the names of columns", _text(names=spaced).encode(), {}
    yield "spaces around cells", _text(" , ").encode(), {}
    yield "a gender in capitals", _text().replace(",female", ",Female").encode(), {}
    others = ("who", "sound", "photo", "gender")
    named = {"identity": "who", "voice": "sound", "face": "photo"}
    yield "columns of other names", _text(names=others).encode(), named
    picture = ("identity", "voice", "picture", "gender")
    yield "a column 'picture'", _text(names=picture).encode(), {}
    parted = "identity,voice,face,gender\nanna,a.wav,,female\nanna,,a.png,female\n"
    parted += "ben,b.wav,,male\nben,,b.png,male\n"
    yield "a row for each file", parted.encode(), {}
    twice = _text() + "anna,a.wav,a.png,female\n"
    yield "a row that is there twice", twice.encode(), {}


def _arrow(folder: Path) -> Iterator[tuple[str, Path, dict[str, str]]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns: dict[str, Any] = dict(zip(NAMES, map(list, zip(*ROWS, strict=True)), strict=True))
    ages = {"age": [40.5, float("nan")]}
    coded = {"gender": pa.array(columns["gender"]).dictionary_encode()}
    for number, (what, made) in enumerate((
        ("Parquet", columns),
        ("Parquet whose first column is a float", ages | columns),
        ("Parquet with coded text", columns | coded),
        ("Parquet with spaces around text", columns | {"gender": [" female", "male "]}),
    )):  # fmt: skip
        path = folder / f"{number}.parquet"
        pq.write_table(pa.table(made), path)
        yield what, path, {}


def _unusable() -> Iterator[tuple[str, bytes, str]]:
    yield "an empty file", b"", "empty"
    yield "names of columns alone", b"identity,voice\n", "no rows"
    yield "no column of files", b"identity,age\np,3\n", "a column 'voice' or 'face'"
    yield "two columns of one name", b"voice,voice\na.wav,b.wav\n", "two columns 'voice'"
    yield "an Excel workbook", b"PK\x03\x04\x14\x00\x06\x00\x08" + b"\xe1\xff" * 50, "UTF-8"
    yield "Windows' own letters", "identity,voice\nJürgen,a.wav\n".encode("cp1252"), "UTF-8"
    yield "UTF-16", "identity,voice\np,a.wav\n".encode("utf-16"), "UTF-8"
    yield "a quote that is never closed", b'identity,voice\n"p,a.wav\n', "quotes"
    yield "damaged Parquet", b"PAR1" + bytes(100), "unreadable"


def _read(place: Path, options: dict[str, str]) -> tuple[str, bool]:
    source = read_source(place, "table", Columns(**options))
    inputs = collect([source], SplitRule.parse("hash:100/0/0"))
    found = {
        (item.identity, item.kind, item.path, value.lower())
        for item in inputs.usable
        for name, value in item.attributes.items()
        if name.lower() == "gender"
    }
    wanted = {
        (identity, kind, path, gender)
        for identity, voice, face, gender in ROWS
        for kind, path in (("voice", voice), ("face", face))
    }
    return f"{len(inputs.usable)} files of {len({i for i, *_ in found})} people", found == wanted


def _refused(place: Path, words: str) -> tuple[str, bool]:
    try:
        read_source(place, "table")
    except CorpusError as error:
        return str(error), words in str(error) and "\n" not in str(error)
    return "taken", False
