"""Sound of any rate, sample format and number of channels, as mono at 16 kHz."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from voice2face.arrays import Float32s, Int16s
from voice2face.errors import AudioError

if TYPE_CHECKING:
    from av import AudioFrame
    from av.audio.resampler import AudioResampler

Block = Int16s | Float32s

RATE_HZ = 16_000
LOWEST_HZ, HIGHEST_HZ = 1_000, 6_000_000  # DSD1024 has 5,644,800, as it is decoded
# Decoders overshoot full scale (1.0) a little; a peak of 16 is sound on the int16 scale.
FLOAT_PEAK = 16.0
SAMPLE_DTYPES = {"u8": "u1", "s16": "i2", "s32": "i4", "s64": "i8", "flt": "f4", "dbl": "f8"}
MOST_PLANES = 8
MOST_SWR_CHANNELS = 8  # swresample knows no weights for 9, 33 or 64 channels
# Into whole numbers, swresample mixes down with weights that sum to 1, whatever the input; into
# floats it makes equal channels 1.41 times too loud. So floats too become whole numbers, of 32
# bits, and are made quieter before, so that what is above full scale is not clipped.
HEADROOM = 256.0
FLOAT_FORMATS = ("flt", "dbl")
AT_ONCE = 1 << 16  # samples


def to_clip_format(frames: Iterable[AudioFrame]) -> Iterator[Block]:
    """Mix down and resample a sequence of frames; their format may change on the way.

    Args:
        frames: Sound of any rate, sample format and number of channels.

    Yields:
        Mono at 16 kHz, shape (samples,): int16 of whole numbers; of floats float32 in [-1, 1],
        and beyond where the recording is.
    """
    from av import AudioResampler

    resampler, known, floats = None, None, False
    for frame in frames:
        n_channels = frame.layout.nb_channels
        kind = (frame.format.name, frame.sample_rate, frame.layout.name, n_channels)
        if kind != known:
            yield from _drain(resampler)
            known, floats = kind, _has_floats(frame)
            as_it_is = n_channels == 1 and kind[:2] in (("s16", RATE_HZ), ("s16p", RATE_HZ))
            to = "s32" if floats else "s16"
            resampler = None if as_it_is else AudioResampler(to, "mono", RATE_HZ)
        if resampler is None:
            yield _samples(frame)
            continue
        mixed = _mean_of_channels(frame) if n_channels > MOST_SWR_CHANNELS else frame
        mixed = _quietened(mixed) if floats else mixed
        mixed.pts = None
        yield from map(_samples, resampler.resample(mixed))
    yield from _drain(resampler)


def at_rate(samples: Int16s, rate_hz: int) -> Int16s:
    """A recording at 16 kHz, mono, at another rate: (samples,) → (samples,)."""
    from av import AudioResampler

    if rate_hz == RATE_HZ:
        return samples
    resampler, parts = AudioResampler("s16", "mono", rate_hz), [np.zeros(0, np.int16)]
    for frame in chain(recording_frames(samples), [None]):
        parts += [_planes(part)[0].copy() for part in resampler.resample(frame)]
    return np.concatenate(parts)


def recording_frames(samples: Int16s) -> Iterator[AudioFrame]:
    """A recording at 16 kHz, mono, shape (samples,), as frames of FFmpeg's."""
    for start in range(0, len(samples), AT_ONCE):
        yield frame_of(samples[None, start : start + AT_ONCE], "s16")


def frame_of(
    samples: npt.NDArray[Any], form: str, layout: Any = "mono", rate_hz: int = RATE_HZ
) -> AudioFrame:
    """Samples as one frame of FFmpeg's.

    Args:
        samples: One row a channel, or one row of all channels interleaved, as the format has it.
        form: FFmpeg's name of the sample format.
        layout: FFmpeg's name of the channels, or what a frame has as its layout.
        rate_hz: Samples a second.
    """
    from av import AudioFrame

    frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples), format=form, layout=layout)
    frame.sample_rate = rate_hz
    return frame


def check_frame(frame: AudioFrame, name: str, *, check_scale: bool) -> None:
    """Refuse a frame as :func:`check_floats` does: once rounded to int16, nothing shows.

    Raises:
        AudioError: A sample is not finite, (if asked) the peak is far beyond full scale, or the
            sample rate is that of no recording.
    """
    if not LOWEST_HZ <= frame.sample_rate <= HIGHEST_HZ:
        found = f"sample rate {frame.sample_rate}"
        wanted = f"{LOWEST_HZ} to {HIGHEST_HZ} Hz"
        raise AudioError(name, found, wanted, "copy or download it again")
    if _has_floats(frame):
        for samples in _planes(frame):
            check_floats(samples, name, check_scale=check_scale)


