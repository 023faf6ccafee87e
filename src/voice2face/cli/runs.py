"""``runs``: trainings side by side, as a table and a plot."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from voice2face.cli.options import Force, Json
from voice2face.cli.output import print_answer, print_note, table_lines
from voice2face.cli.program import app


@app.command(epilog="Example: voice2face runs runs --plot runs.pdf")
def runs(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A run, or a folder of runs.")],
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw losses and readings: .png, .pdf or .svg."),
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Compare trainings.

    Prints steps, losses, readings (last and best) and alarms of each run, side by side. What can't
    be read is named and left out.
    """
    from voice2face.files import check_free
    from voice2face.runs.compare import read_runs
    from voice2face.runs.summary import LEGEND, numbers, rows

    if plot is not None:
        check_free(plot, force=force)
    found, problems = read_runs(folder)
    if plot is not None:
        from voice2face.runs.plot import write_plot

        write_plot(plot, found)
    width = max(shutil.get_terminal_size((100, 24)).columns, 60)
    lines = [*table_lines(rows(found), width), "", LEGEND]
    if plot is not None:
        lines += ["", f"plot: {plot.resolve()}"]
    answer = {"runs": [numbers(run) for run in found], "left_out": problems}
    print_answer(as_json, answer, lines)
    for problem in problems:
        print_note(problem)
