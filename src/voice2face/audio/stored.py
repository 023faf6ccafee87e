"""Log-mel spectrograms that somebody has computed already, as ``.npy`` files."""

from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from voice2face.audio.load import LONGEST_S
from voice2face.errors import AudioError, NoSpeechError
from voice2face.settings import FrontEnd

LARGEST = 1e4  # of a logarithm of power: beyond it, something else
_WANTED = "a log-mel spectrogram (.npy)"


def read_log_mel(path: Path, settings: FrontEnd) -> npt.NDArray[np.float32]:
    """Read the spectrogram of one recording; its size is checked before its content is read.

    Args:
        path: A ``.npy`` file of floats, shape (frames, n_mels), 10 ms a frame, silence removed;
            normalised by utterance or not.
        settings: Settings of the front end that it is to stand in for.

    Returns:
        float32, shape (frames, n_mels).

    Raises:
        AudioError: Not such a file, another width, damaged, or too little speech.
        OSError: It cannot be read.
    """
    mel = settings.log_mel
    with path.open("rb") as stream:
        shape, dtype = _header(stream, path)
        if len(shape) != 2 or shape[1] != mel.n_mels or dtype.kind != "f" or dtype.itemsize > 8:
            found = f"{dtype} of shape {shape}"
            wanted = f"floats of shape (frames, {mel.n_mels})"
            raise AudioError(path, found, wanted, "transpose or convert it")
        speech_s = shape[0] * mel.hop_s
        if speech_s > LONGEST_S:
            raise AudioError(path, f"{shape[0]} frames", f"at most {LONGEST_S} s", "cut it")
        if speech_s < settings.min_speech_s:
            found = f"{speech_s:.1f} s of speech"
            raise NoSpeechError(path, found, f"{settings.min_speech_s:.1f} s", "record longer")
        n_wanted = shape[0] * shape[1] * dtype.itemsize
        n_found = path.stat().st_size - stream.tell()
        if n_found < n_wanted:
            found = f"breaks off after {n_found} of {n_wanted} bytes"
            raise AudioError(path, found, "a whole file", "copy it again")
        stream.seek(0)
        try:
            content: npt.NDArray[np.floating] = np.load(stream, allow_pickle=False)
        except (ValueError, EOFError) as error:
            raise AudioError(path, f"damaged ({error})", _WANTED, "copy it again") from error
    log_mel = content.astype(np.float32)
    if not (np.abs(log_mel) <= LARGEST).all():  # False for NaN too
        raise AudioError(path, "values that are no logarithms", _WANTED, "compute it again")
    return log_mel


def _header(stream: BinaryIO, path: Path) -> tuple[tuple[int, ...], np.dtype[np.generic]]:
    try:
        version = np.lib.format.read_magic(stream)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, _, dtype = read(stream)
    except (ValueError, KeyError, EOFError) as error:
        reason = str(error).splitlines()[0][:100] if str(error) else "unknown version"
        raise AudioError(path, f"not readable ({reason})", _WANTED, "write it again") from error
    return shape, dtype
