"""Parquet files of strangers: regular, of a bounded size, and with cells that stay bounded.

A text that is repeated may be in a file once and, written out, many times over. So texts are read
as the file may hold them, each once, and looked at before they are written out.
"""

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from voice2face.ceilings import MIB, memory_ceiling
from voice2face.corpus.schema import arrow
from voice2face.files import check_regular

MAX_CELL = 1_000_000  # characters of a text
MAX_TEXT_BYTES = 1 << 30  # of all texts of a table that is read at once, written out
MEMORY_BYTES, MEMORY_PER_BYTE = 2048 * MIB, 4  # beyond what the process has; of what a file says


@contextlib.contextmanager
def opened_parquet(
    path: Path, most_bytes: int, *, checksums: bool = False, ceiling: bool = False
) -> Iterator[Any]:
    """A ``pyarrow.parquet.ParquetFile`` whose columns of text come as dictionaries.

    Args:
        path: The file.
        most_bytes: Of it, as it is.
        checksums: Compare those of its pages.
        ceiling: Of memory, for the whole process within the block: what the file says of its
            size may be a lie.

    Raises:
        OSError: It cannot be read, is no regular file, or too large.
        ArrowException: It is damaged.
    """
    pa, pq = arrow()
    check_regular(path.stat(), most_bytes)
    metadata = pq.read_metadata(path)
    texts = [
        field.name
        for field in metadata.schema.to_arrow_schema()
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)
    ]
    n_bytes = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
    more_bytes = MEMORY_BYTES + MEMORY_PER_BYTE * max(n_bytes, 0)
    with (
        memory_ceiling(more_bytes) if ceiling else contextlib.nullcontext(),
        pq.ParquetFile(
            path, metadata=metadata, read_dictionary=texts, pre_buffer=False,
            page_checksum_verification=checksums,
        ) as file,
    ):  # fmt: skip
        yield file


def plain_schema(file: Any) -> Any:
    """The Arrow schema of an opened file, in which texts are texts."""
    pa, _ = arrow()
    return pa.schema([_plain_field(field, pa) for field in file.schema_arrow])


def written_out(table: Any) -> Any:
    """The same table, in which texts are texts.

    Raises:
        OSError: A text is too long, or all together are.
    """
    pa, _ = arrow()
    n_bytes = 0
    columns = []
    for column in table.columns:
        if pa.types.is_dictionary(column.type):
            n_bytes += sum(_length(chunk) for chunk in column.chunks)
            if n_bytes > MAX_TEXT_BYTES:
                raise OSError(errno.EFBIG, f"texts of more than {MAX_TEXT_BYTES // MIB} MiB")
            column = column.cast(column.type.value_type)
        columns.append(column)
    fields = [_plain_field(field, pa) for field in table.schema]
    return pa.table(columns, schema=pa.schema(fields))


def texts_of(chunk: Any) -> list[str]:
    """Cells of an Arrow dictionary of texts without the spaces around them; null is empty.

    Equal cells are one object.

    Raises:
        OSError: One is longer than ``MAX_CELL``.
    """
    _length(chunk)
    texts = [(text or "").strip() for text in chunk.dictionary.to_pylist()]
    return ["" if i is None else texts[i] for i in chunk.indices.to_pylist()]


def reason_of(error: Exception) -> str:
    """What Arrow or the system says, in one short line."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text).splitlines()[0][:200]


def _plain_field(field: Any, pa: Any) -> Any:
    if pa.types.is_dictionary(field.type):
        return pa.field(field.name, field.type.value_type, field.nullable)
    return field


def _length(chunk: Any) -> int:
    """Bytes of the texts of a dictionary array, written out; none may be longer than a cell."""
    from pyarrow import compute  # which `import pyarrow` does not bring

    if not len(chunk) or not len(chunk.dictionary):
        return 0
    lengths = compute.binary_length(chunk.dictionary)
    if (longest := compute.max(lengths).as_py() or 0) > 4 * MAX_CELL:
        raise OSError(errno.EFBIG, f"a cell of {longest} bytes")
    taken = lengths.take(chunk.indices).cast("int64")
    return int(compute.sum(taken).as_py() or 0)
