"""Whatever is wrong with a recording, it ends as one AudioError that says so."""

import io
import math
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voice2face.audio import load_clip
from voice2face.errors import AudioError

from .audio_samples import (
    RATE_HZ,
    encode,
    encode_for_the_web,
    silent_video,
    speech,
    write_float_wav,
    write_wav,
)

WAVEFORM = speech(4)
NAN, INF = np.array([0.1, np.nan, 0.2]), np.array([0.1, np.inf, 0.2])


def with_bad_sample(value: float) -> bytes:
    samples = WAVEFORM / 32768
    samples[len(samples) // 2] = value
    return write_float_wav(samples)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "an empty file"),
        (b"Dear diary,\n" * 200, "not decodable"),
        (b"RIFF\x00\x00\x00\x00WAVE", "not decodable"),
        (write_wav(WAVEFORM)[:44], "breaks off after 0.0 of 4.0 s"),
        (write_wav(WAVEFORM[:0]), "no sound that could be decoded"),
        (silent_video(), "pictures without sound"),
        (with_bad_sample(math.nan), "NaN or infinite samples"),
        (with_bad_sample(-math.inf), "NaN or infinite samples"),
        (write_float_wav(WAVEFORM.astype(float)), "floats that reach"),
        (write_wav(WAVEFORM, rate=10), "sample rate 10"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_files(tmp_path, content, found):
    path = tmp_path / "clip.wav"
    path.write_bytes(content)
    with pytest.raises(AudioError) as caught:
        load_clip(path)
    assert caught.value.thing == str(path)
    assert found in caught.value.found
    assert caught.value.wanted
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("missing.wav", "no such file"),
        ("", "a folder"),
        (".", "a folder"),
        ("with\0zero.wav", "could not be opened"),
        ("x" * 5000, "could not be opened"),
    ],
    ids=["missing", "empty", "folder", "zero byte", "long"],
)
def test_paths(tmp_path, monkeypatch, name, found):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AudioError, match=found) as caught:
        load_clip(name)
    assert "\n" not in str(caught.value)


def cover(side: int) -> bytes:
    """A black picture as a PNG of little size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(kind + data).to_bytes(4, "big")
        return len(data).to_bytes(4, "big") + kind + data + checksum

    packer = zlib.compressobj()
    rows = b"".join(packer.compress(bytes(1 + 3 * side)) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def with_covers(mp3: bytes, picture: bytes, n: int) -> bytes:
    """An MP3 file with the same picture many times in its ID3 tag."""

    def syncsafe(number: int) -> bytes:
        return bytes(number >> shift & 127 for shift in (21, 14, 7, 0))

    body = b"\0image/png\0\3\0" + picture
    frames = (b"APIC" + syncsafe(len(body)) + b"\0\0" + body) * n
    return b"ID3\4\0\0" + syncsafe(len(frames)) + frames + mp3


LOADS = """
import resource, sys
from voice2face.audio import load_clip

def peak_kb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

