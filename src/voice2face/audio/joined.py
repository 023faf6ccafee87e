"""Files that are several recordings one after another, and WAV files that hold more than they say.

FFmpeg reads the first of them and says nothing of the rest.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from voice2face.errors import AudioError

MOST_PARTS = 10_000
MOST_CHUNKS = 1000  # of a WAV file before its samples; recorders write a dozen
MOST_PAGES = 200_000  # of Ogg, and boxes of MP4, that are walked: a day of it has 86,400
SCANNED_AT_ONCE = 1 << 20  # bytes
LONGEST_MAGIC = 80  # bytes of the longest beginning that is scanned for
WAV_PCM_TAGS = {1, 3, 0xFFFE}  # integer, float, extensible
UNKNOWN_BYTES = 0x7F00_0000  # programs that write to a pipe declare a length of 2 or 4 GiB
SMALL_S = 0.25  # what follows the declared end of a WAV file and is shorter does not count

_WAV = re.compile(rb"RIFF.{4}WAVE(?:fmt |JUNK|bext)", re.DOTALL)
_EBML = re.compile(rb"\x1a\x45\xdf\xa3.{1,60}?\x42\x82.(?:webm|matroska)", re.DOTALL)
_WAVPACK = re.compile(rb"wvpk.{12}\0{4}", re.DOTALL)
_CHUNK_NAME = re.compile(rb"[A-Za-z0-9 _]{4}")
# How many of their first bytes are the same in the next recording: AMR, FLV, VOC, TTA.
_WHOLE_HEADS = ((b"#!AMR", 6), (b"FLV\x01", 9), (b"Creative Voice File", 26), (b"TTA1", 14))
_EBML_MAGIC, _SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"


@dataclass(frozen=True)
class Span:
    """A part of a file that is a recording of its own.

    Attributes:
        start: Position of its first byte.
        end: After its last byte.
        wav: What its header says, if it is a WAV file.
        longer: Whether it is a WAV file with more sound than its header says.
    """

    start: int
    end: int
    wav: "WavHeader | None" = None
    longer: bool = False


@dataclass(frozen=True)
class WavHeader:
    """What the header of a WAV file promises, and what is there."""

    is_pcm: bool
    bytes_per_s: int
    data_start: int
    declared_bytes: int
    present_bytes: int


class _TooManyChunksError(Exception):
    """A WAV file that is made to be walked for ever."""


def spans_of(file: BinaryIO, n_bytes: int, name: str) -> list[Span]:
    """The recordings in a file, one after another; nearly always one.

    Args:
        file: File that can seek.
        n_bytes: Its size.
        name: What messages call it.

    Raises:
        AudioError: It is a WAV file that is made to be walked for ever.
    """
    try:
        return _spans(file, n_bytes)
    except _TooManyChunksError:
        found = f"more than {MOST_CHUNKS} chunks before its sound"
        raise AudioError(name, found, "an audio file", "convert it to WAV") from None


def _spans(file: BinaryIO, n_bytes: int) -> list[Span]:
    spans: list[Span] = []
    start = 0
    while start < n_bytes and len(spans) < MOST_PARTS:
        file.seek(start)
        head = file.read(26)
        follow = _FOLLOW.get(head[:4], _next_mp4 if head[4:8] == b"ftyp" else None)
        again = next((head[:n] for magic, n in _WHOLE_HEADS if head.startswith(magic)), None)
        if follow is None and again:
            span = _until(file, re.compile(re.escape(again)), start, start + 4, n_bytes)
        else:
            span = follow(file, start, n_bytes) if follow else Span(start, n_bytes)
        spans.append(span)
        start = span.end
    return spans or [Span(0, n_bytes)]


def _next_wav(file: BinaryIO, start: int, n_bytes: int) -> Span:
    header = _wav_header(file, start, n_bytes)
    if header is None:
        return Span(start, n_bytes)
    size = header.declared_bytes
    end = header.data_start + size + size % 2
    unknown = size == 0 or size >= UNKNOWN_BYTES
    if not unknown and (end >= n_bytes or _chunks_end(file, end, n_bytes)):
        return Span(start, n_bytes, header)
    found = _scan(file, _WAV, header.data_start, n_bytes) or n_bytes
    header = replace(header, present_bytes=found - header.data_start)
    left_s = (found - end) / max(header.bytes_per_s, 1)
    return Span(start, found, header, longer=not unknown and left_s > SMALL_S)


def _wav_header(file: BinaryIO, start: int, n_bytes: int) -> WavHeader | None:
    """Walk the chunks of a WAV file up to its sound."""
    file.seek(start)
    riff = file.read(12)
    if len(riff) < 12 or riff[:4] != b"RIFF" or riff[8:] != b"WAVE":
        return None
    is_pcm, bytes_per_s = False, 0
    for _ in range(MOST_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            return None
        (size,) = struct.unpack("<I", head[4:])
        at = file.tell()
        if head[:4] == b"data":
            header = WavHeader(is_pcm, bytes_per_s, at, size, n_bytes - at)
            return header if bytes_per_s else None
        if head[:4] == b"fmt " and len(body := file.read(min(size, 16))) == 16:
            tag, _, _, bytes_per_s = struct.unpack("<HHII", body[:12])
            is_pcm = tag in WAV_PCM_TAGS
        file.seek(at + size + size % 2)
    raise _TooManyChunksError


def _chunks_end(file: BinaryIO, at: int, n_bytes: int) -> bool:
    """Whether what follows the sound of a WAV file is its notes, up to the end of the file."""
    for _ in range(MOST_CHUNKS):
        if n_bytes - at < 8:
            return True
        file.seek(at)
        head = file.read(8)
        if head[:4] in (b"RIFF", b"\0\0\0\0") or not _CHUNK_NAME.fullmatch(head[:4]):
            return head[:3] in (b"ID3", b"TAG")  # which some programs append as they are
        (size,) = struct.unpack("<I", head[4:])
        at += 8 + size + size % 2
        if at > n_bytes + 1:
            return False
    return False


def _next_ebml(file: BinaryIO, start: int, n_bytes: int) -> Span:
    """Matroska and WebM: a header and a segment, whose length may not be known."""
    file.seek(start + 4)
    size = _vint(file)
    if size is not None:
        file.seek(file.tell() + size)
        if file.read(4) == _SEGMENT and (length := _vint(file)) is not None:
            return _followed_by(file, _EBML_MAGIC, start, file.tell() + length, n_bytes)
    return _until(file, _EBML, start, start + 4, n_bytes)


def _vint(file: BinaryIO) -> int | None:
    """A length in EBML; None where it is not known, or damaged."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    n_more = 8 - first[0].bit_length()
    value = int.from_bytes(bytes([first[0] & (1 << (7 - n_more)) - 1]) + file.read(n_more), "big")
    return None if value == (1 << 7 * (n_more + 1)) - 1 else value


