"""Tables of recordings and pictures, as people write them."""

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from voice2face.corpus.parquet_file import MAX_CELL
from voice2face.corpus.schema import NAME_COLUMN, Kind, Reader, SourceInfo, reserved_columns
from voice2face.corpus.sources.found import LOG_MELS, VIDEOS, suffix_of
from voice2face.corpus.sources.parquet import is_parquet, one_of_equals, read_parquet
from voice2face.errors import CorpusError, reason_of
from voice2face.files import read_regular, stored_text

N_PROBED = 100  # values of `face` that are looked up before the column is taken for an id
MAX_BYTES = 2**30  # of a table as text: 20 million rows of 50 characters
_SEP_LINE = re.compile(rb'(?:\xef\xbb\xbf)?"?sep=([,;\t|])"?[,;\t|]*\r?\n')

Row = tuple[int, Sequence[str]]


@dataclass(frozen=True)
class Columns:
    """Names of columns that the caller gives; None: the name as it is here.

    A table that has no column of a given name is read as if none were given.
    """

    identity: str | None = None
    voice: str | None = None
    face: str | None = None


@dataclass(frozen=True)
class Table:
    """One table, read and understood.

    Args:
        info: Where it comes from and which columns name identity, voice and face.
        root: What its paths are relative to.
        header: Names of all columns.
        rows: Number of the row (the header is 1) and its cells; a row that is longer or shorter
            than the header is kept as it is.
        picture_id: The column that names a picture, when there is one.
    """

    info: SourceInfo
    root: Path
    header: tuple[str, ...]
    rows: list[Row]
    picture_id: str | None

    def reader(self, kind: Kind, path: str) -> Reader:
        """How a file of this table is read; its suffix tells."""
        suffix = suffix_of(path)
        if kind == "voice":
            return LOG_MELS.get(suffix, "recording")
        return VIDEOS.get(suffix, "aligned" if self.info.aligned else "picture")

    def name_column(self, kind: Kind) -> str | None:
        """The column that names a clip or a picture."""
        if kind == "face":
            return self.picture_id
        return column_named(NAME_COLUMN["voice"], self.header)

    def attributes(self, kind: Kind, split: str | None) -> dict[str, int]:
        """Names of attributes in the corpus, and the columns that they come from.

        Args:
            kind: Kind of the inputs that get them.
            split: The column that says the part of the corpus; it is no attribute.
        """
        info, taken = self.info, reserved_columns(kind)
        used = {info.identity, info.voice, info.face, self.name_column(kind), split}
        result: dict[str, int] = {}
        for index, column in enumerate(self.header):
            if column not in used:
                name = column
                while name in taken or (name != column and name in self.header):
                    name += "_"
                result[name] = index
        return result


def read_table(path: Path, columns: Columns, *, aligned: bool = False) -> Table:
    """Read a table: Parquet, or UTF-8 with cells parted by comma, tab or semicolon.

    The first row of text has the names, in large or small letters; spaces around cells don't count,
    and a first line ``sep=;``, which spreadsheets write, names what parts them. The picture's path
    is in ``face``; where there is no such column, or none of its first 100 values is a file, it is
    in ``picture`` (and ``face`` is an id).

    Args:
        path: The file.
        columns: Other names of columns.
        aligned: The pictures are aligned faces.

    Raises:
        CorpusError: Not such a table, or one without recordings and pictures.
    """
    header, rows, sha256 = read_parquet(path) if is_parquet(path) else _read_text(path, columns)
    for name in header:
        if header.count(name) > 1:
            raise CorpusError(path, f"two columns '{name}'", "one", "rename one of them")
    if not rows:
        raise CorpusError(path, "no rows", "recordings or pictures", "fill the table")
    root = path.absolute().parent
    face, picture_id = _face_columns(root, header, rows, columns)
    voice = column_named(columns.voice, header) or column_named("voice", header, but=face)
    identity = column_named(columns.identity, header) or column_named("identity", header)
    if columns.identity and not identity:
        raise _no_column(path, f"'{columns.identity}'", header)
    if voice is None and face is None:
        wanted = [columns.voice or "voice", columns.face or "face"]
        raise _no_column(path, f"'{wanted[0]}' or '{wanted[1]}'", header)
    info = SourceInfo(
        layout="table",
        path=stored_text(str(path.absolute())),
        sha256=sha256,
        rows=len(rows),
        aligned=aligned,
        identity=identity,
        voice=voice,
        face=face,
    )
    return Table(info, root, header, rows, picture_id)


