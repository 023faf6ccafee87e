"""Trainings side by side: the rows of a table, and the same numbers for a program."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from voice2face.runs.compare import LAST_ROWS, TrainingRun

LEGEND = f"losses: mean of the last {LAST_ROWS} lines; readings: last snapshot and best; !: alarm"


def numbers(run: TrainingRun) -> dict[str, Any]:
    """All of a run but its curves; null for what is not known."""
    losses = {name: _known(curve.last(LAST_ROWS)) for name, curve in run.losses.items()}
    readings = {
        name: {
            "last": _known(curve.last()),
            "best": _known(run.best(name)),
            "alarmed": name in run.alarms,
        }
        for name, curve in run.readings.items()
    }
    return {
        "name": run.name,
        "kind": run.kind,
        "variant": run.variant,
        "steps": run.steps,
        "iterations": run.iterations,
        "finished": run.finished,
        "iterations_per_second": _known(run.rate),
        "data_hash": run.data_hash,
        "losses": losses,
        "readings": readings,
        "alarms": run.alarms,
        "eer": _known(run.eer),
    }


def rows(found: Sequence[TrainingRun]) -> Iterator[tuple[str, ...]]:
    """The table: a line for each measure, a column for each run."""
    yield "", *(run.name for run in found)
    yield "kind", *(run.kind for run in found)
    yield "variant", *(run.variant or "-" for run in found)
    yield "steps", *(f"{run.steps} of {run.iterations}" for run in found)
    yield "finished", *("yes" if run.finished else "no" for run in found)
    yield "iterations/s", *(_short(run.rate) for run in found)
    yield "data", *(run.data_hash[:8] or "-" for run in found)
    for name in dict.fromkeys(name for run in found for name in run.losses):
        cells = (
            run.losses[name].last(LAST_ROWS) if name in run.losses else math.nan for run in found
        )
        yield f"loss {name}", *map(_short, cells)
    for name in dict.fromkeys(name for run in found for name in run.readings):
        yield name, *(_last_and_best(run, name) for run in found)
    if any(not math.isnan(run.eer) for run in found):
        yield "eer, unseen people", *(_short(run.eer) for run in found)
    yield "alarms", *(str(len(run.alarms)) if run.readings else "-" for run in found)


def _last_and_best(run: TrainingRun, name: str) -> str:
    """``0.61, best 0.7``, with a ``!`` in front while the alarm rings."""
    if name not in run.readings:
        return "-"
    mark = "! " if name in run.alarms else ""
    best = run.best(name)
    more = "" if math.isnan(best) else f", best {_short(best)}"
    return f"{mark}{_short(run.readings[name].last())}{more}"


def _short(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3g}"


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
