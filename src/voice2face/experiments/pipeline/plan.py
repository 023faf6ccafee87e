"""A long work as steps: what each is made from, which are done, and what is left to do.

A step is done if there is a record of it, its outputs are there unchanged, and its inputs (its
settings, and the outputs of the steps before it) are what they were. If an input has changed, the
step is done again; the steps that depend on it follow only if it then gave other outputs. All of
this is kept in the folder of the work, so it survives whatever ends the program.
"""

import hashlib
import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from voice2face.errors import OutputError
from voice2face.files import sha256_of, stored_text, write_bytes

RECORDS, EARLIER = "steps", "earlier"
TEMPORARY = re.compile(r"\.[0-9a-f]{16}(\.\w+)?")  # names of `files.atomic_write`

Kind = Literal["voice", "recogniser", "face", "experiment", "report"]
State = Literal["done", "begun", "to do", "not asked for"]
Outputs = Mapping[str, str]  # file, relative to the folder of the work → its checksum
Note = Callable[[str], None]
Settings = Mapping[str, Any]


class Step(msgspec.Struct, frozen=True):
    """One part of a work.

    Attributes:
        name: Its name, which no other step of the work has.
        kind: What is done.
        needs: Names of the steps whose outputs it reads.
        settings: Everything else that decides what it gives, as plain data.
        place: Folder that it fills, relative to that of the work. After an interruption the step
            goes on with what lies there. "": it starts afresh each time.
        iterations: Number of iterations of a training; 0 for other steps.
        may_grow: Whether a training of fewer iterations can be continued.
        optional: Whether it is left out if it is not done already.
        defaults: Defaults of settings. If an older record does not know a setting, and the setting
            has its default here, nothing has changed.
    """

    name: str
    kind: Kind
    needs: tuple[str, ...] = ()
    settings: dict[str, Any] = {}
    place: str = ""
    iterations: int = 0
    may_grow: bool = False
    optional: bool = False
    defaults: dict[str, Any] = {}


class Record(msgspec.Struct, frozen=True):
    """What is known of a step that was begun.

    Attributes:
        settings: Settings of the step.
        given: Outputs of the steps that it needs, by name.
        iterations: Number of iterations that it was begun for.
        outputs: What it gave; empty until it is done.
        seconds: Time that it took, from when it was last begun.
    """

    settings: dict[str, Any]
    given: dict[str, dict[str, str]]
    iterations: int
    outputs: dict[str, str] = {}
    seconds: float = 0.0

    @property
    def origin(self) -> str:
        """Checksum of what it is made from, its length aside."""
        data = msgspec.json.encode([self.settings, self.given], order="sorted")
        return hashlib.sha256(data).hexdigest()


