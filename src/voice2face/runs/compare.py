"""Reads the folders of runs, to compare them (no torch)."""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from voice2face.errors import ModelError, SettingsError, TrainingError, Voice2FaceError
from voice2face.files import read_regular
from voice2face.json_files import read_json
from voice2face.networks.variants import PRESETS, VARIANTS, recipe
from voice2face.release.model_folder import CONFIG, read_config
from voice2face.runs.readings import (
    ABOUT,
    LIMITS,
    LOSSES,
    READINGS,
    Row,
    last_readings,
    number,
    read_rows,
)
from voice2face.settings import Recipe, SpeakerRecipe, decode, parse_yaml

RECIPE, VERIFICATION = "recipe.yaml", "verification.json"
MAX_BYTES = 1 << 20  # most of a recipe, and of other short files
MOST_NAMED = 8


@dataclass(frozen=True)
class Curve:
    """A measure over the steps of a run; values that are not finite are NaN."""

    steps: list[int]
    values: list[float]

    def last(self, n: int = 1) -> float:
        """Mean of the last ``n`` values."""
        some = self.values[-n:]
        return sum(some) / len(some)

    def best(self, high: bool) -> float:
        """The highest value, or the lowest; NaN if none is a number."""
        some = [value for value in self.values if not math.isnan(value)]
        return (max if high else min)(some, default=math.nan)


@dataclass(frozen=True)
class TrainingRun:
    """A run, as read from its folder.

    Attributes:
        name: Its folder, relative to the folder of all runs.
        kind: ``face`` or ``voice``.
        variant: Variant of the recipe; ``custom`` if it is none.
        steps: Number of steps that are done, by the last line of losses.
        iterations: Number of steps of the recipe.
        finished: Whether all steps are done and the model is written.
        rate: Steps a second, median over the lines of losses; NaN if not known.
        data_hash: Data hash of the corpus; "" if not known.
        losses: Losses by name.
        readings: Readings by name, a value for each snapshot.
        alarms: Names of readings whose alarm rings at the last snapshot.
        thresholds: Thresholds of the readings by name, for each snapshot.
        rang: Steps at which the alarm of a reading rang, by its name.
        eer: Equal error rate on people not trained on; NaN for other runs.
    """

    name: str
    kind: str
    variant: str
    steps: int
    iterations: int
    finished: bool
    rate: float
    data_hash: str
    losses: dict[str, Curve] = field(default_factory=dict)
    readings: dict[str, Curve] = field(default_factory=dict)
    alarms: tuple[str, ...] = ()
    thresholds: dict[str, Curve] = field(default_factory=dict)
    rang: dict[str, tuple[int, ...]] = field(default_factory=dict)
    eer: float = math.nan

    def best(self, name: str) -> float:
        """Best value of a reading; NaN if it is not known which direction is better."""
        limit = LIMITS.get(name)
        return math.nan if limit is None else self.readings[name].best(not limit.above)


def read_runs(folder: Path) -> tuple[list[TrainingRun], list[str]]:
    """All runs in a folder, or that folder itself, in the order of their names.

    Args:
        folder: A run, or a folder of runs, at any depth.

    Returns:
        The runs, and a line about each thing that was left out.

    Raises:
        TrainingError: There is no such folder, or no run in it that can be read.
    """
    if not folder.is_dir():
        raise TrainingError(folder, "no such folder", "a run or a folder of runs", "check it")
    runs: list[TrainingRun] = []
    problems: list[str] = []
    places = list(_places(folder, problems))
    for place in places:
        name = folder.resolve().name if place == folder else str(place.relative_to(folder))
        try:
            runs.append(_read(place, name, problems))
        except (Voice2FaceError, OSError) as error:
            problems.append(_said(place, error))
    problems += _strangers(folder, places)
    if not runs:
        reason = problems[0] if problems else "it is empty"
        raise TrainingError(folder, f"no run in it ({reason})", "a run", "name the OUT of `train`")
    return runs, problems


def _places(folder: Path, problems: list[str]) -> Iterator[Path]:
    """Folders of runs: those with a recipe; folders inside a run are not searched."""
    try:
        if (folder / RECIPE).is_file():
            yield folder
            return
        inside = sorted(p for p in folder.iterdir() if p.is_dir() and not p.is_symlink())
    except OSError as error:
        problems.append(_said(folder, error))
        return
    for part in inside:
        if not part.name.startswith("."):
            yield from _places(part, problems)


def _strangers(folder: Path, places: list[Path]) -> Iterator[str]:
    """A line that names what lies in the folder and is no run."""
    if places == [folder]:
        return
    around = {place.relative_to(folder).parts[0] for place in places}
    others = sorted(p.name for p in folder.iterdir() if p.name not in around)
    named = [name for name in others if not name.startswith(".")]
    if named:
        more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
        yield f"{folder}: no runs: {', '.join(named[:MOST_NAMED])}{more}"


