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
MAX_TEXT_BYTES = 1 << 30  # all texts of a table that is read at once, written out
MEMORY_BYTES, MEMORY_PER_BYTE = 2048 * MIB, 4  # beyond what the process has; of what a file says


@contextlib.contextmanager
def opened_parquet(
    path: Path, most_bytes: int, *, checksums: bool = False, ceiling: bool = False
) -> Iterator[Any]:
    """A ``pyarrow.parquet.ParquetFile`` whose columns of text come as dictionaries.

    Args:
        path: The file.
        most_bytes: Largest size of the file.
        checksums: Compare those of its pages.
        ceiling: Limit the memory of the whole process within the block: what the file says of
            its size may be a lie.

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


def written_out(table: Any) -> Any:
    """The same table, in which texts are texts.

    Raises:
        OSError: A text is too long, or all together are.
    """
    pa, _ = arrow()
    texts = [column for column in table.columns if pa.types.is_dictionary(column.type)]
    if sum(_length(chunk) for column in texts for chunk in column.chunks) > MAX_TEXT_BYTES:
        raise OSError(errno.EFBIG, f"texts of more than {MAX_TEXT_BYTES // MIB} MiB")
    return table.cast(plain_schema(table.schema))


def texts_of(chunk: Any) -> list[str]:
    """Cells of an Arrow dictionary of texts without the spaces around them; null is empty.

    Equal cells are one object.

    Raises:
        OSError: One is longer than ``MAX_CELL``.
    """
    _length(chunk)
    texts = [(text or "").strip() for text in chunk.dictionary.to_pylist()]
    return ["" if i is None else texts[i] for i in chunk.indices.to_pylist()]


def plain_schema(schema: Any) -> Any:
    """An Arrow schema in which texts are texts, not dictionaries."""
    pa, _ = arrow()
    return pa.schema(
        field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field
        for field in schema
    )


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
