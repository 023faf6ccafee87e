"""Recordings of a corpus, read again as another channel would have carried them."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from voice2face.audio import extract, load_clip
from voice2face.audio.channels import Channel, mp3, reverberation, telephone
from voice2face.audio.resample import RATE_HZ
from voice2face.corpus import Corpus
from voice2face.errors import AudioError
from voice2face.experiments.recordings import Recordings

CHANNELS: dict[str, Channel] = {
    "telephone": telephone,
    "MP3": mp3,
    "reverberation": reverberation,
}


def recordings_of(corpus: Corpus, split: str) -> dict[str, Path]:
    """The files that recordings were made from, by the recording's name; those still there."""
    found = {}
    for voices in corpus.iter_voices(split):
        for clip, source, path in zip(voices.clip, voices.source, voices.path, strict=True):
            root = Path(corpus.source(int(source)).path)
            root = root if root.is_dir() else root.parent
            file = root / str(path)
            if file.is_file():
                found[str(clip)] = file
    return found


def through(
    corpus: Corpus, speech: Recordings, files: dict[str, Path], channel: Channel
) -> tuple[Recordings, npt.NDArray[np.int64]]:
    """Recordings read again, changed, and brought to log-mel as the corpus' own were.

    Args:
        corpus: Whose front end is used.
        speech: Which recordings.
        files: As of :func:`recordings_of`.
        channel: Changes a waveform.

    Returns:
        Those that could be read and still hold speech, and their numbers in ``speech``.
    """
    sounds, rows = [], []
    for row, clip in enumerate(speech.clip):
        try:
            sound = channel(load_clip(files[str(clip)]))
            heard = extract(sound, corpus.info.front_end, RATE_HZ, check_speech=False)
        except (AudioError, KeyError):
            continue
        sounds.append(heard.log_mel)
        rows.append(row)
    kept = speech.only(np.array(rows, np.int64))
    return Recordings(kept.clip, kept.identity, sounds, kept.attributes), np.array(rows, np.int64)
