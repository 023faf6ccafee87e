"""Frozen, typed configuration: one source for the command line, YAML files and Python.

A variant of anything is a value, made with :func:`msgspec.structs.replace`, never a subclass.
"""

from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec
import yaml

from voice2face.errors import SettingsError

S = TypeVar("S", bound="Settings")


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all configuration: immutable, keyword-only, and strict about unknown names."""


class VoiceActivity(Settings, frozen=True):
    """When is somebody speaking? (METHOD.md, "Audio front end")."""

    aggressiveness: Literal[0, 1, 2, 3] = 2
    frame_s: float = 0.02
    ring_s: float = 0.05  # int(50 / 20) = 2 frames
    trigger_share: float = 0.9
    # The detector adapts to what it is asked. The released program asks about every frame of the
    # ring at each step (so about most frames more than once); `clean` asks once a frame.
    ask_whole_ring: bool = False


class LogMel(Settings, frozen=True):
    """Window, hop and filters of the spectrogram; lengths in seconds, frequencies in Hz."""

    sample_rate: int = 16_000
    window_s: float = 0.025
    hop_s: float = 0.01
    n_fft: int = 1024
    n_mels: int = 64
    low_hz: float = 20.0
    high_hz: float = 7200.0
    pre_emphasis: float = 0.97
    floor: float = 1e-5
    # The released program filters each window by itself, taking for the "sample before the first"
    # the last sample of the previous window; `clean` filters the whole signal.
    pre_emphasis_in_window: bool = False
    # A window that runs over the end: filled by repeating its own samples, or dropped.
    keep_ragged_window: bool = False


class FrontEnd(Settings, frozen=True):
    """From a recording to the features that the voice encoder takes."""

    voice_activity: VoiceActivity = VoiceActivity()
    log_mel: LogMel = LogMel()
    min_frames: int = 1000  # shorter sequences are repeated up to this length
    min_speech_s: float = 1.0


FRONT_ENDS: dict[str, FrontEnd] = {
    # What the authors' program does, bit by bit.
    "released": FrontEnd(
        voice_activity=VoiceActivity(ask_whole_ring=True),
        log_mel=LogMel(pre_emphasis_in_window=True, keep_ragged_window=True),
    ),
    # What models trained by this project use: the same numbers without the accidents.
    "clean": FrontEnd(),
}


def decode(data: Any, kind: type[S], source: str) -> S:
    """Check plain data (from YAML or JSON) against a settings class.

    Raises:
        SettingsError: A name that does not exist, or a value of the wrong kind.
    """
    try:
        return msgspec.convert(data, kind)
    except (msgspec.ValidationError, ValueError) as error:
        raise SettingsError(
            source, str(error), f"a valid {kind.__name__}", "correct the entry"
        ) from error


def read_yaml(path: Path, kind: type[S]) -> S:
    """Read settings from a YAML file.

    Raises:
        SettingsError: The file is not YAML or does not fit ``kind``.
    """
    try:
        data = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0]
        raise SettingsError(path, f"not YAML ({reason})", "a YAML file", "restore it") from error
    return decode(data, kind, str(path))


def to_yaml(settings: Settings) -> str:
    """Settings as YAML text that :func:`read_yaml` reads back to the same value."""
    return yaml.safe_dump(msgspec.to_builtins(settings), sort_keys=False, allow_unicode=True)
