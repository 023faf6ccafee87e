"""From a recording to the features that the voice encoder takes."""

from dataclasses import dataclass

from voice2face.arrays import Float32s, Int16s
from voice2face.audio.load import Source
from voice2face.audio.log_mel import log_mel, normalise, tile
from voice2face.audio.resample import RATE_HZ
from voice2face.audio.settings import FrontEnd
from voice2face.audio.speech import Speech, read_speech
from voice2face.audio.speech_check import (
    LEAST_CHANGE,
    Level,
    no_voice,
    spectral_change,
    too_little_speech,
)
from voice2face.audio.voice_activity import voiced_samples
from voice2face.errors import SettingsError


@dataclass(frozen=True, eq=False, slots=True)
class Features:
    """Features of one recording, as the front end computes them.

    An hour of speech holds 300 MB: keep ``features`` alone where the rest is not needed.

    Args:
        voiced: Speech without the silence, mono int16 at 16 kHz, shape (voiced samples,).
        log_mel: Natural log of mel power, shape (frames, n_mels); not normalised.
        features: Normalised and tiled, shape (max(frames, min_frames), n_mels).
        seconds: Length of the recording.
        speech_s: Length of the speech in it.
    """

    voiced: Int16s
    log_mel: Float32s
    features: Float32s
    seconds: float
    speech_s: float


def extract(
    source: Source,
    settings: FrontEnd,
    rate: int | None = None,
    check_speech: bool = True,
    *,
    max_s: float | None = None,
) -> Features:
    """Read a recording, keep the speech, and compute its features.

    Args:
        source: A path, a binary file object or samples, as :func:`load_clip` takes them.
        settings: Front end that the model was trained with.
        rate: Sample rate of an array in Hz.
        check_speech: Refuse noise that the voice activity detector took for speech. Switch it off
            for faces made from noise on purpose.
        max_s: A longer recording is refused.

    Returns:
        The features, and what they were computed from.

    Raises:
        AudioError: The recording cannot be read, is too long, or has too little speech or none.
        SettingsError: The settings want another sample rate than 16 kHz.

    Source:
        "From sound to features" of docs/method.md.
    """
    speech = read_speech(source, rate, max_s=max_s)
    voiced, bands = speech_bands(speech, settings, check_speech)
    features = tile(normalise(bands), settings.min_frames)
    return Features(voiced, bands, features, speech.seconds, len(voiced) / RATE_HZ)


def speech_bands(
    speech: Speech, settings: FrontEnd, check_speech: bool = True
) -> tuple[Int16s, Float32s]:
    """The speech of a recording that is read already, and its log-mel spectrogram.

    Args:
        speech: The recording.
        settings: Settings of the front end.
        check_speech: Refuse noise that the voice activity detector took for speech.

    Returns:
        ``voiced`` and ``log_mel`` of :class:`Features`.

    Raises:
        AudioError: It has too little speech or none.
        SettingsError: The settings want another sample rate than 16 kHz.
    """
    if settings.log_mel.sample_rate != RATE_HZ:
        found = f"sample rate {settings.log_mel.sample_rate}"
        raise SettingsError("log_mel", found, f"{RATE_HZ}", "correct sample_rate")
    voiced = voiced_samples(speech.samples, settings.voice_activity, RATE_HZ)
    speech_s = len(voiced) / RATE_HZ
    wanted_s = max(settings.min_speech_s, settings.log_mel.window_s)
    if speech_s < wanted_s:
        raise too_little_speech(speech.name, Level.of(speech.samples), speech_s, wanted_s)
    bands = log_mel(voiced, settings.log_mel)
    if check_speech and (change := spectral_change(bands)) < LEAST_CHANGE:
        figures = {"spectral_change": change, "least_spectral_change": LEAST_CHANGE}
        raise no_voice(speech.name, speech.seconds, figures)
    return voiced, bands
