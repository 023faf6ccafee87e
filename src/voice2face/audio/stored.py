"""Log-mel spectrograms that somebody has computed already, as ``.npy`` files."""

from pathlib import Path

import numpy as np

from voice2face.arrays import Float32s
from voice2face.audio.load import LONGEST_S
from voice2face.audio.settings import FrontEnd
from voice2face.errors import AudioError, NoSpeechError

LARGEST = 1e4  # no logarithm of power is larger: it would be something else
_WANTED = "a log-mel spectrogram (.npy)"


def read_log_mel(path: Path, settings: FrontEnd) -> Float32s:
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
    try:
        content = np.lib.format.open_memmap(path, mode="r")
    except OSError:
        raise
    except Exception as error:  # a damaged header makes NumPy raise many kinds
        found, remedy = "no whole array of numbers", "copy it again, or write it again"
        raise AudioError(path, found, _WANTED, remedy) from error
    shape, dtype = content.shape, content.dtype
    if len(shape) != 2 or shape[1] != mel.n_mels or dtype.kind != "f" or dtype.itemsize > 8:
        found, wanted = f"{dtype} of shape {shape}", f"floats of shape (frames, {mel.n_mels})"
        raise AudioError(path, found, wanted, "transpose or convert it")
    speech_s = len(content) * mel.hop_s
    if speech_s > LONGEST_S:
        raise AudioError(path, f"{len(content)} frames", f"at most {LONGEST_S} s", "cut it")
    if speech_s < settings.min_speech_s:
        found = f"{speech_s:.1f} s of speech"
        raise NoSpeechError(path, found, f"{settings.min_speech_s:.1f} s", "record longer")
    log_mel: Float32s = np.array(content, np.float32)
    if not (np.abs(log_mel) <= LARGEST).all():  # False for NaN too
        raise AudioError(path, "values that are not logarithms", _WANTED, "compute it again")
    return log_mel
