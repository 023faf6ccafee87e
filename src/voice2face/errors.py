"""Errors that a caller may catch. Each message is one line that ends with what to do."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar


class Voice2FaceError(Exception):
    """An error that the user can correct.

    Reads ``thing: found; wanted; remedy``, for example
    ``clip.wav: 0.3 s of speech; 1.0 s wanted; record longer``.

    Args:
        thing: What it is about: a file, a folder, an option.
        found: What was found there.
        wanted: What should have been there.
        remedy: What the user can do now.
    """

    def __init__(self, thing: object, found: str, wanted: str, remedy: str) -> None:
        self.thing, self.found, self.wanted, self.remedy = str(thing), found, wanted, remedy
        super().__init__(one_line(f"{thing}: {found}; {wanted} wanted; {remedy}"))

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        """Travel between processes."""
        return type(self), (self.thing, self.found, self.wanted, self.remedy)


class AudioError(Voice2FaceError):
    """A recording that cannot be read, or that holds too little speech.

    Args:
        thing: The recording.
        found: What was heard, in words.
        wanted: What should have been there.
        remedy: What the user can do now.
        numbers: What was measured, by name with unit: for JSON and for `--verbose`.
    """

    def __init__(
        self,
        thing: object,
        found: str,
        wanted: str,
        remedy: str,
        numbers: Mapping[str, float] | None = None,
    ) -> None:
        super().__init__(thing, found, wanted, remedy)
        self.numbers = {name: round(value, 3) for name, value in (numbers or {}).items()}

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        """Travel between processes."""
        return type(self), (self.thing, self.found, self.wanted, self.remedy, self.numbers)


class NoSpeechError(AudioError):
    """A recording that holds too little speech, or none."""


class Note(UserWarning):
    """A warning about a recording that could be read."""


class CorpusError(Voice2FaceError):
    """A table, a picture or a corpus folder that cannot be used as it is."""


class BusyError(CorpusError):
    """A corpus that another process is writing."""


class ModelError(Voice2FaceError):
    """A model folder with a part that is missing, damaged or not understood."""


class ProvenanceError(Voice2FaceError):
    """A picture that doesn't say where it is from."""


class SettingsError(Voice2FaceError):
    """A setting that does not exist, or a value that it cannot have."""


class TrainingError(Voice2FaceError):
    """A training that cannot start, go on or resume."""


class OutputError(Voice2FaceError):
    """A result that could not be written."""


class MissingExtraError(Voice2FaceError):
    """An optional part of the package that is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        self.extra = extra
        super().__init__(
            what,
            f"needs the '{extra}' extra, which is not installed",
            f"voice2face[{extra}]",
            f"pip install 'voice2face[{extra}]', in a clone pip install '.[{extra}]'",
        )

    def __reduce__(self) -> tuple[type, tuple[str, ...]]:
        """Travel between processes."""
        return type(self), (self.thing, self.extra)


# What moves the cursor, changes colours, or turns the direction of writing: a file's name and what
# is in a file may hold any, and show something else than is there.
CONTROLS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)


Choice = TypeVar("Choice", bound=str)


def one_of(thing: str, value: str, choices: Sequence[Choice]) -> Choice:
    """The value of a setting, if it is one that the setting can have.

    Raises:
        SettingsError: It is not.
    """
    for choice in choices:
        if value == choice:
            return choice
    raise SettingsError(thing, value, f"one of {', '.join(choices)}", "choose one")


def reason_of(error: Exception) -> str:
    """What the system or a library says, in one short line; the error's name if it says nothing."""
    text: str = getattr(error, "strerror", None) or str(error)
    return (text.strip().splitlines() or [type(error).__name__])[0][:200]


def one_line(text: str) -> str:
    """Replace line ends, control characters and those that turn the writing by '?'."""
    return CONTROLS.sub("?", text)
