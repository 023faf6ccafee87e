"""A recording at rest: FLAC, which loses nothing, or Opus, which takes a third of its bytes."""

import io
from typing import TYPE_CHECKING, Literal, cast, get_args

import numpy as np
import numpy.typing as npt

from voice2face.audio.load import load_clip
from voice2face.audio.resample import RATE_HZ
from voice2face.errors import AudioError

if TYPE_CHECKING:
    from av import AudioStream

Int16Array = npt.NDArray[np.int16]
SoundCoding = Literal["flac", "opus"]
SOUND_CODINGS: tuple[SoundCoding, ...] = get_args(SoundCoding)

OPUS_BITS_PER_S = 48_000  # at which 16 kHz keep 23 dB of signal over what is lost
OPUS_EFFORT = "5"  # of 10: at 10 it takes twice as long, for 0.2 dB
FRAME_SAMPLES = 1 << 16  # given to the encoder at once
# Neither time, nor chance, nor the library's version goes into the file.
_REPEATABLE = {"fflags": "+bitexact"}
_OPTIONS: dict[SoundCoding, dict[str, str]] = {
    "flac": {"frame_size": "4096"},  # fewer packets: a quarter of the time, for 1 % more bytes
    "opus": {"application": "audio", "vbr": "on", "compression_level": OPUS_EFFORT},
}
_CONTAINERS: dict[SoundCoding, tuple[str, str, dict[str, str]]] = {
    "flac": ("flac", "flac", {"metadata_header_padding": "0"}),
    "opus": ("ogg", "libopus", {}),
}


class _Named(io.BytesIO):
    """A file in memory that messages call by a name."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data)
        self.name = name


def encode_sound(samples: Int16Array, coding: SoundCoding = "flac") -> bytes:
    """A recording as a file: the same bytes for the same samples and library.

    Args:
        samples: Mono at 16 kHz, shape (samples,).
        coding: ``flac``, or ``opus``.

    Raises:
        AudioError: This build of FFmpeg has no such encoder.
    """
    import av

    container_format, codec, container_options = _CONTAINERS[coding]
    options = {"flags": "+bitexact"}
    options |= _OPTIONS[coding]
    file = io.BytesIO()
    try:
        with av.open(
            file, "w", format=container_format, options=_REPEATABLE | container_options
        ) as container:
            added = container.add_stream(codec, rate=RATE_HZ, layout="mono", options=options)
            stream = cast("AudioStream", added)
            stream.format = "s16"
            if coding == "opus":
                stream.bit_rate = OPUS_BITS_PER_S
            for start in range(0, len(samples), FRAME_SAMPLES):
                part = np.ascontiguousarray(samples[None, start : start + FRAME_SAMPLES])
                frame = av.AudioFrame.from_ndarray(part, format="s16", layout="mono")
                frame.sample_rate = RATE_HZ
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    except (av.FFmpegError, ValueError) as error:  # an unknown codec is a ValueError
        raise AudioError(coding, str(error), "an encoder", "install another PyAV") from error
    return file.getvalue()


def decode_sound(data: bytes | memoryview, n_samples: int, name: str) -> Int16Array:
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
