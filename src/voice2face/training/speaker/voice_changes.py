"""Changes of recordings before the front end, so that an encoder learns to bear them.

Noise, rooms, speed and codecs change the waveform itself. What happens to a recording follows from
the seed, the number of the version and the recording's own samples, whoever computes it and when.
"""

import hashlib
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voice2face.arrays import Float32s, Float64s
from voice2face.audio.channels import amr, mp3, opus, telephone
from voice2face.audio.load import load_clip
from voice2face.audio.noise import (
    COLOURS,
    Sound,
    babble,
    coloured_noise,
    levelled,
    mixed,
    stretch,
)
from voice2face.audio.resample import RATE_HZ
from voice2face.audio.rooms import in_room, response_of, room_response
from voice2face.audio.speech import Speech
from voice2face.errors import AudioError, SettingsError
from voice2face.settings import VoiceAugmentation
from voice2face.voice_encoders.protocol import FrameMaker

SNR_DB = (5.0, 20.0)
SPEED = (0.9, 1.1)
MOST_FILES = 200  # with noise, or with responses; more would be held in memory for little
LONGEST_FILE_S = 60.0
PROBE = np.zeros(RATE_HZ // 4, np.int16)

Rng = np.random.Generator


@dataclass(frozen=True, eq=False)
class VoiceChanges:
    """Ways to change a recording.

    Attributes:
        names: Names of the changes, which are equally likely.
        voices: Other recordings, of which babble is made.
        noises: Recordings of noise, beside noise that is made; may be none.
        rooms: Responses of rooms, beside rooms that are made up; may be none.
        codecs: Codecs that this machine has.
        seed: Seed of all draws.
    """

    names: tuple[VoiceAugmentation, ...]
    voices: Sequence[Sound]
    noises: Sequence[Sound] = ()
    rooms: Sequence[Float64s] = ()
    codecs: tuple[Callable[[Sound], Sound], ...] = (telephone, amr, opus, mp3)
    seed: int = 0

    @property
    def digest(self) -> str:
        """Checksum of everything that decides what happens, except the version."""
        name = hashlib.sha256(f"changes 1 {self.names} {self.seed}".encode())
        for sound in (*self.voices, *self.noises, *self.rooms):
            name.update(hashlib.sha256(np.ascontiguousarray(sound).tobytes()).digest())
        name.update(" ".join(codec.__name__ for codec in self.codecs).encode())
        return name.hexdigest()

    def changed(self, speech: Speech, version: int) -> Speech:
        """A version of a recording.

        Args:
            speech: As it is.
            version: Number of the version.
        """
        content = zlib.crc32(np.ascontiguousarray(speech.samples).tobytes())
        rng = np.random.default_rng([self.seed % 2**64, version, content])
        way = _WAYS[self.names[int(rng.integers(len(self.names)))]]
        return Speech(way(self, speech.samples, rng), speech.sample_rate, speech.name)


class ChangedFrames:
    """A ``FrameMaker`` that hears a version of each recording; its frames are prepared already.

    Args:
        encoder: Computes the frames.
        changes: Ways to change a recording.
        version: Number of the version.

    Attributes:
        frame_dim: Numbers of one frame.
        frames_per_s: Frames for a second of speech.
        frames_hash: Checksum of the encoder's frames, the changes and the version.
        is_thread_safe: That of the encoder: the changes are.
    """

    def __init__(self, encoder: FrameMaker, changes: VoiceChanges, version: int) -> None:
        self._encoder, self._changes, self._version = encoder, changes, version
        self.frame_dim, self.frames_per_s = encoder.frame_dim, encoder.frames_per_s
        self.is_thread_safe = bool(getattr(encoder, "is_thread_safe", False))
        name = f"{encoder.frames_hash} {changes.digest} {version}"
        self.frames_hash = hashlib.sha256(name.encode()).hexdigest()

    def frames(self, speech: Speech) -> Float32s:
        """Frames of a version of a recording, prepared, shape (frames, frame_dim).

        Raises:
            AudioError: It holds too little speech now.
        """
        heard = self._encoder.frames(self._changes.changed(speech, self._version))
        return self._encoder.prepared(heard)

    def prepared(self, frames: Float32s) -> Float32s:
        """The same."""
        return frames


def codecs_here() -> tuple[Callable[[Sound], Sound], ...]:
    """Telephone, and those of AMR, Opus and MP3 that this build of FFmpeg has."""
    found: list[Callable[[Sound], Sound]] = [telephone]
    for codec in (amr, opus, mp3):
        try:
            codec(PROBE)
        except AudioError:
            continue
        found.append(codec)
    return tuple(found)


def sounds_in(folder: str, what: str) -> list[Sound]:
    """The recordings of a user's folder, in the order of their names.

    Args:
        folder: The folder; empty: none.
        what: What they are, for messages.

    Raises:
        SettingsError: There is no such folder, or nothing in it that can be read.
    """
    if not folder:
        return []
    sounds: list[Sound] = []
    for path in sorted(Path(folder).rglob("*")):
        if path.is_file() and not path.name.startswith(".") and len(sounds) < MOST_FILES:
            try:
                sounds.append(load_clip(path, max_s=LONGEST_FILE_S))
            except AudioError:
                continue
    if not sounds:
        found = "no recording that can be read"
        remedy = f"name a folder of recordings of at most {LONGEST_FILE_S:.0f} s"
        raise SettingsError(f"{what} {folder}", found, "one at least", remedy)
    return sounds


def responses_in(folder: str) -> list[Float64s]:
    """The responses of rooms of a user's folder, see :func:`sounds_in`."""
    return [response_of(sound) for sound in sounds_in(folder, "training.rooms")]


def _with_noise(changes: VoiceChanges, sound: Sound, rng: Rng) -> Sound:
    kinds = [*COLOURS, "babble", *(["given"] if changes.noises else [])]
    kind = kinds[int(rng.integers(len(kinds)))]
    n = len(sound)
    if kind == "given":
        noise = levelled(stretch(changes.noises[int(rng.integers(len(changes.noises)))], n, rng))
    elif kind == "babble":
        noise = babble(changes.voices, n, rng)
    else:
        noise = coloured_noise(n, COLOURS[kinds.index(kind)], rng)
    return mixed(sound, noise, float(rng.uniform(*SNR_DB)))


def _in_a_room(changes: VoiceChanges, sound: Sound, rng: Rng) -> Sound:
    n_rooms = len(changes.rooms)
    if n_rooms and rng.random() < 0.5:
        return in_room(sound, changes.rooms[int(rng.integers(n_rooms))])
    return in_room(sound, room_response(rng))


def _at_another_speed(changes: VoiceChanges, sound: Sound, rng: Rng) -> Sound:
    return load_clip(sound, rate=round(RATE_HZ * rng.uniform(*SPEED)))


def _through_a_codec(changes: VoiceChanges, sound: Sound, rng: Rng) -> Sound:
    return changes.codecs[int(rng.integers(len(changes.codecs)))](sound)


_WAYS: dict[VoiceAugmentation, Callable[[VoiceChanges, Sound, Rng], Sound]] = {
    "noise": _with_noise,
    "reverberation": _in_a_room,
    "speed": _at_another_speed,
    "codec": _through_a_codec,
}
