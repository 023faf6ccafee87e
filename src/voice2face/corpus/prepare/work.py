"""From one file to what a corpus stores of it: the same function in one process or in many."""

import hashlib
import os
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from voice2face.audio.coding import SoundCoding, encode_sound
from voice2face.audio.resample import RATE_HZ
from voice2face.audio.settings import FrontEnd
from voice2face.ceilings import MIB, memory_ceiling, time_limit
from voice2face.corpus.schema import FIGURES, Reader, VoiceCoding
from voice2face.corpus.shapes import encoded_shape
from voice2face.errors import AudioError, NoSpeechError, reason_of
from voice2face.faces.pictures import MAX_BYTES, PictureError
from voice2face.faces.settings import FaceCrop
from voice2face.files import bytes_on_disk, sha256_of
from voice2face.settings import Settings

if TYPE_CHECKING:
    from voice2face.faces import FaceMaker
    from voice2face.faces.crop import Face

CRASHED = "crashed its reader"
MOST_SOUND_BYTES = 1 << 30  # of one recording; a column of a row group holds twice that
TOO_SLOW = "takes too long to read"
# What one file may take: memory beyond what its process has, and time by its size on the disk.
MEMORY_BYTES, MEMORY_PER_BYTE, MOST_MEMORY_BYTES = 2048 * MIB, 64, 16_384 * MIB
SECONDS, SECONDS_PER_MB = 30.0, 4.0  # processor time for one file
WALL = 4  # times as long on the clock, for machines that have other things to do


class Recipe(Settings, frozen=True, kw_only=True):
    """How voices and faces are made."""

    front_end: FrontEnd
    face_crop: FaceCrop
    sound: SoundCoding = "flac"


class Task(msgspec.Struct, frozen=True, array_like=True):
    """One file to read; ``path`` may hold bytes that are not UTF-8, so it is kept as such."""

    reader: Reader
    path: bytes


class Stored(msgspec.Struct, frozen=True, array_like=True):
    """What a corpus keeps of a file, or of one frame of a video.

    Args:
        sha256: Checksum of the file.
        size: Side of a face in pixels; 0 for a voice.
        n_bytes: Length of the payload.
        payload: The binary column, laid out as ``schema.LAYOUT`` says; None where it has already
            been written to a shard.
        seconds: Length of the recording; 0 for a picture.
        speech_s: Length of the speech in it.
        coding: What the payload of a voice is, see ``schema.VoiceCoding``.
        figures: Figures of a face, in the order of ``schema.FIGURES``; None where one does not
            apply.
        shape: Shape of a normalised face, as ``corpus.shapes`` encodes it; empty for any other.
    """

    sha256: str
    size: int
    n_bytes: int
    payload: bytes | None
    seconds: float = 0.0
    speech_s: float = 0.0
    coding: VoiceCoding = "flac"
    figures: tuple[float | None, ...] = ()
    shape: bytes = b""