def column_named(name: str | None, header: Sequence[str], but: str | None = None) -> str | None:
    """The column of a name; if there is none, one that differs in large and small letters.

    Args:
        name: What it should be called; None: no column is.
        header: Names of all columns.
        but: A column that is taken by another role.
    """
    if name is None or name in header:
        return name if name != but else None
    folded = name.casefold()
    return next((n for n in header if n.casefold() == folded and n != but), None)


def is_file(path: Path) -> bool:
    """Is it a regular file? False, not an error, for a name that no file can have."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _read_text(path: Path, columns: Columns) -> tuple[tuple[str, ...], list[Row], str]:
    try:
        data = read_regular(path, MAX_BYTES)
    except OSError as error:
        wanted, remedy = "a table (CSV or Parquet)", "correct the path, or the --layout"
        raise CorpusError(path, reason_of(error), wanted, remedy) from error
    return *_parse(path, data, columns), hashlib.sha256(data).hexdigest()


def _parse(path: Path, data: bytes, columns: Columns) -> tuple[tuple[str, ...], list[Row]]:
    not_table = "a table (CSV, UTF-8, first row the names of the columns; or Parquet)"
    named = _SEP_LINE.match(data)
    data = data[named.end() :] if named else data
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorpusError(
            path, f"not UTF-8 text (byte {error.start})", not_table, "save it as CSV in UTF-8"
        ) from error
    number, rows = 0, list[Row]()
    known: dict[str, str] = {}
    limit = csv.field_size_limit(MAX_CELL)  # for the whole process: put back below
    try:
        delimiter = named[1].decode() if named else _delimiter(data, columns)
        for number, row in enumerate(_reader(data, delimiter), start=1):
            if any(cell.strip() for cell in row):
                rows.append((number, one_of_equals(map(str.strip, row), known)))
    except csv.Error as error:
        raise CorpusError(
            path, f"row {number + 1}: {error}", not_table, "correct the quotes of that row"
        ) from error
    finally:
        csv.field_size_limit(limit)
    if not rows:
        raise CorpusError(path, "empty", not_table, "choose another table")
    names = (name.strip() or f"column_{i}" for i, name in enumerate(rows[0][1], start=1))
    return tuple(names), rows[1:]


def _reader(data: bytes, delimiter: str) -> Iterator[list[str]]:
    text = io.TextIOWrapper(io.BytesIO(data), "utf-8-sig", newline="")
    return csv.reader(text, delimiter=delimiter, strict=True)


def _delimiter(data: bytes, columns: Columns) -> str:
    """The one that makes known names of the first row; of equals, the one that makes most."""
    known = {"identity", "voice", "face", "picture"}
    named = (columns.identity, columns.voice, columns.face)
    known |= {name.casefold() for name in named if name}

    def score(delimiter: str) -> tuple[int, int]:
        try:
            first: list[str] = next(_reader(data, delimiter), [])
        except csv.Error:
            return -1, 0
        return len(known & {name.strip().casefold() for name in first}), len(first)

    return max(",\t;", key=score)


def _face_columns(
    root: Path, header: Sequence[str], rows: Sequence[Row], columns: Columns
) -> tuple[str | None, str | None]:
    """The column of a picture's path, and the one of its id."""
    if given := column_named(columns.face, header):
        return given, column_named("picture", header, but=given)
    face, picture = column_named("face", header), column_named("picture", header)
    if face is None or picture is None:
        return face or picture, None
    index = header.index(face)
    values = [row[index] for _, row in rows if len(row) > index and row[index].strip()]
    if any(is_file(root / value) for value in values[:N_PROBED]):
        return face, picture
    return picture, face


def _no_column(path: Path, wanted: str, header: Sequence[str]) -> CorpusError:
    found = ", ".join(name[:40] for name in header[:12]) + (", …" if len(header) > 12 else "")
    return CorpusError(
        path,
        f"columns {found}",
        f"a column {wanted}",
        "rename a column, or name yours with --voice or --face",
    )
