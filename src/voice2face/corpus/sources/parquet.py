"""A table in Parquet, as text like that of a CSV file."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from voice2face.corpus.parquet_file import MAX_CELL, opened_parquet, texts_of
from voice2face.corpus.schema import arrow
from voice2face.errors import CorpusError, reason_of
from voice2face.files import sha256_of

MAX_ROWS = 20_000_000
MAX_BYTES = 4 * 2**30  # not compressed, as the file says
MAX_FILE_BYTES = MAX_BYTES  # as it is
_MAGIC = b"PAR1"
_N_ROWS_AT_ONCE = 1024  # so that a value that is long and repeated stays bounded

_MAX_KNOWN = 100_000
_SCALARS = (
    "string large_string string_view null boolean integer floating decimal date time timestamp"
)

_Rows = list[tuple[int, Sequence[str]]]


def is_parquet(path: Path) -> bool:
    """Is a file called or marked as Parquet? False if it cannot be read."""
    if path.suffix.lower() in (".parquet", ".pq"):
        return True
    try:
        if not path.is_file():  # a pipe can be read only once
            return False
        with path.open("rb") as stream:
            return stream.read(len(_MAGIC)) == _MAGIC
    except (OSError, ValueError):
        return False


def read_parquet(path: Path) -> tuple[tuple[str, ...], _Rows, str]:
    """Names of the columns, numbered rows of text as in a CSV file, and the file's checksum.

    Numbers, truth values, dates and times become text; null and NaN the empty text. The first row
    is number 2, as if it came after a header.

    Raises:
        CorpusError: Damaged, too large, or with columns that are not text, numbers or times.
        MissingExtraError: The ``data`` extra is not installed.
    """
    pa, _ = arrow()
    try:
        with opened_parquet(path, MAX_FILE_BYTES, ceiling=True) as file:
            _check_size(path, file.metadata)
            schema = file.schema_arrow
            for field in schema:
                _check_type(path, field, pa)
            header = tuple(
                name.strip() or f"column_{i}" for i, name in enumerate(schema.names, start=1)
            )
            rows = _rows(path, file, pa)
        return header, rows, sha256_of(path)
    except pa.ArrowMemoryError as error:
        raise _damaged(path, "it takes more memory than it says") from error
    except (OSError, ValueError, pa.ArrowException) as error:  # ValueError: also not UTF-8
        raise _damaged(path, f"unreadable ({reason_of(error)})") from error


def one_of_equals(cells: Iterable[str], known: dict[str, str]) -> tuple[str, ...]:
    """The same cells; those that are in ``known`` from there, so that equal text is kept once."""
    if len(known) < _MAX_KNOWN:
        return tuple(known.setdefault(cell, cell) for cell in cells)
    return tuple(known.get(cell, cell) for cell in cells)


def _check_size(path: Path, metadata: Any) -> None:
    groups = (metadata.row_group(i) for i in range(metadata.num_row_groups))
    n_bytes = sum(group.total_byte_size for group in groups)
    if metadata.num_rows > MAX_ROWS or n_bytes > MAX_BYTES:
        raise CorpusError(
            path,
            f"{metadata.num_rows} rows of {n_bytes / 2**20:.0f} MiB",
            f"at most {MAX_ROWS} rows and {MAX_BYTES // 2**20} MiB",
            "leave out columns, or split it into several tables",
        )


def _check_type(path: Path, field: Any, pa: Any) -> None:
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    if not any(getattr(pa.types, f"is_{name}")(kind) for name in _SCALARS.split()):
        raise CorpusError(
            path,
            f"column '{field.name}' holds {str(field.type)[:80]}",
            "text, numbers or times, and files by their path",
            "leave it out, or write paths",
        )


def _rows(path: Path, file: Any, pa: Any) -> _Rows:
    rows: _Rows = []
    known: dict[str, str] = {}  # equal texts are kept once
    for batch in file.iter_batches(_N_ROWS_AT_ONCE, use_threads=False):
        columns = [_texts(column, pa) for column in batch.columns]
        for cells in zip(*columns, strict=True):
            number = len(rows) + 2
            if max(map(len, cells)) > MAX_CELL:
                raise CorpusError(
                    path,
                    f"row {number}: a cell of more than {MAX_CELL} characters",
                    "shorter ones",
                    "leave out its column",
                )
            rows.append((number, one_of_equals(cells, known)))
    return rows


def _damaged(path: Path, found: str) -> CorpusError:
    return CorpusError(path, found, "a table in Parquet", "write it again")


def _texts(column: Any, pa: Any) -> list[str]:
    if pa.types.is_dictionary(column.type):
        kind = column.type.value_type
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            return texts_of(column)
        column = column.cast(kind)
    if pa.types.is_floating(column.type):
        import pyarrow.compute as pc

        column = pc.if_else(pc.is_nan(column), None, column)
    return [(text or "").strip() for text in column.cast(pa.string()).to_pylist()]