class Failed(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Why a file cannot be used: ``reason`` is one of few, ``detail`` says all."""

    reason: str
    detail: str


class Done(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Result of reading a file: one voice, one face, or several faces of a video."""

    stored: tuple[Stored, ...]


Outcome = Done | Failed
_OPENCV_NO_MEMORY = -4  # cv::Error::StsNoMem
_TOO_LARGE = Failed("too large", "it takes more memory than a file of its size should")
# Tasks and outcomes as bytes, as they travel between processes and machines.
encode = msgspec.msgpack.Encoder().encode
decode_tasks = msgspec.msgpack.Decoder(tuple[Task, ...]).decode
decode_outcomes = msgspec.msgpack.Decoder(tuple[Outcome, ...]).decode


def process_chunk_or_end(tasks: bytes, recipe: Recipe) -> bytes:
    """Read several files in a process of its own: one that takes too long ends it.

    Args:
        tasks: Encoded.
        recipe: How voices and faces are made.

    Returns:
        Outcomes, encoded.
    """
    outcomes: list[Outcome] = []
    for task in decode_tasks(tasks):
        cpu_s = seconds_for(task)
        with time_limit(cpu_s, WALL * cpu_s):
            outcomes.append(process(task, recipe))
    return encode(outcomes)


def seconds_for(task: Task) -> float:
    """Processor time that reading a file may take."""
    return SECONDS + SECONDS_PER_MB * bytes_on_disk(Path(os.fsdecode(task.path))) / 1e6


def process(task: Task, recipe: Recipe) -> Outcome:
    """Read one file; what is wrong with it is an outcome, not an error.

    Raises:
        ModelError: The weights of a network that finds or masks faces are missing.
        MissingExtraError: The library that runs them is not installed.
    """
    path = Path(os.fsdecode(task.path))
    try:
        if problem := _not_a_file(path):
            return Failed("missing file", problem)
        more_bytes = MEMORY_BYTES + MEMORY_PER_BYTE * bytes_on_disk(path)
        with memory_ceiling(min(more_bytes, MOST_MEMORY_BYTES)):
            return Done(tuple(_READERS[task.reader](path, recipe)))
    except AudioError as error:
        unheard = isinstance(error, NoSpeechError)
        reason = "too little speech" if unheard else "unreadable recording"
        return Failed(reason, f"{error.found}; {error.wanted} wanted")
    except PictureError as error:
        return Failed(error.reason, error.detail)
    except MemoryError:
        return _TOO_LARGE
    except OSError as error:
        return Failed("unreadable file", reason_of(error))
    except Exception as error:
        if getattr(error, "code", None) == _OPENCV_NO_MEMORY:
            return _TOO_LARGE
        raise


def _not_a_file(path: Path) -> str | None:
    try:
        if path.is_file():
            return None
        return "not a file" if os.path.lexists(path) else "no such file"
    except (OSError, ValueError) as error:  # a name that no file can have
        return reason_of(error)


def _recording(path: Path, recipe: Recipe) -> list[Stored]:
    from voice2face.audio import front_end
    from voice2face.audio.speech import read_speech

    speech = read_speech(path)
    samples = speech.samples
    voiced, _ = front_end.speech_bands(speech, recipe.front_end)
    payload = encode_sound(samples, recipe.sound)
    if len(payload) > MOST_SOUND_BYTES:
        found = f"{len(samples) / RATE_HZ:.0f} s, {len(payload)} bytes of {recipe.sound}"
        raise AudioError(path, found, f"at most {MOST_SOUND_BYTES}", "cut it")
    seconds, speech_s = len(samples) / RATE_HZ, len(voiced) / RATE_HZ
    return [Stored(sha256_of(path), 0, len(payload), payload, seconds, speech_s, recipe.sound)]


def _log_mel(path: Path, recipe: Recipe) -> list[Stored]:
    from voice2face.audio.stored import read_log_mel

    log_mel = read_log_mel(path, recipe.front_end)
    speech_s = float(len(log_mel) * recipe.front_end.log_mel.hop_s)
    payload = np.ascontiguousarray(log_mel, "<f2").tobytes()
    return [Stored(sha256_of(path), 0, len(payload), payload, speech_s, speech_s, "log_mel")]


def _picture(path: Path, recipe: Recipe, *, is_aligned: bool = False) -> list[Stored]:
    data, maker = _bytes_of(path), _maker(recipe.face_crop)
    face = maker.from_aligned(data) if is_aligned else maker.from_picture(data)
    return [_face(face, hashlib.sha256(data).hexdigest())]


def _video(path: Path, recipe: Recipe) -> list[Stored]:
    sha256 = sha256_of(path)
    return [_face(face, sha256) for face in _maker(recipe.face_crop).from_video(path)]


def _face(face: "Face", sha256: str) -> Stored:
    payload = face.pixels.tobytes()
    figures = tuple(getattr(face.quality, name) for name in FIGURES)
    shape = b"" if face.shape is None else encoded_shape(face.shape)
    return Stored(sha256, len(face.pixels), len(payload), payload, figures=figures, shape=shape)


def _bytes_of(path: Path) -> bytes:
    with path.open("rb") as stream:
        data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise PictureError("picture too large", f"more than {MAX_BYTES} bytes")
    return data


@lru_cache(maxsize=1)  # a process opens its networks once
def _maker(settings: FaceCrop) -> "FaceMaker":
    from voice2face.faces import FaceMaker

    return FaceMaker(settings)


_READERS: dict[Reader, Callable[[Path, Recipe], list[Stored]]] = {
    "recording": _recording,
    "log_mel": _log_mel,
    "picture": _picture,
    "aligned": partial(_picture, is_aligned=True),
    "video": _video,
}
