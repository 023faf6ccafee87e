"""``runs``: trainings side by side, as a table and a plot."""

import math
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import typer

from voice2face.commands.output import print_json, shown
from voice2face.errors import one_line
from voice2face.runs.compare import LAST_ROWS, TrainingRun, read_runs

Row = tuple[str, ...]


def runs(folder: Path, *, plot: Path | None, as_json: bool) -> None:
    """Print what the runs in a folder came to; draw it if asked to.

    Raises:
        Voice2FaceError: There is no run, or the plot could not be made.
    """
    found, problems = read_runs(folder)
    if plot is not None:
        from voice2face.runs.plot import write_plot

        write_plot(plot, found)
    if as_json:
        print_json({"runs": [_numbers(run) for run in found], "left_out": problems})
    else:
        width = max(shutil.get_terminal_size((100, 24)).columns, 60)
        for line in _table(_rows(found), width):
            typer.echo(line)
        if plot is not None:
            typer.echo(f"\nplot: {shown(plot.resolve())}")
    for problem in problems:
        typer.echo(one_line(problem), err=True)


def _numbers(run: TrainingRun) -> dict[str, Any]:
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


def _rows(found: Sequence[TrainingRun]) -> Iterator[Row]:
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


def _table(rows: Iterator[Row], width: int) -> Iterator[str]:
    """Columns under each other, in several tables where the runs don't fit beside each other."""
    head, *columns = zip(*[tuple(map(one_line, row)) for row in rows], strict=True)
    side = max(map(len, head))
    while columns:
        n_fit, used = 0, side
        while n_fit < len(columns):
            used += 2 + max(map(len, columns[n_fit]))
            if n_fit and used > width:
                break
            n_fit += 1
        chosen, columns = columns[:n_fit], columns[n_fit:]
        widths = [max(map(len, column)) for column in chosen]
        for label, *cells in zip(head, *chosen, strict=True):
            right = "".join(f"  {c.rjust(w)}" for c, w in zip(cells, widths, strict=True))
            yield f"{label.ljust(side)}{right}".rstrip()
        yield ""
    yield f"losses: mean of the last {LAST_ROWS} lines; readings: last snapshot and best; !: alarm"


def _short(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3g}"


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
