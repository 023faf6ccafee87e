"""Several tracks, and tracks with gaps."""

import io
import warnings

import av
import numpy as np
import pytest

from voice2face.audio import load_clip
from voice2face.errors import AudioError, Note

from .audio_samples import RATE_HZ, encode, noise, speech

A, B = speech(3, 1), speech(2, 2)
SILENCE = np.zeros(RATE_HZ * 4, np.int16)
CONTAINERS = [("matroska", "flac", 16_000), ("mp4", "aac", 44_100), ("matroska", "libopus", 48_000)]


def write(container, codec, rate, tracks, default=None, late_s=0.0, gap_s=0.0) -> bytes:
    """Tracks of a file; one that is None has no sound. A gap lies at 1 s."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as file:
        streams = [file.add_stream(codec, rate=rate, layout="mono") for _ in tracks]
        for number, stream in enumerate(streams if default is not None else []):
            stream.disposition = av.stream.Disposition(1 if number == default else 0)
        for stream, track in zip(streams, tracks, strict=True):
            for packet in [] if track is None else packets(stream, track):
                after = float(packet.pts * packet.time_base) >= 1.0
                shift = round((late_s + gap_s * after) / packet.time_base)
                packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                file.mux(packet)
    return buffer.getvalue()


def packets(stream, track):
    context = stream.codec_context
    resampler = av.AudioResampler(
        context.format, context.layout, context.rate, context.frame_size or 1024
    )
    frame = av.AudioFrame.from_ndarray(track[None], format="s16", layout="mono")
    frame.sample_rate, frame.pts = RATE_HZ, 0
    for part in [*resampler.resample(frame), *resampler.resample(None), None]:
        yield from stream.encode(part)


def heard(content: bytes) -> tuple[float, list[str]]:
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always")
        clip = load_clip(io.BytesIO(content))
    return len(clip) / RATE_HZ, [str(n.message) for n in notes if n.category is Note]


@pytest.mark.parametrize("kind", CONTAINERS, ids=lambda kind: f"{kind[0]} {kind[1]}")
def test_the_default_track_is_heard_and_said(kind):
    length_s, notes = heard(write(*kind, [A, B], default=1))
    assert length_s == pytest.approx(2, abs=0.1)
    (note,) = notes
    assert note.endswith("2 audio tracks; heard is number 2, which is marked as the default")
    assert heard(write(*kind, [A, B], default=0)) == (pytest.approx(3, abs=0.1), [])


@pytest.mark.parametrize("kind", CONTAINERS, ids=lambda kind: f"{kind[0]} {kind[1]}")
@pytest.mark.parametrize("first", [SILENCE, None], ids=["silent", "empty"])
@pytest.mark.parametrize("default", [None, 0])
def test_else_the_first_with_speech(kind, first, default):
    length_s, notes = heard(write(*kind, [first, B], default=default))
    assert length_s == pytest.approx(2, abs=0.1)
    assert notes in (
        [],
        ["recording: 2 audio tracks; heard is number 2, which is the first with speech"],
    )
    assert notes or kind[0] == "mp4"  # in which a track without sound leaves no trace


def test_where_nobody_speaks_the_first_is_taken():
    hum = noise("hum", 2, 3000)
    assert heard(write(*CONTAINERS[0], [SILENCE, hum // 50])) == (pytest.approx(4, abs=0.1), [])


def test_one_track_is_not_looked_through(monkeypatch):
    monkeypatch.setattr("voice2face.audio.tracks._has_speech", None)
    assert heard(encode(A, "flac", "flac"))[0] == 3


GAPS = [
    ("matroska", "libopus", 48_000),
    ("webm", "libopus", 48_000),
    ("mp4", "aac", 44_100),
    ("mov", "pcm_s16le", 16_000),
    ("ogg", "libopus", 48_000),
    ("flv", "aac", 44_100),
    ("mpegts", "aac", 44_100),
]


@pytest.mark.parametrize("kind", GAPS, ids=lambda kind: kind[0])
@pytest.mark.parametrize(("late_s", "gap_s"), [(0, 6), (30, 0), (5, 10)])
def test_pauses_and_late_beginnings_are_no_damage(kind, late_s, gap_s):
    """Paused and muted recordings, live ones, and what is cut out of a broadcast."""
    length_s, notes = heard(write(*kind, [A], late_s=late_s, gap_s=gap_s))
    assert length_s == pytest.approx(3, abs=0.15) and not notes


@pytest.mark.parametrize("kind", GAPS[:3], ids=lambda kind: kind[0])
def test_after_a_pause_a_file_may_still_break_off(kind, tmp_path):
    options = {"movflags": "faststart"} if kind[0] == "mp4" else {}
    path = tmp_path / "x"
    content = write(*kind, [A], gap_s=6)
    if options:  # its index must come first to be read at all when the end is missing
        with av.open(io.BytesIO(content)) as given, av.open(str(path), "w", "mp4", options) as out:
            stream = out.add_stream_from_template(given.streams.audio[0])
            for packet in given.demux(given.streams.audio[0]):
                if packet.dts is not None:
                    packet.stream = stream
                    out.mux(packet)
        content = path.read_bytes()
    with pytest.raises(AudioError, match=r"breaks off after [012]\.\d of 9\.\d s"):
        load_clip(io.BytesIO(content[: len(content) // 4]))


class Pipe(io.RawIOBase):
    """What can't be rewound."""

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        return self._content.readinto(buffer)


@pytest.mark.parametrize(
    "kind", [("caf", "pcm_s16le", 16_000), ("mp4", "aac", 44_100), ("wav", "pcm_s16le", 16_000)]
)
def test_any_format_comes_through_a_pipe(kind):
    content = encode(A, *kind)
    np.testing.assert_array_equal(load_clip(Pipe(content)), load_clip(io.BytesIO(content)))


def test_a_pipe_without_end_is_refused(monkeypatch):
    monkeypatch.setattr("voice2face.audio.decode.MOST_PIPED_BYTES", 100_000)
    with pytest.raises(AudioError, match="through a pipe"):
        load_clip(Pipe(bytes(200_000)))
