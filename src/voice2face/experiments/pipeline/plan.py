"""A long work as steps: what each is made from, which are done, and what is yet to do.

A step is done when there is a record of it, all that it gave is there as it was, and it was made
from what it would be made from now: its settings and the content of what the steps before it gave.
So a step whose input changed is done again, and what depends on it only if it then gave something
else. All of this lies in the folder of the work and survives whatever ends the program.
"""

import hashlib
import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from voice2face.errors import OutputError, SettingsError
from voice2face.files import sha256_of, stored_text, write_bytes

RECORDS, EARLIER = "steps", "earlier"
TEMPORARY = re.compile(r"\.[0-9a-f]{16}(\.\w+)?")  # names of `files.atomic_write`

Kind = Literal["voice", "recogniser", "face", "experiment", "report"]
State = Literal["done", "begun", "to do", "not asked for"]
Outputs = Mapping[str, str]  # file, relative to the folder of the work → its checksum
Note = Callable[[str], None]


class Step(msgspec.Struct, frozen=True):
    """One part of a work.

    Attributes:
        name: Its own in the work.
        kind: What is done.
        needs: Names of the steps whose outputs it reads.
        settings: All else that decides what it gives, as plain data.
        defaults: Of settings: what an older record does not know and has its default here has
            changed nothing.
        place: Folder that it fills, relative to that of the work, and that it goes on with when it
            was interrupted; "" for one that begins afresh.
        iterations: How long it trains; 0 for what does not.
        may_grow: What was trained for fewer iterations can be gone on with.
        optional: Not asked for; if it is done already, what needs it has it.
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
        inputs: Checksum of all that it was made from.
        origin: The same but for iterations that may grow: what is in its place can be gone on
            with if this is equal.
        iterations: That it was begun for.
        settings: For the reader.
        outputs: What it gave; empty until it is done.
        seconds: That it took, from when it was last begun.
    """

    inputs: str
    origin: str
    iterations: int
    settings: dict[str, Any]
    outputs: dict[str, str] = {}
    seconds: float = 0.0


class Records:
    """The records in the folder of a work.

    Args:
        out: The folder.
        note: Called with a line about what is put aside or taken up again.
    """

    def __init__(self, out: Path, note: Note = lambda line: None) -> None:
        self.out, self._note = out, note

    def read(self, name: str) -> Record | None:
        """That of a step; None where there is none that can be read."""
        try:
            return msgspec.json.decode(self._file(name).read_bytes(), type=Record)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return None

    def done(self, step: Step, given: Mapping[str, Outputs]) -> Outputs | None:
        """What a step gave, if it is done.

        Args:
            step: The step.
            given: What the steps that it needs gave.
        """
        record = self.read(step.name)
        if record is None or not record.outputs:
            return None
        if record.inputs != inputs_of(step, given, record.settings):
            return None
        return (
            record.outputs
            if all(self._is_whole(*item) for item in record.outputs.items())
            else None
        )

    def is_begun(self, step: Step, given: Mapping[str, Outputs]) -> bool:
        """Whether there is something in its place that it can go on with."""
        if not step.place or not (self.out / step.place).exists():
            return False
        before = self.read(step.name)
        return _goes_on(step, before, origin_of(step, given, before.settings if before else None))

    def begin(self, step: Step, given: Mapping[str, Outputs]) -> None:
        """Note that a step is begun. What cannot be gone on with is put aside, never removed.

        Raises:
            OutputError: Something could not be moved or written.
        """
        before = self.read(step.name)
        inputs, origin = inputs_of(step, given), origin_of(step, given)
        try:
            if step.place:
                known = origin_of(step, given, before.settings) if before else origin
                self._make_room(step, before, known, origin)
        except OSError as error:
            reason = error.strerror or str(error)
            raise OutputError(
                self.out / step.place, f"could not be moved ({reason})", "a writable folder",
                "check its rights",
            ) from error  # fmt: skip
        record = Record(inputs, origin, step.iterations, step.settings)
        write_bytes(self._file(step.name), msgspec.json.encode(record) + b"\n")

    def end(self, step: Step, outputs: Iterable[Path], seconds: float) -> Outputs:
        """Note that a step is done.

        Args:
            step: Which; it was begun.
            outputs: Files that it gave.
            seconds: That it took.

        Raises:
            OutputError: It could not be written.
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

    def _make_room(self, step: Step, before: Record | None, known: str, origin: str) -> None:
        """See that in the place of a step there is nothing, or what it can go on with.

        Args:
            step: The step.
            before: Its record.
            known: Its origin by the settings that the record knows.
            origin: By all settings.
        """
        place = self.out / step.place
        if place.exists() and not _goes_on(step, before, known):
            aside = self.out / EARLIER / _name_aside(step, before)
            if aside.exists():
                aside = aside.with_name(f"{aside.name}-{secrets.token_hex(4)}")
            aside.parent.mkdir(parents=True, exist_ok=True)
            place.replace(aside)
            self._note(f"{step.name}: made from something else before; kept as {aside}")
        wanted = Record("", origin, step.iterations, {})
        aside = self.out / EARLIER / _name_aside(step, wanted)
        if aside.exists() and not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            aside.replace(place)
            self._note(f"{step.name}: goes on with {aside}")

    def _is_whole(self, name: str, sha256: str) -> bool:
        try:
            return sha256_of(self.out / name) == sha256
        except OSError:
            return False

    def _file(self, name: str) -> Path:
        return self.out / RECORDS / f"{name}.json"


Settings = Mapping[str, Any]


def inputs_of(step: Step, given: Mapping[str, Outputs], before: Settings | None = None) -> str:
    """Checksum of all that a step is made from.

    Args:
        step: The step.
        given: What steps gave, by name; those that are needed and not there are left out.
        before: Settings of an earlier record: new ones that have their default are left out.
    """
    settings = (
        step.settings if before is None else known_before(step.settings, before, step.defaults)
    )
    return _sha256([step.kind, settings, step.iterations, _of_needs(step, given)])


def origin_of(step: Step, given: Mapping[str, Outputs], before: Settings | None = None) -> str:
    """The same, but for the iterations of a step that may grow."""
    any_length = msgspec.structs.replace(step, iterations=0) if step.may_grow else step
    return inputs_of(any_length, given, before)


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
    """Where each stands, in order. What needs a step that is not done is not done either."""
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


def check(steps: Sequence[Step]) -> None:
    """Refuse what can't be a plan.

    Raises:
        SettingsError: Two steps of one name, or one that needs what does not come before it.
    """
    known: set[str] = set()
    for step in steps:
        if step.name in known:
            raise SettingsError(f"step {step.name}", "is there twice", "one", "rename one")
        if missing := set(step.needs) - known:
            found = f"needs {', '.join(sorted(missing))}"
            raise SettingsError(f"step {step.name}", found, "steps before it", "change the order")
        known.add(step.name)


def _goes_on(step: Step, before: Record | None, origin: str) -> bool:
    """Whether a step can go on with what it was begun with before."""
    return bool(before and before.origin == origin and before.iterations <= step.iterations)


def _of_needs(step: Step, given: Mapping[str, Outputs]) -> list[Any]:
    return [[need, sorted(given[need].items())] for need in step.needs if need in given]


def _name_aside(step: Step, record: Record | None) -> str:
    made_from = f"{record.origin[:12]}-{record.iterations}" if record else "unknown"
    return f"{step.place.replace('/', '-')}-{made_from}"


def _sha256(data: Any) -> str:
    return hashlib.sha256(msgspec.json.encode(data, order="sorted")).hexdigest()
