"""The sound that the network hears: what the front end keeps of a recording."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.audio import extract
from voice2face.audio.wav import wav_bytes
from voice2face.corpus.read import Corpus
from voice2face.errors import AudioError, MissingExtraError, SettingsError
from voice2face.files import sha256_of

RATE_HZ = 16_000
MOST_S = 20.0  # of a clip: what is heard and seen on the page
MP3_BITS_PER_S = 64_000
CLOSE = 0.1  # nats by which the stored spectrogram may differ: rounding, another machine


@dataclass(frozen=True)
class Sound:
    """Audio that a browser plays, or why there is none.

    Args:
        data: A whole file; None: see ``reason``.
        mime: Its kind.
        reason: Why it cannot be played, a sentence.
    """

    data: bytes | None = None
    mime: str = ""
    reason: str = ""


def sound_of(corpus: Corpus, row: dict[str, Any]) -> Sound:
    """Read the recording of a stored voice again.

    It is played only if it is the file that the corpus was made from and gives the spectrogram
    that is stored; so what a person hears is what the network is given.

    Args:
        corpus: Where it is stored.
        row: All its columns, ``log_mel`` as an array.

    Raises:
        CorpusError: ``corpus.json`` does not say where it was.
    """
    if row["path"].lower().endswith(".npy"):
        return Sound(reason="The source was a spectrogram: there is no recording to play.")
    path = source_path(corpus, row)
    try:
        if not path.is_file():
            return Sound(reason=f"The recording is no longer where it was: {path}")
        if sha256_of(path) != row["sha256"]:
            return Sound(reason=f"The recording has changed since the corpus was made: {path}")
        features = extract(path, corpus.info.front_end)
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        reason = getattr(error, "strerror", None) or str(error)
        return Sound(reason=f"The recording cannot be read ({reason}): {path}")
    except (AudioError, SettingsError, MissingExtraError) as error:
        return Sound(reason=f"The recording cannot be read: {error}")
    if not _same(features.log_mel, row["log_mel"]):
        return Sound(reason=f"The recording now gives another spectrogram: {path}")
    voiced = features.voiced[: int(MOST_S * RATE_HZ)]
    data = mp3(voiced)
    return Sound(data, "audio/mpeg") if data else Sound(wav_bytes(voiced), "audio/wav")


def source_path(corpus: Corpus, row: dict[str, Any]) -> Path:
    """Where the file of a row was when the corpus was made.

    Raises:
        CorpusError: ``corpus.json`` does not say it.
    """
    source = corpus.source(row["source"])
    root = Path(source.path)
    if source.layout == "table" or (source.layout == "cohort" and not root.is_dir()):
        root = root.parent  # a table's paths start from its folder
    return root / str(row["path"])


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


def _same(now: npt.NDArray[Any], stored: npt.NDArray[Any]) -> bool:
    if now.shape != stored.shape:
        return False
    return bool(np.abs(now - stored.astype(np.float32)).max(initial=0.0) < CLOSE)
