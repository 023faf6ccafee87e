"""A stored recording as the page plays and draws it."""

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voice2face.audio import log_mel
from voice2face.audio.wav import wav_bytes
from voice2face.corpus.recordings import Recording
from voice2face.settings import LogMel

RATE_HZ = 16_000
MOST_S = 20.0  # of a clip: what is heard and seen on the page
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

    log_mel: npt.NDArray[np.floating]
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
    data = mp3(samples)
    if data is None:
        return Clip(bands, wav_bytes(samples), "audio/wav")
    return Clip(bands, data, "audio/mpeg")


def mp3(samples: npt.NDArray[np.int16]) -> bytes | None:
    """Mono sound at 16 kHz as an MP3 file; None where FFmpeg lacks the encoder."""
    import av

    file = io.BytesIO()
    try:
        with av.open(file, "w", format="mp3") as container:
            stream = container.add_stream("libmp3lame", rate=RATE_HZ)
            stream.layout = "mono"
            stream.bit_rate = MP3_BITS_PER_S
            frame = av.AudioFrame.from_ndarray(samples[None], format="s16p", layout="mono")
            frame.sample_rate = RATE_HZ
            container.mux([*stream.encode(frame), *stream.encode(None)])
    except (av.FFmpegError, ValueError):  # an unknown codec is a ValueError
        return None
    return file.getvalue()
