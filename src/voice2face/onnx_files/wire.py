"""Protobuf's wire format, read strictly: what a writer never writes is an error.

ONNX Runtime has a parser of its own that forgives much (numbers longer than they need to be, for
one). What is looked for in a file must be found however it is written, so such files are refused.

Source:
    https://protobuf.dev/programming-guides/encoding
"""

from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
MOST_FIELDS = 1_000_000  # of a file: reading them takes about a second
_LARGEST_TAG = (1 << 32) - 1
_FIXED = {FIXED64: 8, FIXED32: 4}

Field = tuple[int, int, int | memoryview]


class WireError(ValueError):
    """Bytes that no writer of protobuf writes, or too many of them."""


class Reader:
    """Reads the messages of one file, all of which together may have ``MOST_FIELDS`` fields."""

    def __init__(self) -> None:
        self._n_left = MOST_FIELDS

    def fields(self, message: memoryview) -> Iterator[Field]:
        """Number, wire type and value of each field: an integer, or bytes that are not copied.

        Raises:
            WireError: The message is not well formed.
        """
        at = 0
        while at < len(message):
            self._n_left -= 1
            if self._n_left < 0:
                raise WireError(f"more than {MOST_FIELDS} fields")
            tag, at = varint(message, at)
            number, kind = tag >> 3, tag & 7
            if tag > _LARGEST_TAG or number == 0:
                raise WireError("a field without a number")
            if kind == VARINT:
                value, at = varint(message, at)
                yield number, kind, value
                continue
            if kind == BYTES:
                n_bytes, at = varint(message, at)
            elif kind in _FIXED:
                n_bytes = _FIXED[kind]
            else:
                raise WireError("a field of an unknown kind")
            if n_bytes > len(message) - at:
                raise WireError("a field that is cut off")
            yield number, kind, message[at : at + n_bytes]
            at += n_bytes

    def integers(self, kind: int, value: int | memoryview) -> Iterator[int]:
        """Integers of a repeated field, one or several packed together, with their signs."""
        if isinstance(value, int):
            yield signed(value)
        elif kind == BYTES:
            at = 0
            while at < len(value):
                self._n_left -= 1
                if self._n_left < 0:
                    raise WireError(f"more than {MOST_FIELDS} fields")
                found, at = varint(value, at)
                yield signed(found)


def varint(data: memoryview, at: int) -> tuple[int, int]:
    """The number that is written at a position, and the position after it.

    Raises:
        WireError: It is cut off, longer than it need be, or has more than 64 bits.
    """
    value, shift = 0, 0
    for place in range(at, min(at + 10, len(data))):
        byte = data[place]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if (byte == 0 and shift) or value >> 64:
                raise WireError("a number that is longer than it need be")
            return value, place + 1
        shift += 7
    raise WireError("a number that is cut off")


def signed(value: int) -> int:
    """A number of 64 bits as protobuf's ``int64``."""
    return value - (1 << 64) if value >> 63 else value
