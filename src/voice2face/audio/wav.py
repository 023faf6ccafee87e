"""Speech as a WAV file."""

import io
import wave

import numpy as np
import numpy.typing as npt

from voice2face.audio.resample import RATE_HZ


def wav_bytes(samples: npt.NDArray[np.int16]) -> bytes:
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
