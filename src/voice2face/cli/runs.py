"""``runs``: trainings side by side, as a table and a plot."""

import math
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from voice2face.cli.options import Force, Json
from voice2face.cli.output import print_answer, print_note, table_lines
from voice2face.cli.program import app

if TYPE_CHECKING:
    from voice2face.runs.compare import TrainingRun

LAST_ROWS = 10  # lines whose mean is the last loss: one batch alone says little
LEGEND = f"losses: mean of the last {LAST_ROWS} lines; monitors: last snapshot and best; !: alarm"


@app.command(epilog="Example: voice2face runs runs --plot runs.pdf")
def runs(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A run, or a folder of runs.")],
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also draw losses and monitors: .png, .pdf or .svg."),
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Compare trainings.

    Prints steps, losses, monitors (last and best value) and alarms of each run, side by side. A run
    that can't be read is named and left out.
    """
    from voice2face.files import check_free
    from voice2face.runs.compare import read_runs

    if plot is not None:
        check_free(plot, force=force)
    found, problems = read_runs(folder)
    if plot is not None:
        from voice2face.runs.plot import write_plot

        write_plot(plot, found)
    width = max(shutil.get_terminal_size((100, 24)).columns, 60)
    lines = [*table_lines(_rows(found), width), "", LEGEND]
    if plot is not None:
        lines += ["", f"plot: {plot.resolve()}"]
    answer = {"runs": [_numbers(run) for run in found], "left_out": problems}
    print_answer(as_json, answer, lines)
    for problem in problems:
        print_note(problem)


def _numbers(run: "TrainingRun") -> dict[str, Any]:
    """All that is known of a run but its curves; NaN, null in JSON, for what is not known."""
    names = (
        "name",
        "kind",
        "variant",
        "steps",
        "iterations",
        "finished",
        "data_hash",
        "alarms",
        "eer",
    )
    return {name: getattr(run, name) for name in names} | {
        "iterations_per_second": run.rate,
        "losses": {name: curve.last(LAST_ROWS) for name, curve in run.losses.items()},
        "readings": {
            name: {"last": curve.last(), "best": run.best(name), "alarmed": name in run.alarms}
            for name, curve in run.readings.items()
        },
    }


def _rows(found: Sequence["TrainingRun"]) -> Iterator[tuple[str, ...]]:
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


def _last_and_best(run: "TrainingRun", name: str) -> str:
    """``0.61, best 0.7``, with a ``!`` in front while the alarm rings."""
    if name not in run.readings:
        return "-"
    mark = "! " if name in run.alarms else ""
    best = run.best(name)
    more = "" if math.isnan(best) else f", best {_short(best)}"
    return f"{mark}{_short(run.readings[name].last())}{more}"


def _short(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3g}"