before = peak_kb()
print(len(load_clip(sys.argv[1])), (peak_kb() - before) // 1000)
"""


def test_pictures_in_a_recording_take_no_memory(tmp_path):
    """Forty that would take 100 MB each, of a file of 5 MB; the sound is read all the same."""
    path = tmp_path / "covers.mp3"
    path.write_bytes(with_covers(encode(WAVEFORM, "mp3", "mp3"), cover(6000), 40))
    assert path.stat().st_size < 6_000_000
    done = subprocess.run([sys.executable, "-c", LOADS, str(path)], capture_output=True, check=True)
    n_samples, megabytes = map(int, done.stdout.split())
    assert n_samples == pytest.approx(len(WAVEFORM), abs=2000)
    assert megabytes < 150


class Failing(io.RawIOBase):
    """A file object whose device goes away."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        raise self.error


def closed() -> io.BytesIO:
    file = io.BytesIO(write_wav(WAVEFORM))
    file.close()
    return file


@pytest.mark.parametrize(
    "source",
    [
        None,
        3,
        b"RIFF",
        [0.1, 0.2],
        np.int16(3),
        io.StringIO("text"),
        closed(),
        Failing(OSError(5, "Input/output error")),
        Failing(TypeError("text")),
        Failing(LookupError("no decoder")),
    ],
    ids=lambda source: type(source).__name__,
)
def test_sources_that_are_no_recordings(source):
    with pytest.raises(AudioError):
        load_clip(source)


@pytest.mark.parametrize(
    ("samples", "rate", "found"),
    [
        (NAN, RATE_HZ, "NaN"),
        (INF.astype(np.float32), RATE_HZ, "NaN or infinite"),
        (WAVEFORM.astype(np.float32), RATE_HZ, "floats that reach"),
        (np.zeros(0, np.int16), RATE_HZ, "no samples"),
        (np.zeros((100, 0)), RATE_HZ, "no samples"),
        (np.zeros((2, 2, 2), np.int16), RATE_HZ, "shape"),
        (np.zeros((2, 16_000), np.int16), RATE_HZ, r"shape \(2, 16000\)"),
        (np.zeros(100, np.int32), RATE_HZ, "int32"),
        (np.zeros(100, np.uint8), RATE_HZ, "uint8"),
        (np.zeros(100, bool), RATE_HZ, "bool"),
        (np.zeros(100, complex), RATE_HZ, "complex"),
        (np.array([None]), RATE_HZ, "object"),
        (WAVEFORM, None, "no sample rate"),
        (WAVEFORM, 0, "sample rate 0"),
        (WAVEFORM, 16, "sample rate 16"),
        (WAVEFORM, -RATE_HZ, "sample rate -16000"),
        (WAVEFORM, 16_000.5, r"sample rate 16000\.5"),
        (WAVEFORM, math.nan, "sample rate nan"),
        (WAVEFORM, "16000", "sample rate '16000'"),
        (WAVEFORM, True, "sample rate True"),
    ],
)
def test_arrays(samples, rate, found):
    with pytest.raises(AudioError, match=found) as caught:
        load_clip(samples, rate)
    assert caught.value.thing == "waveform"


def test_a_rate_is_not_silently_ignored():
    with pytest.raises(AudioError, match="a rate for arrays alone"):
        load_clip(io.BytesIO(write_wav(WAVEFORM)), 8000)


@pytest.mark.parametrize(
    ("container", "codec", "rate"),
    [
        ("wav", "pcm_s16le", 16_000),
        ("wav", "pcm_f32le", 48_000),
        ("flac", "flac", 16_000),
        ("aiff", "pcm_s16be", 16_000),
        ("matroska", "flac", 16_000),
        ("mp4", "aac", 44_100),
    ],
)
def test_a_file_cut_in_half_is_refused_and_one_nearly_whole_is_not(
    tmp_path, container, codec, rate
):
    path = tmp_path / f"clip.{container}"
    if container == "mp4":
        encode_for_the_web(path, WAVEFORM)
    else:
        path.write_bytes(encode(WAVEFORM, container, codec, rate))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(AudioError, match=r"breaks off after [12]\.\d of 4\.0 s; a whole recording"):
        load_clip(path)
    path.write_bytes(content[: round(len(content) * 0.97)])
    assert len(load_clip(path)) > 0.9 * len(WAVEFORM)


def test_damage_is_skipped_where_little_is_lost_and_refused_where_much_is():
    content = bytearray(encode(WAVEFORM, "flac", "flac", 16_000))
    middle = len(content) // 2
    content[middle : middle + 40] = bytes(40)
    loaded = load_clip(io.BytesIO(content))
    assert 0.9 * len(WAVEFORM) < len(loaded) < len(WAVEFORM)
    for at in range(middle // 2, 3 * middle // 2, 500):
        content[at : at + 40] = bytes(40)
    with pytest.raises(AudioError, match=r"breaks off|damaged"):
        load_clip(io.BytesIO(content))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{}\n#EXT-X-ENDLIST\n"),
        ("list.ffconcat", "ffconcat version 1.0\nfile {}\n"),
    ],
)
def test_a_playlist_opens_no_other_file(tmp_path, monkeypatch, name, text):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.wav").write_bytes(write_wav(WAVEFORM))
    (tmp_path / name).write_text(text.format("secret.wav"))
    with pytest.raises(AudioError):
        load_clip(tmp_path / name)


FILES = [
    write_wav(WAVEFORM[:8000]),
    write_float_wav(WAVEFORM[:8000] / 32768),
    encode(WAVEFORM[:8000], "flac", "flac", 16_000),
    encode(WAVEFORM[:8000], "mp4", "aac", 44_100),
    encode(WAVEFORM[:8000], "ogg", "libopus", 48_000),
]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(FILES),
    st.floats(0, 1),
    st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=20),
)
def test_any_damage_ends_as_sound_or_as_an_audio_error(content, cut, changes):
    damaged = bytearray(content[: round(cut * len(content))])
    for at, value in changes:
        if damaged:
            damaged[int(at * len(damaged))] = value
    try:
        loaded = load_clip(io.BytesIO(damaged), max_s=60)
    except AudioError as error:
        assert "\n" not in str(error)
    else:
        assert loaded.dtype == np.int16
        assert len(loaded) > 0
