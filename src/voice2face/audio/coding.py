"""Recordings as files: FLAC, which loses nothing, Opus, which takes a third of its bytes, WAV."""

import io
import wave
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, cast, get_args

from voice2face.arrays import Int16s
from voice2face.audio.load import load_clip
from voice2face.audio.resample import RATE_HZ, recording_frames
from voice2face.errors import AudioError

if TYPE_CHECKING:
    from av import AudioStream

SoundCoding = Literal["flac", "opus"]
SOUND_CODINGS: tuple[SoundCoding, ...] = get_args(SoundCoding)

OPUS_BITS_PER_S = 48_000  # at which 16 kHz keep 23 dB of signal over what is lost
OPUS_EFFORT = "5"  # of 10: at 10 it takes twice as long, for 0.2 dB
# Times, random identifiers and the library's version stay out of the file.
_REPEATABLE = {"fflags": "+bitexact"}
_FLAC = {"frame_size": "4096"}  # fewer packets: a quarter of the time, for 1 % more bytes
_OPUS = {"application": "audio", "vbr": "on", "compression_level": OPUS_EFFORT}


class _Named(io.BytesIO):
    """A file in memory that messages call by a name."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data)
        self.name = name


def encode_sound(samples: Int16s, coding: SoundCoding = "flac") -> bytes:
    """A recording as a file: the same bytes for the same samples and library.

    Args:
        samples: Mono at 16 kHz, shape (samples,).
        coding: ``flac``, or ``opus``.

    Raises:
        AudioError: This build of FFmpeg has no such encoder.
    """
    if coding == "flac":
        header = {"metadata_header_padding": "0"}
        return encoded(samples, "flac", "flac", options=_FLAC, container_options=header)
    return encoded(samples, "ogg", "libopus", bits_per_s=OPUS_BITS_PER_S, options=_OPUS)


def encoded(
    samples: Int16s,
    container: str,
    codec: str,
    *,
    rate_hz: int = RATE_HZ,
    bits_per_s: int | None = None,
    options: Mapping[str, str] | None = None,
    container_options: Mapping[str, str] | None = None,
) -> bytes:
    """A recording as a file of any kind that FFmpeg writes.

    Args:
        samples: Mono at 16 kHz, shape (samples,).
        container: FFmpeg's name of the kind of file.
        codec: FFmpeg's name of the encoder.
        rate_hz: Samples a second in the file.
        bits_per_s: Bit rate, for a lossy codec.
        options: Further options of the encoder.
        container_options: Further options of the file.

    Raises:
        AudioError: This build of FFmpeg has no such encoder.
    """
    import av

    file = io.BytesIO()
    try:
        with av.open(
            file, "w", format=container, options=_REPEATABLE | dict(container_options or {})
        ) as out:
            added = out.add_stream(
                codec,
                rate=rate_hz,
                layout="mono",
                options={"flags": "+bitexact", **(options or {})},
            )
            stream = cast("AudioStream", added)
            if bits_per_s:
                stream.bit_rate = bits_per_s
            for frame in recording_frames(samples):
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
    except (av.FFmpegError, ValueError) as error:  # an unknown codec is a ValueError
        raise AudioError(codec, str(error), "an encoder", "install another PyAV") from error
    return file.getvalue()


def decode_sound(data: bytes | memoryview, n_samples: int, name: str) -> Int16s:
    """A recording from the file that :func:`encode_sound` made.

    Args:
        data: The file.
        n_samples: How many samples went into it.
        name: What messages call it.

    Returns:
        Mono at 16 kHz, shape (n_samples,).

    Raises:
        AudioError: Another length, or not such a file.
    """
    samples = load_clip(_Named(bytes(data), name), max_s=(n_samples + 1) / RATE_HZ)
    if len(samples) != n_samples:
        found = f"{len(samples)} samples instead of {n_samples}"
        raise AudioError(name, found, "the recording as it was stored", "restore it")
    return samples


def wav_bytes(samples: Int16s) -> bytes:
    """Mono sound at 16 kHz as a WAV file.

    Args:
        samples: int16, shape (samples,).
    """
    memory = io.BytesIO()
    with wave.open(memory, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(samples.astype("<i2").tobytes())
    return memory.getvalue()
