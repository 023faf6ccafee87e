"""Any recording, as mono int16 at 16 kHz."""

import io
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import numpy.typing as npt

from voice2face.arrays import Int16s
from voice2face.audio.decode import decode_file
from voice2face.audio.full_scale import Whole
from voice2face.audio.resample import (
    HIGHEST_HZ,
    LOWEST_HZ,
    RATE_HZ,
    Block,
    check_floats,
    frame_of,
    mean_of_channels,
    to_clip_format,
)
from voice2face.errors import AudioError, reason_of

if TYPE_CHECKING:
    from av import AudioFrame

Waveform = npt.NDArray[Any]
Source = str | os.PathLike[str] | BinaryIO | Waveform

LONGEST_S = 86_400  # a day; what claims more has a wrong header, or was made to fill the memory
MOST_CHANNELS = 64
FRAME_FORMATS = {"i2": (np.int16, "s16"), "f4": (np.float32, "flt"), "f8": (np.float64, "dbl")}
ARRAY_BLOCK = 1 << 14  # samples that are converted at once


def load_clip(
    source: Source,
    rate: int | None = None,
    *,
    max_s: float | None = None,
    first_s: float | None = None,
) -> Int16s:
    """Read one recording whole.

    Args:
        source: A path, a binary file object, or samples. Files: whatever FFmpeg decodes, videos
            included, at any rate and with any number of channels; of several tracks the one that
            :mod:`voice2face.audio.tracks` chooses. File objects are read from their beginning
            where they can seek. Samples: int16, or floats in [-1, 1], shape (samples,) or
            (samples, channels).
        rate: Sample rate of an array in Hz; files know their own.
        max_s: A longer recording is refused.
        first_s: A longer recording is read up to here, and what follows is not looked at.

    Returns:
        Mono at 16 kHz, shape (samples,). Floats above full scale are scaled down as a whole, by
        what brings the peak to full scale.

    Raises:
        AudioError: The recording is missing, damaged, silent by construction (no audio stream, no
            samples), too long, or not on a scale that can be told.
    """
    name, whole = clip_name(source), Whole()
    if isinstance(source, np.ndarray):
        blocks = _array_blocks(source, rate, name)
    else:
        blocks = _file_blocks(source, rate, name)
    blocks = _limited(blocks, name, max_s)
    for block in blocks if first_s is None else _first(blocks, first_s):
        whole.add(block)
    return whole.samples()


def clip_name(source: Source) -> str:
    """Name of a recording in messages: its path, the name of its file object, or a word for it."""
    if isinstance(source, str | os.PathLike):
        return os.fspath(source) or "''"
    if isinstance(source, np.ndarray):
        return "waveform"
    name = getattr(source, "name", None)
    return name if isinstance(name, str) and name else "recording"


def _limited(blocks: Iterable[Block], name: str, max_s: float | None) -> Iterator[Block]:
    limit_s = LONGEST_S if max_s is None else max_s
    n_samples = 0
    for block in blocks:
        n_samples += len(block)
        if n_samples > limit_s * RATE_HZ:
            raise AudioError(name, f"longer than {limit_s:g} s", f"{limit_s:g} s at most", "cut it")
        yield block
    if n_samples == 0:
        raise AudioError(name, "no samples", "a recording", "record it again")


def _first(blocks: Iterable[Block], seconds: float) -> Iterator[Block]:
    left = round(seconds * RATE_HZ)
    for block in blocks:
        yield block[:left]
        left -= len(block)
        if left <= 0:
            return


def _file_blocks(
    source: str | os.PathLike[str] | BinaryIO, rate: int | None, name: str
) -> Iterator[Block]:
    is_path = isinstance(source, str | os.PathLike)
    if not is_path and (isinstance(source, io.TextIOBase) or not hasattr(source, "read")):
        raise AudioError(
            name,
            f"of type {type(source).__name__}",
            "a path, a binary file object or a numpy array",
            "open files with 'rb', wrap bytes in io.BytesIO, and lists in numpy.array",
        )
    if rate is not None:
        raise AudioError(
            name, f"a file, with a rate of {rate!r} Hz", "a rate for arrays alone", "leave it out"
        )
    if isinstance(source, str | os.PathLike):
        with _opened(Path(source), name) as file:
            yield from decode_file(file, name)
    else:
        yield from decode_file(source, name)


def _opened(path: Path, name: str) -> BinaryIO:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):  # opening one fails in other ways on other systems
            raise AudioError(name, "a folder", "an audio or video file", "name a file in it")
        if not stat.S_ISREG(mode):  # opening one may wait for ever
            raise AudioError(name, "a pipe or a device", "a file", "save the recording as a file")
        return path.open("rb")
    except FileNotFoundError:
        raise AudioError(name, "no such file", "an audio or video file", "check the path") from None
    except (OSError, ValueError) as error:  # ValueError: a path with a zero byte
        found, remedy = f"could not be opened ({reason_of(error)})", "check the path and its rights"
        raise AudioError(name, found, "a readable file", remedy) from error


def _array_blocks(waveform: Waveform, rate: int | None, name: str) -> Iterator[Block]:
    rate_hz = _checked_rate(rate, name)
    _check_array(waveform, name)
    if waveform.dtype == np.int16 and rate_hz == RATE_HZ and waveform.size == len(waveform):
        return iter([np.ascontiguousarray(waveform.reshape(-1))])
    return to_clip_format(_array_frames(waveform, rate_hz))


def _array_frames(waveform: Waveform, rate: int) -> Iterator["AudioFrame"]:
    """Samples as FFmpeg's frames, so that an array loads as the file that holds it does."""
    n_channels = waveform.size // len(waveform)
    for start in range(0, len(waveform), ARRAY_BLOCK):
        block = waveform[start : start + ARRAY_BLOCK].reshape(-1, n_channels)
        if n_channels > 2:  # which of them is the centre or the bass, an array doesn't tell
            block = mean_of_channels(block.T)[:, None]
        dtype, sample_format = FRAME_FORMATS.get(block.dtype.str[1:], FRAME_FORMATS["f4"])
        layout = "stereo" if n_channels == 2 else "mono"
        samples = np.ascontiguousarray(block, dtype).reshape(1, -1)
        yield frame_of(samples, sample_format, layout, rate)


def _check_array(waveform: Waveform, name: str) -> None:
    kind = waveform.dtype.kind
    if not (kind == "f" or (kind == "i" and waveform.itemsize == 2)):
        found, remedy = f"samples of type {waveform.dtype}", "convert them"
        raise AudioError(name, found, "int16, or floats in [-1, 1]", remedy)
    if waveform.size == 0:
        raise AudioError(name, "no samples", "a recording", "record it again")
    if waveform.ndim > 2 or (waveform.ndim == 2 and waveform.shape[1] > MOST_CHANNELS):
        wanted = "(samples,) or (samples, channels)"
        raise AudioError(name, f"an array of shape {waveform.shape}", wanted, "transpose it")
    if kind == "f":
        check_floats(waveform, name)


def _checked_rate(rate: int | None, name: str) -> int:
    if rate is None or isinstance(rate, bool) or not isinstance(rate, int | float | np.number):
        found = "no sample rate" if rate is None else f"sample rate {rate!r}"
    elif LOWEST_HZ <= rate <= HIGHEST_HZ and float(rate).is_integer():
        return int(rate)
    else:
        found = f"sample rate {rate!r}"
    wanted = f"a whole number of Hz from {LOWEST_HZ} to {HIGHEST_HZ}"
    raise AudioError(name, found, wanted, "give the rate of the recording")