def _read(place: Path, name: str, problems: list[str]) -> TrainingRun:
    settings = _recipe(place / RECIPE)
    losses = _rows(place / LOSSES, problems)
    readings = _rows(place / READINGS, problems)
    steps = max((row["step"] for row in losses + readings), default=0)
    iterations = settings.training.iterations
    last = last_readings(readings)
    return TrainingRun(
        name=name,
        kind="face" if isinstance(settings, Recipe) else "voice",
        variant=variant_of(settings) if isinstance(settings, Recipe) else "",
        steps=steps,
        iterations=iterations,
        finished=steps >= iterations and (place / "model" / CONFIG).is_file(),
        rate=_rate(losses),
        data_hash=_data_hash(place, problems),
        losses=_curves(losses, "losses"),
        readings=_curves(readings, "readings"),
        alarms=tuple(name for name, told in last.items() if told.get("alarmed")),
        thresholds=_curves(readings, "readings", "threshold"),
        rang=_rang(readings),
        eer=_eer(place / VERIFICATION, problems),
    )


def variant_of(settings: Recipe) -> str:
    """Variant and preset of the networks of a recipe; ``custom`` if there is none."""
    mine = (
        msgspec.structs.replace(settings.generator, width=1.0, face_px=64, embedding_dim=64),
        msgspec.structs.replace(settings.critics, width=1.0, face_px=64),
    )
    for preset in PRESETS:
        for variant in VARIANTS:
            known = recipe(variant, preset)
            if (known.generator, known.critics) == mine:
                return variant if preset == "released" else f"{variant}, {preset}"
    return "custom"


def _recipe(path: Path) -> Recipe | SpeakerRecipe:
    try:
        data = parse_yaml(read_regular(path, MAX_BYTES).decode(), path)
    except UnicodeDecodeError as error:
        raise SettingsError(path, "not UTF-8", "a recipe", "restore it") from error
    if not isinstance(data, dict) or "training" not in data:
        raise SettingsError(path, "not a recipe", "a recipe", "restore it")
    if "generator" in data:
        return decode(data, Recipe, str(path))
    return decode(data, SpeakerRecipe, str(path))


def _rows(path: Path, problems: list[str]) -> list[Row]:
    try:
        rows, n_damaged = read_rows(path)
    except OSError as error:
        problems.append(_said(path, error))
        return []
    if n_damaged:
        problems.append(f"{path}: damaged lines left out: {n_damaged}")
    return rows


def _curves(rows: list[Row], part: str, entry: str = "value") -> dict[str, Curve]:
    curves: dict[str, Curve] = {}
    for row in rows:
        told = row.get(part)
        for name, value in (told if isinstance(told, dict) else {}).items():
            curve = curves.setdefault(name, Curve([], []))
            curve.steps.append(row["step"])
            curve.values.append(number(value.get(entry) if isinstance(value, dict) else value))
    return curves


def _rang(rows: list[Row]) -> dict[str, tuple[int, ...]]:
    rang: dict[str, tuple[int, ...]] = {}
    for row in rows:
        for name, told in last_readings([row]).items():
            if told.get("alarmed"):
                rang[name] = (*rang.get(name, ()), row["step"])
    return rang


def _rate(rows: list[Row]) -> float:
    """Steps a second; the median, so that pauses between a stop and a resume don't count."""
    times = [(row["step"], number(row.get("time"))) for row in rows]
    rates = [
        (step - step_before) / (now - before)
        for (step_before, before), (step, now) in itertools.pairwise(times)
        if now > before  # false of NaN, and of a clock that was set back
    ]
    return median(rates) if rates else math.nan


def _data_hash(place: Path, problems: list[str]) -> str:
    if about := _json(place / ABOUT, problems):
        return str(about.get("corpus", ""))
    if not (place / "model" / CONFIG).is_file():
        return ""
    try:
        return str(read_config(place / "model").provenance.get("corpus", ""))
    except (Voice2FaceError, OSError) as error:
        problems.append(_said(place / "model", error))
        return ""


def _eer(path: Path, problems: list[str]) -> float:
    told = _json(path, problems).get("eer")
    return number(told.get("value") if isinstance(told, dict) else told)


def _json(path: Path, problems: list[str]) -> dict[str, Any]:
    """Content of a short file; empty if there is none, or it is damaged."""
    if not path.exists():
        return {}
    try:
        return read_json(path, dict[str, Any], "", "", most_bytes=MAX_BYTES)
    except ModelError as error:
        problems.append(_said(path, error))
        return {}


def _said(path: Path, error: Exception) -> str:
    if isinstance(error, Voice2FaceError):
        return f"{error.thing}: {error.found}; left out"
    return f"{path}: {getattr(error, 'strerror', None) or error}; left out"
