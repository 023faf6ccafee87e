"""Files to which a run appends lines: its losses and its readings (no torch)."""

import contextlib
import math
import os
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from voice2face.errors import OutputError
from voice2face.files import write_bytes
from voice2face.json_files import write_json

LOSSES, READINGS, ABOUT = "losses.jsonl", "readings.jsonl", "run.json"

Row = dict[str, Any]


@dataclass(frozen=True)
class Reading:
    """Value of a monitor at a snapshot.

    Attributes:
        name: Name of the monitor.
        value: The value; NaN if faces are not finite.
        threshold: Threshold beyond which the alarm rings.
        alarmed: Whether it rings.
        meaning: What a value beyond the threshold means.
    """

    name: str
    value: float
    threshold: float
    alarmed: bool
    meaning: str


@dataclass(frozen=True)
class Limit:
    """When an alarm rings.

    Attributes:
        threshold: The threshold; for some monitors relative to the value of real faces.
        above: Whether it rings above the threshold, not below.
        from_step: First step at which it rings, since new networks have learned nothing yet.
        meaning: What it means if it rings.
    """

    threshold: float
    above: bool
    from_step: int
    meaning: str

    def judge(self, name: str, value: float, step: int, reference: float = 0.0) -> Reading:
        """A reading at a step; ``reference`` is added to the threshold."""
        threshold = self.threshold + reference
        well = value <= threshold if self.above else value >= threshold
        alarmed = step >= self.from_step and not well  # NaN is not well
        return Reading(name, value, threshold, alarmed, self.meaning)


# Measured on a cohort of 160 people at 32 pixels: what healthy runs gave from step 500 on | what
# was made to fail.
LIMITS = {
    # 0.26 to 0.54 | learning rate times 100: 0.15, one face for all voices: 0.00
    "diversity": Limit(0.2, False, 500, "faces of different voices look alike"),
    # 0.83 to 1.79, unseen real faces 1.01, the mean face 0.76 | training faces 0.00, the same with
    # noise 0.17, blurred 0.30, every second one unseen 0.49
    "memorisation": Limit(0.5, False, 0, "made faces are copies of training faces"),
    # 0.00 to 0.04 | output times 1.5: 0.16, times 2: 0.26; added to the share in real faces (0.01)
    "saturated": Limit(0.1, True, 0, "many pixels at the end of their range: over-exposed"),
    # Added to the accuracy on training faces; less it: -0.10 to 0.27 | trained on 24 faces: -0.29
    "discriminator_held_out": Limit(
        -0.25, False, 500, "the discriminator knows training faces by heart, not what is real"
    ),
    # 0.90 to 1.00 | a new discriminator 0.00
    "discriminator_made": Limit(
        0.05, False, 500, "the discriminator takes made faces for real: the generator has no guide"
    ),
    # Chance is 0.5; benchmarks/learning.py: 0.73 to 0.77 after 12,000 steps. Not tried when healthy
    # at 5,000 steps.
    "matching": Limit(0.5, False, 5000, "held-out voices are matched no better than by chance"),
    # Of the speaker stage: 1 less the equal error rate. Ten unseen people's recorded speech: a
    # trained encoder 0.85 | a new one 0.59 to 0.64, one embedding for all 0.50
    "verification": Limit(0.65, False, 500, "held-out voices are hardly told apart"),
}


def write_about(out: Path, identity: Mapping[str, str]) -> None:
    """Write down seed, hash of the corpus and voice encoder of a run; its recipe has its own file.

    Raises:
        OutputError: It could not be written.
    """
    about = {name: value for name, value in identity.items() if name != "recipe"}
    write_json(out / ABOUT, about)


def append_losses(path: Path, step: int, losses: Mapping[str, float]) -> None:
    """Append a line of losses, with the time in seconds since 1970, for the rate.

    Raises:
        OutputError: It could not be written.
    """
    append_row(path, {"step": step, "time": round(time.time(), 3), "losses": dict(losses)})


