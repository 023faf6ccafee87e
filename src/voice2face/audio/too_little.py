"""What to say of a recording in which there is no speech, or too little: what was heard instead."""

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from voice2face.audio.resample import RATE_HZ
from voice2face.errors import NoSpeechError

Int16Array = npt.NDArray[np.int16]

FULL_SCALE = 32_768.0
SILENT_DBFS = -60.0  # a peak below it is the hiss of a converter, or nothing at all
QUIET_DBFS = -30.0  # a peak below it: the voice, if there is one, is 20 dB too low
SHORT_S = 2.0  # whoever records no more than this can hardly speak for a second


class Level:
    """How long and how loud a recording is; counts the samples that pass by.

    Attributes:
        n_samples: How many there were.
        peak: The largest, without its sign.
    """

    def __init__(self) -> None:
        self.n_samples = 0
        self.peak = 0

    @classmethod
    def of(cls, samples: Int16Array) -> "Level":
        """That of a whole waveform, shape (samples,)."""
        level = cls()
        for _ in level.count([samples]):
            pass
        return level

    def count(self, blocks: Iterable[Int16Array]) -> Iterator[Int16Array]:
        """The same blocks."""
        for block in blocks:
            self.n_samples += len(block)
            if len(block):
                self.peak = max(self.peak, int(block.max()), -int(block.min()))
            yield block

    @property
    def seconds(self) -> float:
        """Length of the recording."""
        return self.n_samples / RATE_HZ

    @property
    def peak_dbfs(self) -> float:
        """The largest sample in decibels of full scale; -120 for none."""
        return float(20 * np.log10(max(self.peak, 0.03) / FULL_SCALE))


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
        figures: By which it is told from a voice.
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
    """Such as "0.4 s", "1 s" and "12 s"."""
    text = f"{seconds:.1f}" if seconds < 9.95 else f"{seconds:.0f}"
    return f"{text.removesuffix('.0')} s"
