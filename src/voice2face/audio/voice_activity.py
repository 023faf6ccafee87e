"""Voice activity: which 20 ms frames of a recording hold speech (WebRTC's detector)."""

from collections import deque
from collections.abc import Iterator

import numpy as np

from voice2face.arrays import Int16s
from voice2face.audio.settings import VoiceActivity
from voice2face.errors import AudioError, SettingsError

BYTES_PER_SAMPLE = 2


def voiced_samples(
    waveform: Int16s,
    settings: VoiceActivity = VoiceActivity(),  # noqa: B008 (frozen)
    sample_rate: int = 16_000,
) -> Int16s:
    """Keep the speech of one recording.

    The detector adapts to the frames that it is given, so their number and order are part of the
    method. It is reset for each recording.

    Args:
        waveform: Mono int16, shape (samples,).
        settings: Frame, ring and how the detector is asked.
        sample_rate: Samples per second of ``waveform``.

    Returns:
        The segments with speech, one after another, shape (voiced samples,); whole frames only.

    Raises:
        AudioError: The waveform is not mono int16.
        SettingsError: The detector does not know this rate or frame length.

    Source:
        "From sound to features" of docs/method.md.
    """
    from webrtcvad import Vad

    frame_samples = _frame_samples(settings, sample_rate)
    ring_frames = int(settings.ring_s / settings.frame_s + 1e-9)
    trigger = settings.trigger_share * ring_frames
    ask = Vad(settings.aggressiveness).is_speech
    frames: deque[memoryview] = deque(maxlen=ring_frames)
    answers: deque[bool] = deque(maxlen=ring_frames)
    voiced, speaking = bytearray(), False
    for frame in _frames(waveform, frame_samples * BYTES_PER_SAMPLE):
        if speaking:
            voiced += frame
        frames.append(frame)
        if settings.ask_whole_ring:
            answers = deque(ask(asked, sample_rate) for asked in frames)
        else:
            answers.append(ask(frame, sample_rate))
        n_voiced = sum(answers)
        if not speaking and n_voiced > trigger:
            speaking = True
            voiced += b"".join(frames)
        elif speaking and len(answers) - n_voiced > trigger:
            speaking = False
        else:
            continue
        frames.clear()
        answers.clear()
    return np.frombuffer(voiced, np.int16)


def _frame_samples(settings: VoiceActivity, sample_rate: int) -> int:
    from webrtcvad import valid_rate_and_frame_length

    frame_samples = round(settings.frame_s * sample_rate)
    if not valid_rate_and_frame_length(sample_rate, frame_samples):
        raise SettingsError(
            "voice_activity",
            f"frames of {settings.frame_s} s at {sample_rate} Hz",
            "10, 20 or 30 ms at 8, 16, 32 or 48 kHz",
            "correct frame_s or sample_rate",
        )
    return frame_samples


def _frames(waveform: Int16s, frame_bytes: int) -> Iterator[memoryview]:
    """Whole frames, each only if a sample follows it (docs/method.md)."""
    if waveform.dtype != np.int16 or waveform.ndim != 1:
        found = f"{waveform.dtype} samples of shape {waveform.shape}"
        raise AudioError("waveform", found, "mono int16", "read the recording with load_clip")
    data = np.ascontiguousarray(waveform).view(np.uint8).data
    for start in range(0, len(data) - frame_bytes, frame_bytes):
        yield data[start : start + frame_bytes]
