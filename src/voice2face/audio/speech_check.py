"""Is it speech at all, is there enough of it, and what to say if not: what was heard instead."""

from dataclasses import dataclass

import numpy as np

from voice2face.arrays import Float32s, Int16s
from voice2face.audio.full_scale import FULL_SCALE
from voice2face.audio.resample import RATE_HZ
from voice2face.errors import NoSpeechError

# WebRTC's detector lets most loud noise pass as voice.
# Least change of the spectrum's shape, in nats, that counts as speech.
# 1502 recordings of VoxCeleb, AVSpeech and LibriSpeech with 1 s of voice or more: 0.69 at least,
# 0.79 for 99.8 % of them, median 1.31 (`benchmarks/front_end.py --check-speech FOLDER`); the first
# second of their voice alone: 0.52 for 99.8 %, one below 0.38; every eighth of them in white, pink,
# brown noise 5 dB below the voice: 0.45, 0.39, 0.61 at least.
# 1.5 to 12 s of noise that the detector took for voice: white, pink, brown, steady or beating 0.22
# at most, hum and tones 0.15, clicks and impulses 0.35, a chord 0.34. Sound that does change its
# shape is not caught: knocks, dialling tones, sweeps, music.
LEAST_CHANGE = 0.38

BLOCK_FRAMES = 3
SMOOTH_BLOCKS = 5  # 150 ms in all, about a syllable
LOUD_NATS = 6.9  # 30 dB
AT_ONCE = 1 << 19  # numbers: an hour of speech takes a few megabytes more, not seventy

SILENT_DBFS = -60.0  # a peak below it is the hiss of a converter, or nothing at all
QUIET_DBFS = -30.0  # a peak below it: the voice, if there is one, is 20 dB too low
SHORT_S = 2.0  # whoever records no more than this can hardly speak for a second


def spectral_change(bands: Float32s) -> float:
    """How much the shape of the spectrum changes from syllable to syllable.

    Whoever speaks changes the shape of the vocal tract some four times a second. Noise, hum, tones
    and clicks may change their level, but hardly their shape.

    Args:
        bands: Log-mel spectrogram in nats, shape (frames, n_mels), not normalised.

    Returns:
        Standard deviation over time, averaged over the bands, of the smoothed spectrum less its
        own level; in nats. Only frames within 30 dB of the loud ones count: what lies between two
        clicks has another shape, but isn't heard. 0 where these are too few to tell.
    """
    n_blocks = len(bands) // BLOCK_FRAMES
    if n_blocks < 2 * SMOOTH_BLOCKS:
        return 0.0
    bands = bands[: n_blocks * BLOCK_FRAMES]
    level = bands.mean(axis=1).reshape(n_blocks, BLOCK_FRAMES).mean(axis=1)
    # np.quantile would say the same, but imports numpy.ma, which takes 9 ms.
    loudest = np.interp(0.95, np.linspace(0, 1, n_blocks), np.sort(level))
    loud = level > loudest - LOUD_NATS
    n_smooth = np.count_nonzero(loud) - SMOOTH_BLOCKS + 1
    if n_smooth < SMOOTH_BLOCKS:
        return 0.0
    changes, n_bands = [], max(AT_ONCE // n_blocks, 1)
    for start in range(0, bands.shape[1], n_bands):
        some = bands[:, start : start + n_bands]
        blocks = some[::BLOCK_FRAMES].copy()
        for frame in range(1, BLOCK_FRAMES):
            blocks += some[frame::BLOCK_FRAMES]
        shape = blocks[loud] / BLOCK_FRAMES - level[loud, None]
        smooth = np.zeros((n_smooth, shape.shape[1]), np.float32)
        for shift in range(SMOOTH_BLOCKS):
            smooth += shape[shift : shift + n_smooth] / SMOOTH_BLOCKS
        changes.append(smooth.std(axis=0))
    return float(np.concatenate(changes).mean())


@dataclass(frozen=True)
class Level:
    """How long and how loud a recording is.

    Attributes:
        seconds: Its length.
        peak_dbfs: The largest sample in decibels of full scale; -120 for digital silence.
    """

    seconds: float
    peak_dbfs: float

    @classmethod
    def of(cls, samples: Int16s) -> "Level":
        """The level of a recording at 16 kHz, shape (samples,)."""
        peak = max(int(samples.max(initial=0)), -int(samples.min(initial=0)), 0.03)
        return cls(len(samples) / RATE_HZ, float(20 * np.log10(peak / FULL_SCALE)))


def too_little_speech(name: str, level: Level, speech_s: float, wanted_s: float) -> NoSpeechError:
    """The error of a recording with less speech than is wanted.

    Args:
        name: What messages call it.
        level: Level of the recording.
        speech_s: Speech that was found.
        wanted_s: The least that will do.
    """
    found, remedy = _said(level, speech_s)
    numbers = {
        "seconds": level.seconds,
        "speech_s": speech_s,
        "least_speech_s": wanted_s,
        "peak_dbfs": level.peak_dbfs,
    }
    return NoSpeechError(name, found, f"{_seconds(wanted_s)} of speech", remedy, numbers)


def no_voice(name: str, seconds: float, figures: dict[str, float]) -> NoSpeechError:
    """The error of a recording whose sound is no voice.

    Args:
        name: What messages call it.
        seconds: Length of the recording.
        figures: Figures that tell it from a voice.
    """
    return NoSpeechError(
        name,
        "noise or a hum, and no speech",
        "a voice",
        "record somebody who speaks, close to the microphone",
        {"seconds": seconds, **figures},
    )


def _said(level: Level, speech_s: float) -> tuple[str, str]:
    length = _seconds(level.seconds)
    if level.peak_dbfs < SILENT_DBFS:
        found = f"{length} of silence: no sound came in"
        return found, "see that the microphone is on, and that it is the one that is recorded"
    if level.peak_dbfs < QUIET_DBFS and speech_s < level.seconds / 2:
        found = f"{length} of very quiet sound, in which hardly any speech can be heard"
        return found, "speak closer to the microphone, or make the recording louder"
    if level.seconds < SHORT_S:
        return f"a recording of {length}, with {_seconds(speech_s)} of speech", "record longer"
    if speech_s < 0.1:
        found = f"{length} of sound, and no speech in it"
        return found, "record somebody who speaks, close to the microphone"
    found = f"{length} of sound, and {_seconds(speech_s)} of speech in it"
    return found, "speak for longer, close to the microphone, where it is quiet"


def _seconds(seconds: float) -> str:
    """A length in words, such as "0.4 s", "1 s" and "12 s"."""
    text = f"{seconds:.1f}" if seconds < 9.95 else f"{seconds:.0f}"
    return f"{text.removesuffix('.0')} s"
