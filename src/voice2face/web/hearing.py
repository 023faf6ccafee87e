"""What a page shows of a recording beside the face: waveform, speech, log-mel, warnings."""

from typing import Any

import numpy as np

from voice2face.arrays import Float32s, Int16s
from voice2face.audio.log_mel import log_mel
from voice2face.audio.resample import RATE_HZ
from voice2face.audio.settings import LogMel
from voice2face.audio.spectrogram import spectrogram_png

COLUMNS = 1200  # of a waveform or a log-mel: more than a page is wide
FULL_SCALE = 32768
FRAME_S = 0.02
STEP_S = 0.01  # of which frames of voice activity, whatever the encoder, are multiples
SHOWN = LogMel(keep_ragged_window=True)  # what is drawn, whatever the voice encoder takes

# The voice encoder is trained on stretches of 3 to 8 s (`crop_frames` of the recipes).
LITTLE_SPEECH_S = 3.0
LOUD_SHARE = 0.002  # of the samples at full scale: an overdriven microphone
QUIET_PEAK = 0.02
# By this measure 60 recordings of VoxCeleb have 7.6 dB and 60 of LibriSpeech 12.4 or more (98 % of
# them); with white noise added 5 dB below the voice, none has more than 7.5.
NOISY_DB = 7.5
LEAST_PAUSE_FRAMES = 10


def speech_spans(samples: Int16s, voiced: Int16s, frame_s: float) -> list[list[float]]:
    """Where the speech of a recording lies in it.

    Args:
        samples: The recording, shape (samples,).
        voiced: What voice activity detection kept of it: whole frames, in order, shape (voiced,).
        frame_s: Length of such a frame.

    Returns:
        Begin and end of each stretch, in seconds.
    """
    size = 2 * round(frame_s * RATE_HZ)
    whole, kept = memoryview(samples.tobytes()), memoryview(voiced.tobytes())
    spans: list[list[float]] = []
    at = 0
    for number in range(len(whole) // size):
        if at * size == len(kept):
            break
        if whole[number * size : (number + 1) * size] != kept[at * size : (at + 1) * size]:
            continue
        at += 1
        begin, end = round(number * frame_s, 3), round((number + 1) * frame_s, 3)
        if spans and spans[-1][1] == begin:
            spans[-1][1] = end
        else:
            spans.append([begin, end])
    return spans


def waveform(samples: Int16s) -> dict[str, list[float]]:
    """Lowest and highest sample of each column, of ±1."""
    starts = np.linspace(0, len(samples), min(COLUMNS, len(samples)), endpoint=False).astype(int)
    low, high = np.minimum.reduceat(samples, starts), np.maximum.reduceat(samples, starts)
    return {"low": _parts(low), "high": _parts(high)}


def log_mel_png(spectrum: Float32s) -> bytes:
    """Log-mel spectrogram as a picture: time from left to right, low bands at the bottom.

    Args:
        spectrum: Shape (frames, n_mels).

    Returns:
        A PNG with a palette, one pixel a band, at most ``COLUMNS`` wide.
    """
    n_columns = min(COLUMNS, len(spectrum))
    starts = np.linspace(0, len(spectrum), n_columns, endpoint=False).astype(int)
    widths = np.diff(np.append(starts, len(spectrum)))
    bands = np.add.reduceat(spectrum, starts, axis=0) / widths[:, None]
    return spectrogram_png(bands, (0.02, 0.998))[0]


def warnings(samples: Int16s, speech_s: float, spans: list[list[float]]) -> list[str]:
    """What makes the face less telling than it could be, in plain sentences."""
    found = []
    if speech_s < LITTLE_SPEECH_S:
        found.append(
            f"Only {speech_s:.1f} s of speech: "
            f"with {LITTLE_SPEECH_S:g} s or more the face would tell more of the voice."
        )
    if speech_to_noise_db(samples, spans) < NOISY_DB:
        found.append("There is much noise behind the voice: a quieter place would help.")
    peaks = np.abs(samples.astype(np.int32))
    if (peaks >= FULL_SCALE - 1).mean() > LOUD_SHARE:
        found.append("The recording is overdriven: speak more softly or farther away.")
    elif peaks.max() < QUIET_PEAK * FULL_SCALE:
        found.append("The recording is very quiet: come closer to the microphone.")
    return found


def speech_to_noise_db(samples: Int16s, spans: list[list[float]]) -> float:
    """How far the voice stands above what is heard in the pauses; infinite above silence."""
    size = round(FRAME_S * RATE_HZ)
    frames = samples[: len(samples) // size * size].reshape(-1, size).astype(np.float64)
    power = (frames**2).mean(axis=1)
    speech = np.zeros(len(power), bool)
    for begin, end in spans:
        speech[round(begin / FRAME_S) : round(end / FRAME_S)] = True
    pauses = power[~speech]
    # Hardly a pause: the quietest frames of the speech stand for one.
    noise = np.median(pauses) if len(pauses) >= LEAST_PAUSE_FRAMES else np.quantile(power, 0.05)
    voice = power[speech].mean() - noise if speech.any() else 0.0
    if noise <= 0:
        return float("inf")
    return float(10 * np.log10(max(voice / noise, 1e-9)))


def summed_up(samples: Int16s, voiced: Int16s | None) -> dict[str, Any]:
    """All that a page shows of a recording, as entries of the answer.

    Args:
        samples: The recording, shape (samples,).
        voiced: The speech in it, whole frames in order; None where the voice encoder does not say
            which: all of it is shown.
    """
    heard = samples if voiced is None else voiced
    spans = speech_spans(samples, heard, STEP_S)
    seconds = round(len(samples) / RATE_HZ, 3)
    speech_s = round(len(heard) / RATE_HZ, 3)
    bands = log_mel(heard, SHOWN)
    return {
        "seconds": seconds,
        "speech_s": speech_s,
        "warnings": warnings(samples, speech_s, spans),
        "waveform": {"seconds": seconds, **waveform(samples), "speech": spans},
        "log_mel": {"png": log_mel_png(bands), "seconds": speech_s, "bands": SHOWN.n_mels},
    }


def _parts(samples: Int16s) -> list[float]:
    parts: list[float] = np.round(samples / FULL_SCALE, 3).tolist()
    return parts
