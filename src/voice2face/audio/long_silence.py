"""The speech of a recording without its long silences, and how loud it is made (as GE2E has it)."""

from typing import Annotated, Literal

import msgspec
import numpy as np

from voice2face.arrays import Bools, Int16s, Int64s
from voice2face.audio.full_scale import FULL_SCALE
from voice2face.audio.resample import RATE_HZ
from voice2face.settings import Settings

Decibels = Annotated[float, msgspec.Meta(ge=-120, le=0)]

BLOCK_SAMPLES = 1 << 16  # summed or scaled at once


class LongSilence(Settings, frozen=True, kw_only=True):
    """Settings of how long silences are cut out, and of the levels for detector and network.

    The original raises a recording to ``detector_dbfs`` and leaves a louder one as it is; its
    network is given the same. Then a voice sounds like another when it is recorded louder: the
    cosine to itself falls to 0.9 within 12 dB. With ``speech_dbfs`` the detector hears every
    recording at ``detector_dbfs``, and the network hears all speech at ``speech_dbfs``.
    """

    detector_dbfs: Decibels = -30.0
    speech_dbfs: Decibels | None = -22.0  # None: as the original has it
    aggressiveness: Literal[0, 1, 2, 3] = 3
    frame_s: Annotated[float, msgspec.Meta(ge=0.01, le=0.03)] = 0.03
    smooth_frames: Annotated[int, msgspec.Meta(ge=1, le=100)] = 8
    # Speech is drawn out by half of these to either side; a silence that is shorter stays.
    keep_frames: Annotated[int, msgspec.Meta(ge=1, le=100)] = 7

    def __post_init__(self) -> None:
        """Refuse frames that the detector does not know."""
        if self.frame_s not in (0.01, 0.02, 0.03):
            raise ValueError(f"frame_s of {self.frame_s}: 0.01, 0.02 or 0.03")


def level_dbfs(waveform: Int16s) -> float:
    """Root mean square of a recording in dB below full scale; -inf for digital silence."""
    total = 0.0
    for start in range(0, len(waveform), BLOCK_SAMPLES):
        block = waveform[start : start + BLOCK_SAMPLES].astype(np.float64)
        total += float(block @ block)
    if total == 0:
        return -np.inf
    return float(10 * np.log10(total / len(waveform) / FULL_SCALE**2))


def levelled_speech(
    waveform: Int16s,
    settings: LongSilence = LongSilence(),  # noqa: B008 (frozen)
) -> tuple[Int16s, float]:
    """The speech of a recording, and what makes it as loud as the settings say.

    Args:
        waveform: Mono at 16 kHz, shape (samples,).
        settings: Levels, frames, smoothing, and how much of a silence stays.

    Returns:
        The speech as it is in the recording, whole frames only, shape (samples,); and the factor
        that its samples are to be multiplied by.
    """
    if settings.speech_dbfs is None:
        gain = max(_gain(waveform, settings.detector_dbfs), 1.0)
        return without_long_silence(waveform, gain, settings), gain
    gain = _gain(waveform, settings.detector_dbfs)
    speech = without_long_silence(waveform, gain, settings)
    return speech, _gain(speech, settings.speech_dbfs)


def without_long_silence(
    waveform: Int16s,
    gain: float = 1.0,
    settings: LongSilence = LongSilence(),  # noqa: B008
) -> Int16s:
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


def _gain(waveform: Int16s, to_dbfs: float) -> float:
    """Factor that brings a recording to a level; 1 for digital silence."""
    level = level_dbfs(waveform)
    return float(10 ** ((to_dbfs - level) / 20)) if np.isfinite(level) else 1.0


def _voiced(frames: Int16s, gain: float, settings: LongSilence) -> Bools:
    """The detector's answer to each frame; it adapts, so it is asked in order."""
    from webrtcvad import Vad

    ask = Vad(settings.aggressiveness).is_speech
    answers = np.empty(len(frames), bool)
    n_at_once = max(BLOCK_SAMPLES // max(frames.shape[1], 1), 1)
    scale = gain * 32767 / FULL_SCALE  # the original reads with 1/32768 and writes with 32767
    for start in range(0, len(frames), n_at_once):
        loud = frames[start : start + n_at_once] * scale
        heard = np.clip(np.rint(loud), -32768, 32767).astype(np.int16)
        for number, frame in enumerate(heard, start):
            answers[number] = ask(frame.tobytes(), RATE_HZ)
    return answers


def _smoothed(answers: Bools, settings: LongSilence) -> Bools:
    """Whether most frames around each hold voice; a tie is none."""
    before, after = (settings.smooth_frames - 1) // 2, settings.smooth_frames // 2
    return _sums(answers, before, after) * 2 > settings.smooth_frames


def _widened(answers: Bools, settings: LongSilence) -> Bools:
    """Whether there is voice within half of ``keep_frames`` to either side."""
    return _sums(answers, settings.keep_frames // 2, (settings.keep_frames - 1) // 2) > 0


def _sums(answers: Bools, before: int, after: int) -> Int64s:
    """How many of the answers around each are yes, itself included."""
    sums = np.cumsum(np.pad(answers.astype(np.int64), (before + 1, after)))
    return sums[before + after + 1 :] - sums[: -before - after - 1]