def check_floats(samples: npt.NDArray[Any], name: str, *, check_scale: bool = True) -> None:
    """Refuse what is not a number, or not on the scale of [-1, 1].

    Raises:
        AudioError: A sample is NaN or infinite, or the peak is far beyond full scale.
    """
    low, high = float(samples.min()), float(samples.max())  # NaN if any sample is
    if not np.isfinite(low + high):
        raise AudioError(name, "NaN or infinite samples", "numbers", "repair the recording")
    peak = max(high, -low)
    if check_scale and peak > FLOAT_PEAK:
        raise AudioError(
            name,
            f"floats that reach {peak:.4g}",
            "floats in [-1, 1]",
            "divide them by full scale (32768 for int16)",
        )


def _has_floats(frame: AudioFrame) -> bool:
    return frame.format.name.startswith(FLOAT_FORMATS)


def _quietened(frame: AudioFrame) -> AudioFrame:
    """A frame of floats, divided by ``HEADROOM``."""
    planes = _planes(frame)
    form = frame.format if len(planes) > 1 else frame.format.packed
    samples = np.stack(planes) / planes[0].dtype.type(HEADROOM)
    return frame_of(samples, form.name, frame.layout, frame.sample_rate)


def _mean_of_channels(frame: AudioFrame) -> AudioFrame:
    """Mix down what swresample knows no weights for: more than 8 channels, or unnamed ones."""
    mono = mean_of_channels(channels_of(frame))
    return frame_of(mono[None], "flt", rate_hz=frame.sample_rate)


def mean_of_channels(samples: npt.NDArray[Any]) -> Float32s:
    """Mean over the channels, shape (channels, samples), at full scale 1, shape (samples,)."""
    return np.asarray(_at_full_scale(samples).mean(axis=0, dtype=np.float64), np.float32)


def channels_of(frame: AudioFrame) -> Float32s:
    """Samples of each channel, at full scale 1, shape (channels, samples)."""
    planes = _planes(frame)
    n_channels = frame.layout.nb_channels
    samples = np.stack(planes) if len(planes) > 1 else planes[0].reshape(-1, n_channels).T
    return _at_full_scale(samples)


def _at_full_scale(samples: npt.NDArray[Any]) -> Float32s:
    """Integers of any type as floats in [-1, 1]; floats as they are."""
    if samples.dtype.kind == "f":
        return np.asarray(samples, np.float32)
    full_scale = np.float32(1 << (8 * samples.itemsize - 1))
    offset = np.float32(samples.dtype.kind == "u")
    return np.asarray(samples / full_scale - offset, np.float32)


def _samples(frame: AudioFrame) -> Block:
    """Samples of a resampled mono frame; of 32 bits, the floats that they stand for."""
    samples: Block = _planes(frame)[0]
    if samples.dtype.itemsize == 4:
        return (samples * (HEADROOM / 2**31)).astype(np.float32)
    return samples


def _planes(frame: AudioFrame) -> list[npt.NDArray[Any]]:
    """Views of a frame's samples: one plane a channel, or all of them interleaved in one.

    Ten times faster than ``to_ndarray``. PyAV looks for planes past the last where there are 8 or
    more: 18 then lists what crashes when it is read, 19 fails; such a frame is interleaved first.
    """
    if frame.format.is_planar and frame.layout.nb_channels >= MOST_PLANES:
        frame = _interleaved(frame)
    n_channels = frame.layout.nb_channels
    n_values = 1 if frame.format.is_planar else n_channels
    dtype = SAMPLE_DTYPES[frame.format.name.removesuffix("p")]
    return [
        np.frombuffer(cast("bytes", plane), dtype, n_values * frame.samples)  # a buffer, untyped
        for plane in frame.planes
    ]


def _interleaved(frame: AudioFrame) -> AudioFrame:
    from av import AudioResampler

    resampler = AudioResampler(frame.format.packed, frame.layout, frame.sample_rate)
    (packed,) = resampler.resample(frame)
    return packed


def _drain(resampler: AudioResampler | None) -> Iterator[Block]:
    if resampler is not None:
        yield from map(_samples, resampler.resample(None))