def append_readings(path: Path, step: int, readings: Iterable[Reading]) -> None:
    """Append a line with the readings of a snapshot.

    Raises:
        OutputError: It could not be written.
    """
    told = {
        r.name: {"value": r.value, "threshold": r.threshold, "alarmed": r.alarmed} for r in readings
    }
    append_row(path, {"step": step, "readings": told})


def append_row(path: Path, row: Mapping[str, Any]) -> None:
    """Append a line of JSON, unbuffered; an incomplete line before it is ended first.

    Raises:
        OutputError: It could not be written whole; the file is then as it was.
    """
    line = msgspec.json.encode(row) + b"\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab+", buffering=0) as stream:
            size = stream.seek(0, os.SEEK_END)
            if size:
                stream.seek(size - 1)
                line = line if stream.read(1) == b"\n" else b"\n" + line
            try:
                while line:  # a full disk takes a part before it refuses
                    line = line[stream.write(line) :]
            except OSError:
                with contextlib.suppress(OSError):
                    os.truncate(path, size)
                raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(path, f"could not be written ({reason})", "room", "free some") from error


def read_rows(path: Path) -> tuple[list[Row], int]:
    """Rows of a file that :func:`append_row` wrote, and the number of damaged lines.

    A last line without an end is ignored: it is being written, or a crash cut it short. Of several
    rows of one step the last is kept.

    Raises:
        OSError: The file can't be read; a missing file has no rows.
    """
    try:
        *lines, _ = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return [], 0
    rows: dict[int, Row] = {}
    n_damaged = 0
    for line in lines:
        row = _row(line)
        if row is not None:
            rows[row["step"]] = row
        elif line:
            n_damaged += 1
    return [rows[step] for step in sorted(rows)], n_damaged


def drop_after(path: Path, step: int) -> None:
    """Remove the rows after a step, since the run goes on from there.

    Raises:
        OutputError: It could not be written.
    """
    if not path.exists():
        return
    kept = [row for row in read_rows(path)[0] if row["step"] <= step]
    write_bytes(path, b"".join(msgspec.json.encode(row) + b"\n" for row in kept))


def number(value: Any) -> float:
    """A number of a row; NaN for null, as JSON has no NaN or infinity."""
    usable = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if usable else math.nan


def last_readings(rows: list[Row]) -> dict[str, Row]:
    """Readings of the last row, by name."""
    told = rows[-1].get("readings") if rows else None
    kept = told.items() if isinstance(told, dict) else ()
    return {name: reading for name, reading in kept if isinstance(reading, dict)}


class Alarms:
    """Prints a line on standard error when an alarm begins to ring, and when it ends."""

    def __init__(self, path: Path) -> None:
        """Take up the alarms of the last snapshot in a file of readings."""
        rows, _ = read_rows(path)
        last = last_readings(rows)
        self._ringing = {name for name, told in last.items() if told.get("alarmed")}

    def tell(self, step: int, readings: Iterable[Reading]) -> list[str]:
        """Print what has changed since the last snapshot, above a progress bar if there is one.

        Returns:
            The lines that were printed.
        """
        from tqdm import tqdm

        lines = []
        for reading in readings:
            was = reading.name in self._ringing
            if reading.alarmed and not was:
                self._ringing.add(reading.name)
                lines.append(f"step {step}: ALARM: {described(reading)}")
            elif was and not reading.alarmed:
                self._ringing.discard(reading.name)
                lines.append(f"step {step}: {reading.name} {reading.value:.3g}: no alarm any more")
        for line in lines:
            tqdm.write(line, file=sys.stderr)
        return lines


def described(reading: Reading) -> str:
    """A reading in words: ``diversity 0.02 (alarm at 0.3): faces of ... look alike``."""
    limit = f"{reading.value:.3g} (alarm at {reading.threshold:.3g})"
    return f"{reading.name} {limit}: {reading.meaning}"


def _row(line: bytes) -> Row | None:
    try:
        row = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    step = row.get("step") if isinstance(row, dict) else None
    return row if isinstance(step, int) and not isinstance(step, bool) and step >= 0 else None
