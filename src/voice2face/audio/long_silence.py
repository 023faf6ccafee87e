"""The level of a recording, and its speech with the long silences cut out (GE2E's way)."""

from typing import Annotated, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from voice2face.audio.resample import RATE_HZ
from voice2face.settings import Settings

Int16Array = npt.NDArray[np.int16]

FULL_SCALE = 32768
BLOCK_SAMPLES = 1 << 20  # summed or scaled at once


class LongSilence(Settings, frozen=True, kw_only=True):
    """How loud a recording is made, and which of its silences are cut out."""

    raise_to_dbfs: Annotated[float, msgspec.Meta(ge=-120, le=0)] = -30.0
    aggressiveness: Literal[0, 1, 2, 3] = 3
    frame_s: Literal[0.01, 0.02, 0.03] = 0.03
    smooth_frames: Annotated[int, msgspec.Meta(ge=1, le=100)] = 8
    # Speech is drawn out by half of these to either side; a silence that is shorter stays.
    keep_frames: Annotated[int, msgspec.Meta(ge=1, le=100)] = 7


def level_dbfs(waveform: Int16Array) -> float:
    """Root mean square of a recording in dB below full scale; -inf for digital silence."""
    total = 0.0
    for start in range(0, len(waveform), BLOCK_SAMPLES):
        block = waveform[start : start + BLOCK_SAMPLES].astype(np.float64)
        total += float(block @ block)
    if total == 0:
        return -np.inf
    return float(10 * np.log10(total / len(waveform) / FULL_SCALE**2))


def raising_gain(waveform: Int16Array, to_dbfs: float) -> float:
    """What lifts a recording to a level; 1 for one that is as loud already, or silent."""
    level = level_dbfs(waveform)
    return float(10 ** (max(to_dbfs - level, 0.0) / 20)) if np.isfinite(level) else 1.0


def without_long_silence(
    waveform: Int16Array, gain: float = 1.0, settings: LongSilence = LongSilence()  # noqa: B008
) -> Int16Array:
    """The frames of a recording in which somebody speaks, or pauses for a moment.

    Args:
        waveform: Mono at 16 kHz, shape (samples,).
        gain: What the detector hears it multiplied by; the samples come back as they were.
        settings: Frames, smoothing, and how much of a silence stays.

    Returns:
        Shape (samples,); whole frames only.

    Source:
        Resemblyzer 0.1.4 (``trim_long_silences``): WebRTC's detector on each frame, moving
        average, rounding, dilation.
    """
    n_samples = round(settings.frame_s * RATE_HZ)
    frames = waveform[: len(waveform) // n_samples * n_samples].reshape(-1, n_samples)
    keep = _widened(_smoothed(_voiced(frames, gain, settings), settings), settings)
    return frames[keep].reshape(-1)


def _voiced(frames: Int16Array, gain: float, settings: LongSilence) -> npt.NDArray[np.bool_]:
    """The detector's answer to each frame; it adapts, so it is asked in order."""
    from webrtcvad import Vad

    ask = Vad(settings.aggressiveness).is_speech
    answers = np.empty(len(frames), bool)
    n_at_once = max(BLOCK_SAMPLES // max(frames.shape[1], 1), 1)
    scale = gain * 32767 / FULL_SCALE  # the original's two full scales: 32768 in, 32767 out
    for start in range(0, len(frames), n_at_once):
        loud = frames[start : start + n_at_once] * scale
        heard = np.clip(np.rint(loud), -32768, 32767).astype(np.int16)
        for number, frame in enumerate(heard, start):
            answers[number] = ask(frame.tobytes(), RATE_HZ)
    return answers


def _smoothed(answers: npt.NDArray[np.bool_], settings: LongSilence) -> npt.NDArray[np.bool_]:
    """Whether most frames around each hold voice; a tie is none."""
    width = settings.smooth_frames
    padded = np.pad(answers.astype(np.int64), ((width - 1) // 2, width // 2))
    sums = np.cumsum(np.pad(padded, (1, 0)))
    return (sums[width:] - sums[:-width]) * 2 > width


def _widened(answers: npt.NDArray[np.bool_], settings: LongSilence) -> npt.NDArray[np.bool_]:
    """Whether there is voice within half of ``keep_frames`` to either side."""
    width = settings.keep_frames
    padded = np.pad(answers.astype(np.int64), (width // 2, (width - 1) // 2))
    sums = np.cumsum(np.pad(padded, (1, 0)))
    return sums[width:] - sums[:-width] > 0
