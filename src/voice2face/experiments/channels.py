"""Recordings of a corpus, read again as another channel would have carried them."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voice2face.audio import Features, extract, load_clip
from voice2face.audio.channels import Channel, mp3, reverberation, telephone
from voice2face.audio.resample import RATE_HZ
from voice2face.corpus import Corpus
from voice2face.errors import AudioError
from voice2face.experiments.excerpts import Excerpt
from voice2face.experiments.recordings import Recordings
from voice2face.settings import FrontEnd

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
        speech: The recordings.
        files: As of :func:`recordings_of`.
        channel: Changes a waveform.

    Returns:
        Those that could be read and still hold speech, and their numbers in ``speech``.
    """
    sounds, excerpts, rows = [], [], []
    front_end = corpus.info.front_end
    for row, clip in enumerate(speech.clip):
        try:
            path = files[str(clip)]
            heard = _heard(path, channel, front_end)
        except (AudioError, KeyError):
            continue
        sounds.append(heard.log_mel)
        excerpts.append(
            (Excerpt(partial(_read_again, path, channel, front_end), 0, len(sounds[-1])),)
        )
        rows.append(row)
    kept = speech.only(np.array(rows, np.int64))
    return replace(kept, sounds=sounds, excerpts=excerpts), np.array(rows, np.int64)


def _heard(path: Path, channel: Channel, front_end: FrontEnd) -> Features:
    return extract(channel(load_clip(path)), front_end, RATE_HZ, check_speech=False)


def _read_again(path: Path, channel: Channel, front_end: FrontEnd) -> npt.NDArray[np.int16]:
    return _heard(path, channel, front_end).voiced
