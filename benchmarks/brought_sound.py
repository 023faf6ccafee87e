"""Sound files as programs write them, made of made-up voices."""

import io
import struct
import wave
from collections.abc import Iterator, Sequence
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from benchmarks.inputs import RATE_HZ
from voice2face.arrays import Int16s
from voice2face.synthetic import CohortSettings, sample_person, synthesise


def voice(person: int, seconds: float) -> Int16s:
    """Somebody who speaks, mono at 16 kHz."""
    heard = sample_person(CohortSettings(), person).heard
    return synthesise(heard, np.random.default_rng(person), seconds)


def wav(
    samples: npt.NDArray[Any],
    rate: int = RATE_HZ,
    *,
    declared: int | None = None,
    after: bytes = b"",
) -> bytes:
    """A WAV file of int16, (samples,) or (samples, channels).

    Args:
        samples: Its sound.
        rate: In Hz.
        declared: What its header says of the bytes; None: the truth.
        after: What follows the sound.
    """
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    content = bytearray(buffer.getvalue())
    if declared is not None:
        content[40:44] = struct.pack("<I", declared)
    return bytes(content) + after


def float_wav(samples: npt.NDArray[Any], rate: int = RATE_HZ) -> bytes:
    """A WAV file of 32-bit floats, mono."""
    data = samples.astype("<f4").tobytes()
    form = struct.pack("<HHIIHH", 3, 1, rate, 4 * rate, 4, 32)
    chunks = b"fmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def encoded(
    tracks: Sequence[npt.NDArray[Any] | None],
    container: str,
    codec: str,
    rate: int = RATE_HZ,
    layout: str = "mono",
    *,
    default: int | None = None,
    late_s: float = 0.0,
    gap_s: float = 0.0,
    pictures: bool = False,
) -> bytes:
    """A file of any kind.

    Args:
        tracks: Sound of each track, mono int16 at 16 kHz; None: a track without sound.
        container: As FFmpeg calls it.
        codec: Likewise.
        rate: Sampling rate of the tracks.
        layout: Channels of the tracks; all get the same sound.
        default: Number of the track that is marked as the default; None: as the program does it.
        late_s: When the sound begins.
        gap_s: Length of a pause after a second of it, in which nothing is sent.
        pictures: A video track, too.
    """
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as file:
        video = _video(file) if pictures else None
        streams = [file.add_stream(codec, rate=rate, layout=layout) for _ in tracks]
        for number, stream in enumerate(streams if default is not None else []):
            stream.disposition = av.stream.Disposition(1 if number == default else 0)
        if video is not None:
            _write_video(file, video)
        for stream, track in zip(streams, tracks, strict=True):
            for packet in [] if track is None else _packets(stream, track):
                after = float(packet.pts * packet.time_base) >= 1.0
                shift = round((late_s + gap_s * after) / packet.time_base)
                packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                file.mux(packet)
    return buffer.getvalue()


def _packets(stream: Any, samples: npt.NDArray[Any]) -> Iterator[Any]:
    context = stream.codec_context
    n_channels = context.layout.nb_channels
    resampler = av.AudioResampler(
        context.format, context.layout, context.rate, context.frame_size or 1024
    )
    interleaved = np.repeat(samples, n_channels)[None]
    frame = av.AudioFrame.from_ndarray(interleaved, format="s16", layout=context.layout.name)
    frame.sample_rate, frame.pts = RATE_HZ, 0
    for part in [*resampler.resample(frame), *resampler.resample(None), None]:
        yield from stream.encode(part)


def _video(file: Any) -> Any:
    stream = file.add_stream("mpeg4", rate=10)
    stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
    return stream


def _write_video(file: Any, stream: Any) -> None:
    for _ in range(20):
        picture = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
        file.mux(stream.encode(picture.reformat(format="yuv420p")))
    file.mux(stream.encode(None))


class Pipe(io.RawIOBase):
    """What can't be rewound."""

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)

    def readable(self) -> bool:
        """As a file has it."""
        return True

    def readinto(self, buffer: Any) -> int:
        """As a file has it."""
        return self._content.readinto(buffer)