def _next_ogg(file: BinaryIO, start: int, n_bytes: int) -> Span:
    """Ogg: a page that begins a stream, after pages that don't, begins another recording."""
    at, under_way = start, False
    for _ in range(MOST_PAGES):
        file.seek(at)
        head = file.read(27)
        if len(head) < 27 or head[:4] != b"OggS":  # the end, or damaged
            break
        if head[5] & 2:
            if under_way:
                return Span(start, at)
        else:
            under_way = True
        at += 27 + head[26] + sum(file.read(head[26]))
    return Span(start, n_bytes)


def _next_mp4(file: BinaryIO, start: int, n_bytes: int) -> Span:
    """MP4: a box that names the kind of file, after boxes of content, begins another recording."""
    for at, name in _boxes(file, start, n_bytes):
        if name == b"ftyp" and at > start:
            return Span(start, at)
    return Span(start, n_bytes)


def _boxes(file: BinaryIO, at: int, n_bytes: int) -> Iterator[tuple[int, bytes]]:
    for _ in range(MOST_PAGES):
        if n_bytes - at < 8:
            return
        file.seek(at)
        head = file.read(16)
        (size,) = struct.unpack(">I", head[:4])
        if size == 1 and len(head) == 16:
            (size,) = struct.unpack(">Q", head[8:])
        if size < 8:  # up to the end, or damaged
            return
        yield at, head[4:8]
        at += size


def _next_aiff(file: BinaryIO, start: int, n_bytes: int) -> Span:
    """AIFF: its first chunk says how long it is."""
    file.seek(start + 4)
    (size,) = struct.unpack(">I", file.read(4).ljust(4, b"\0"))
    return _followed_by(file, b"FORM", start, start + 8 + size + size % 2, n_bytes)


def _next_w64(file: BinaryIO, start: int, n_bytes: int) -> Span:
    """Wave64: its first chunk says how long it is."""
    file.seek(start + 16)
    (size,) = struct.unpack("<Q", file.read(8).ljust(8, b"\0"))
    return _followed_by(file, b"riff", start, start + size + -size % 8, n_bytes)


def _next_caf(file: BinaryIO, start: int, n_bytes: int) -> Span:
    """CAF: chunks up to the next file; the last may be of unknown length."""
    at = start + 8
    for _ in range(MOST_CHUNKS):
        file.seek(at)
        head = file.read(12)
        if len(head) < 12:
            break
        if head[:4] == b"caff":
            return Span(start, at)
        (size,) = struct.unpack(">q", head[4:])
        if size < 0:
            break
        at += 12 + size
    return Span(start, n_bytes)


def _next_wavpack(file: BinaryIO, start: int, n_bytes: int) -> Span:
    """WavPack: a first block, which counts its samples from 0, after the first ones."""
    at = start
    for _ in range(MOST_CHUNKS):
        file.seek(at)
        head = file.read(20).ljust(20, b"\0")
        size, first_sample = struct.unpack("<I8xI", head[4:])
        if head[:4] != b"wvpk" or first_sample:
            break
        at += 8 + size
    return _until(file, _WAVPACK, start, at, n_bytes)


def _followed_by(file: BinaryIO, magic: bytes, start: int, end: int, n_bytes: int) -> Span:
    """A span up to ``end`` if another file of its kind begins there, else up to the file's end."""
    if not start < end < n_bytes:
        return Span(start, n_bytes)
    file.seek(end)
    return Span(start, end if file.read(len(magic)) == magic else n_bytes)


def _until(
    file: BinaryIO, magic: re.Pattern[bytes], start: int, scanned_from: int, n_bytes: int
) -> Span:
    found = _scan(file, magic, scanned_from, n_bytes)
    return Span(start, n_bytes if found is None else found)


def _scan(file: BinaryIO, magic: re.Pattern[bytes], start: int, n_bytes: int) -> int | None:
    """Position of the next match of a pattern, from ``start`` on."""
    at = start
    while at < n_bytes:
        file.seek(at)
        block = file.read(SCANNED_AT_ONCE + LONGEST_MAGIC)
        found = magic.search(block)
        if found is not None:
            return at + found.start()
        at += SCANNED_AT_ONCE
    return None


_FOLLOW = {
    b"RIFF": _next_wav,
    _EBML_MAGIC: _next_ebml,
    b"OggS": _next_ogg,
    b"FORM": _next_aiff,
    b"riff": _next_w64,
    b"caff": _next_caf,
    b"wvpk": _next_wavpack,
}
