"""Files that are several recordings, or hold more than their header says: all of it is read."""

import io
import struct
import time

import numpy as np
import pytest

from voice2face.audio import load_clip
from voice2face.audio.decode import Part
from voice2face.audio.joined import Span, spans_of
from voice2face.errors import AudioError

from .audio_samples import RATE_HZ, encode, speech, write_wav

A, B = speech(2, 1), speech(3, 2)
KINDS = [
    ("wav", "pcm_s16le", 16_000),
    ("webm", "libopus", 48_000),
    ("matroska", "flac", 16_000),
    ("mp4", "aac", 44_100),
    ("ipod", "aac", 16_000),
    ("ogg", "libopus", 48_000),
    ("flac", "flac", 16_000),
    ("mp3", "libmp3lame", 16_000),
    ("adts", "aac", 16_000),
    ("aiff", "pcm_s16be", 16_000),
    ("caf", "pcm_s16le", 16_000),
    ("w64", "pcm_s16le", 16_000),
    ("wv", "wavpack", 16_000),
    ("tta", "tta", 16_000),
    ("flv", "aac", 44_100),
    ("voc", "pcm_u8", 16_000),
    ("amr", "libopencore_amrnb", 8_000),
    ("mpegts", "aac", 44_100),
]


def seconds(content: bytes) -> float:
    return len(load_clip(io.BytesIO(content))) / RATE_HZ


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind[0])
def test_recordings_one_after_another_are_read_to_the_end(kind):
    both = encode(A, *kind) + encode(B, *kind)
    assert seconds(both) == pytest.approx(5, abs=0.25)


def test_parts_follow_one_another_in_sound():
    both = load_clip(io.BytesIO(write_wav(A) + write_wav(B) + write_wav(A)))
    np.testing.assert_array_equal(both, np.concatenate((A, B, A)))


def test_parts_of_different_rates_and_a_chain_that_changes_its_codec():
    both = encode(A, "wav", "pcm_s16le", 8_000) + encode(B, "wav", "pcm_f32le", 48_000, "stereo")
    assert seconds(both) == pytest.approx(5, abs=0.05)
    chain = encode(A, "ogg", "libopus", 48_000) + encode(B, "ogg", "flac")
    assert seconds(chain) == pytest.approx(5, abs=0.1)


def test_a_damaged_part_refuses_all():
    cut = write_wav(B)[: len(write_wav(B)) // 2]
    with pytest.raises(AudioError, match="breaks off"):
        seconds(write_wav(A) + cut)


@pytest.mark.parametrize("declared", [0, 20_000, 2**31 - 1, 2**32 - 1])
@pytest.mark.parametrize("twice", [False, True])
def test_wav_headers_that_say_less_than_the_file_holds(declared, twice):
    """As recorders leave them that were switched off, pipes, and files of more than 4 GiB."""
    content = bytearray(write_wav(A))
    content[40:44] = struct.pack("<I", declared)
    wanted_s = 4 if twice else 2
    assert seconds(bytes(content) * (2 if twice else 1)) == pytest.approx(wanted_s, abs=0.01)


@pytest.mark.parametrize(
    "after",
    [
        b"LIST" + struct.pack("<I", 30_000) + bytes(30_000),
        b"cue " + struct.pack("<I", 4) + bytes(4) + b"id3 " + struct.pack("<I", 9001) + bytes(9002),
        b"ID3\4\0\0\0\0\1\x20" + bytes(20_000),
        bytes(3),
    ],
    ids=["notes", "two chunks", "tag", "filling"],
)
def test_notes_after_the_sound_are_no_sound(after):
    np.testing.assert_array_equal(load_clip(io.BytesIO(write_wav(A) + after)), A)


class Huge(io.BytesIO):
    """A WAV file of 5 GiB that isn't there, but for its header."""

    def seek(self, offset: int, whence: int = 0) -> int:
        self.at = offset if whence == 0 else 5 << 30
        return self.at

    def tell(self) -> int:
        return self.at

    def read(self, n: int = -1) -> bytes:
        data = self.getvalue()[self.at : self.at + n]
        filled = data + bytes(max(0, min(n, (5 << 30) - self.at) - len(data)))
        self.at += len(filled)
        return filled


def test_a_wav_of_more_than_4_gib_is_read_to_the_end_of_the_file(monkeypatch):
    monkeypatch.setattr("voice2face.audio.joined._scan", lambda *_: None)  # minutes
    content = bytearray(write_wav(A)[:44])
    content[40:44] = struct.pack("<I", ((5 << 30) - 44) % 2**32)
    (span,) = spans_of(Huge(bytes(content)), 5 << 30, "x")
    assert span.longer and span.end == 5 << 30


@pytest.mark.parametrize(
    "block",
    [
        b"OggS\0\0" + bytes(21),
        b"\0\0\0\x08free",
        b"caff\0\1\0\0" + b"free" + bytes(8),
        b"wvpk" + bytes(16),
        write_wav(A[:0]) + b"note" + bytes(4),
    ],
    ids=["ogg", "mp4", "caf", "wavpack", "wav"],
)
def test_a_file_of_nothing_but_chunks_is_walked_for_a_while_only(block):
    content = {b"\0": b"\0\0\0\x10ftypM4A \0\0\0\0"}.get(block[:1], b"") + block * 600_000
    started = time.process_time()
    spans_of(io.BytesIO(content), len(content), "x")
    assert time.process_time() - started < 2


def test_a_part_is_a_file():
    part = Part(io.BytesIO(b"0123456789"), Span(2, 7))
    assert part.read() == b"23456" and part.read() == b""
    assert part.seek(-2, 2) == 3 and part.read(9) == b"56"
    assert part.seek(1) == 1 and part.seek(1, 1) == 2 and part.read(1) == b"4"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind[0])
def test_one_recording_is_one(kind):
    content = encode(A, *kind)
    assert len(spans_of(io.BytesIO(content), len(content), "x")) == 1
    for cut in (10, 30, len(content) // 2):  # damaged ones end, too
        spans = spans_of(io.BytesIO(content[:cut]), cut, "x")
        assert spans[0].start == 0 and spans[-1].end == cut