class Records:
    """The records in the folder of a work.

    Args:
        out: The folder.
        note: Called with a line about each run that is put aside or taken up again.
    """

    def __init__(self, out: Path, note: Note = lambda line: None) -> None:
        self.out, self._note = out, note

    def read(self, name: str) -> Record | None:
        """Record of a step; None if there is none, or it is damaged."""
        try:
            return msgspec.json.decode(self._file(name).read_bytes(), type=Record)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return None

    def done(self, step: Step, given: Mapping[str, Outputs]) -> Outputs | None:
        """What a step gave; None if it is not done.

        Args:
            step: The step.
            given: Outputs of the steps before it, by name.
        """
        record = self._still_true(step, given)
        if record is None or record.iterations != step.iterations or not record.outputs:
            return None
        whole = all(self._is_whole(*item) for item in record.outputs.items())
        return record.outputs if whole else None

    def is_begun(self, step: Step, given: Mapping[str, Outputs]) -> bool:
        """Whether there is something in its place that it can go on with."""
        record = self._still_true(step, given)
        if record is None or not step.place or not (self.out / step.place).exists():
            return False
        longer = step.may_grow and record.iterations < step.iterations
        return longer or record.iterations == step.iterations

    def begin(self, step: Step, given: Mapping[str, Outputs]) -> None:
        """Note that a step is begun. A run that can't be continued is put aside, never removed.

        Raises:
            OutputError: Something could not be moved or written.
        """
        record = _record_of(step, given)
        if step.place:
            place, aside = self.out / step.place, self.out / EARLIER
            try:
                if place.exists() and not self.is_begun(step, given):
                    kept = aside / _name_aside(step, self.read(step.name))
                    if kept.exists():
                        kept = kept.with_name(f"{kept.name}-{secrets.token_hex(4)}")
                    _move(place, kept)
                    self._note(f"{step.name}: its inputs have changed; the old run is now {kept}")
                kept = aside / _name_aside(step, record)
                if kept.exists() and not place.exists():
                    _move(kept, place)
                    self._note(f"{step.name}: continues {kept}")
            except OSError as error:
                found = f"could not be moved ({error.strerror or error})"
                raise OutputError(place, found, "a writable folder", "check its rights") from error
        write_bytes(self._file(step.name), msgspec.json.encode(record) + b"\n")

    def end(self, step: Step, outputs: Iterable[Path], seconds: float) -> Outputs:
        """Note that a step is done.

        Args:
            step: The step; it was begun.
            outputs: Files that it gave.
            seconds: Time that it took.

        Raises:
            OutputError: The record could not be written.
        """
        record = self.read(step.name)
        if record is None:
            raise OutputError(self._file(step.name), "gone", "the record of a step", "run again")
        sums = {
            stored_text(path.relative_to(self.out).as_posix()): sha256_of(path) for path in outputs
        }
        whole = msgspec.structs.replace(record, outputs=sums, seconds=seconds)
        write_bytes(self._file(step.name), msgspec.json.encode(whole) + b"\n")
        return sums

    def tidy(self, folders: Sequence[str]) -> None:
        """Remove files that were being written when the program was killed."""
        for name in (RECORDS, *folders):
            for file in (self.out / name).rglob(".*"):
                if TEMPORARY.fullmatch(file.name) and file.is_file():
                    file.unlink(missing_ok=True)

    def _still_true(self, step: Step, given: Mapping[str, Outputs]) -> Record | None:
        """The record of a step, if its inputs are what they were, whatever its length."""
        before, now = self.read(step.name), _record_of(step, given)
        if before is None or before.given != now.given:
            return None
        known = known_before(now.settings, before.settings, step.defaults)
        return before if known == before.settings else None

    def _is_whole(self, name: str, sha256: str) -> bool:
        try:
            return sha256_of(self.out / name) == sha256
        except OSError:
            return False

    def _file(self, name: str) -> Path:
        return self.out / RECORDS / f"{name}.json"


def known_before(now: Settings, before: Settings, defaults: Settings) -> dict[str, Any]:
    """Settings without those that were not known before and have their default."""
    found: dict[str, Any] = {}
    for name, value in now.items():
        default = defaults.get(name)
        if name not in before and value == default and name in defaults:
            continue
        inside = before.get(name)
        if isinstance(value, dict) and isinstance(inside, dict):
            value = known_before(value, inside, default if isinstance(default, dict) else {})
        found[name] = value
    return found


def states(steps: Sequence[Step], records: Records) -> dict[str, State]:
    """State of each step, in order. A step that needs one that is not done is not done either."""
    found: dict[str, State] = {}
    given: dict[str, Outputs] = {}
    for step in steps:
        waits = any(found[need] in ("begun", "to do") for need in step.needs)
        outputs = None if waits else records.done(step, given)
        if outputs is not None:
            given[step.name], found[step.name] = outputs, "done"
        elif step.optional:
            found[step.name] = "not asked for"
        else:
            begun = not waits and records.is_begun(step, given)
            found[step.name] = "begun" if begun else "to do"
    return found


def _record_of(step: Step, given: Mapping[str, Outputs]) -> Record:
    """The record of a step that begins; its settings as they are read again from a file."""
    needed = {need: dict(given[need]) for need in step.needs if need in given}
    return Record(msgspec.json.decode(msgspec.json.encode(step.settings)), needed, step.iterations)


def _name_aside(step: Step, record: Record | None) -> str:
    made_from = f"{record.origin[:12]}-{record.iterations}" if record else "unknown"
    return f"{step.place.replace('/', '-')}-{made_from}"


def _move(one: Path, other: Path) -> None:
    other.parent.mkdir(parents=True, exist_ok=True)
    one.replace(other)
