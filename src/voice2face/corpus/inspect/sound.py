"""A stored recording as the page plays and draws it."""

from dataclasses import dataclass

from voice2face.arrays import Floats
from voice2face.audio.coding import encoded, wav_bytes
from voice2face.audio.log_mel import log_mel
from voice2face.audio.resample import RATE_HZ
from voice2face.audio.settings import LogMel
from voice2face.corpus.recordings import Recording
from voice2face.errors import AudioError

MOST_S = 20.0  # of a clip are heard and seen on the page
MP3_BITS_PER_S = 64_000


@dataclass(frozen=True)
class Clip:
    """What the page shows of a recording.

    Attributes:
        log_mel: Natural log of mel power, shape (frames, n_mels).
        data: A whole file that a browser plays; None: see ``reason``.
        mime: Its kind.
        reason: Why it cannot be played, a sentence.
    """

    log_mel: Floats
    data: bytes | None = None
    mime: str = ""
    reason: str = ""


def clip_of(recording: Recording, settings: LogMel) -> Clip:
    """The beginning of a stored recording, silence included, and its spectrogram.

    Args:
        recording: As it is stored.
        settings: Settings of the spectrogram, which is computed from the sound that is played.

    Raises:
        CorpusError: The sound is damaged.
    """
    if not recording.has_sound:
        reason = "The source was a spectrogram: there is no recording to play."
        return Clip(recording.log_mel()[: int(MOST_S / settings.hop_s)], reason=reason)
    samples = recording.speech().samples[: int(MOST_S * RATE_HZ)]
    bands = log_mel(samples, settings)
    try:
        data = encoded(samples, "mp3", "libmp3lame", bits_per_s=MP3_BITS_PER_S)
    except AudioError:  # this build of FFmpeg lacks the encoder
        return Clip(bands, wav_bytes(samples), "audio/wav")
    return Clip(bands, data, "audio/mpeg")
