"""The choice of one audio track of a file."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import numpy as np

from voice2face.audio.complete import Tally, frames_of
from voice2face.audio.full_scale import to_int16
from voice2face.audio.resample import RATE_HZ, to_clip_format
from voice2face.audio.voice_activity import voiced_samples
from voice2face.errors import AudioError, Note, one_line

if TYPE_CHECKING:
    from av import AudioStream
    from av.container import InputContainer

SPEECH_S = 1.0  # this much speech in a track is enough
HEARD_S = 1800.0  # of a track that are listened to: who speaks later doesn't count

Open = Callable[[], AbstractContextManager["InputContainer"]]


def tracks_of(container: InputContainer, name: str) -> list[int]:
    """Audio tracks of a known codec, by their place; those first that are marked as the default.

    Raises:
        AudioError: There is none, or none of a known codec.
    """
    streams = container.streams.audio
    if not streams:
        found = "pictures without sound" if container.streams.video else "no sound in it"
        raise AudioError(name, found, "an audio track", "name a recording with sound")
    known = [i for i, stream in enumerate(streams) if stream.codec_context is not None]
    if not known:
        raise AudioError(name, "sound of an unknown codec", "a known one", "convert it to WAV")
    return sorted(known, key=lambda i: not _is_default(streams[i]))


def chosen_track(tracks: list[int], n_all: int, open_file: Open, name: str) -> int:
    """The track to decode: the one that is marked as the default, if somebody speaks in it.

    Else it is the first in which somebody does; if nobody does in any, the default one, or the
    first. A warning says where it is not the first.

    Args:
        tracks: Tracks of the file, as :func:`tracks_of` gives them.
        n_all: How many there are, those of unknown codecs included.
        open_file: Opens it, at its beginning.
        name: What messages call it.
    """
    best = next((i for i in tracks if _has_speech(open_file, i)), tracks[0])
    if best != 0:
        is_default = best == tracks[0] != min(tracks)
        why = "is marked as the default" if is_default else "is the first with speech"
        text = f"{name}: {n_all} audio tracks; heard is number {best + 1}, which {why}"
        warnings.warn(one_line(text), Note, stacklevel=2)
    return best


def _is_default(stream: AudioStream) -> bool:
    return bool(int(getattr(stream, "disposition", 0)) & 1)  # AV_DISPOSITION_DEFAULT


def _has_speech(open_file: Open, track: int) -> bool:
    """Whether there is a second of voice in a track; it is decoded no further than needed."""
    with open_file() as container:
        stream = container.streams.audio[track]
        heard = np.zeros(0, np.int16)
        n_heard = 0
        for block in to_clip_format(frames_of(container, stream, Tally())):
            heard = np.concatenate((heard, to_int16(block)))
            if len(heard) >= 30 * RATE_HZ:
                if len(voiced_samples(heard)) >= SPEECH_S * RATE_HZ:
                    return True
                n_heard += len(heard)
                heard = heard[:0]
                if n_heard > HEARD_S * RATE_HZ:
                    return False
        return len(voiced_samples(heard)) >= SPEECH_S * RATE_HZ
