"""Losses and readings of runs over their steps, as small multiples."""

import math
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from voice2face import __version__
from voice2face.errors import OutputError
from voice2face.files import atomic_write, made_by
from voice2face.report.looks import blank, handle, style, wrapped
from voice2face.runs.compare import Curve, TrainingRun
from voice2face.runs.readings import LIMITS

FORMATS = (".png", ".pdf", ".svg")
COLUMNS, WIDTH_IN, ROW_IN = 3, 7.2, 1.65
LEGEND_LETTERS = 110  # letters that fit into a line of the legend
SPIKE = 30.0  # if the largest loss is this many times the median, the scale is logarithmic
SAME = 0.05  # thresholds this close are drawn as one line
POINTS = 150  # most points of a curve; more are averaged, since noise hides other curves


def write_plot(path: Path, runs: Sequence[TrainingRun]) -> Path:
    """Draw a panel for each measure, with a line for each run and rings where alarms rang.

    Args:
        path: A .png, .pdf or .svg file.
        runs: The runs.

    Returns:
        ``path``.

    Raises:
        MissingExtraError: matplotlib is not installed.
        OutputError: Another ending, nothing to draw, or it could not be written.
    """
    if path.suffix.lower() not in FORMATS:
        raise OutputError(path, f"ends in '{path.suffix}'", f"{', '.join(FORMATS)}", "rename it")
    panels = _panels(runs)
    if not panels:
        raise OutputError(path, "no run has losses or readings", "at least one", "train first")
    with blank() as figure:
        _draw(figure, panels, runs)
        with atomic_write(path) as temporary:
            kind = path.suffix[1:].lower()
            figure.savefig(temporary, format=kind, dpi=200, metadata=_about(kind))
    return path


def _about(kind: str) -> dict[str, str | None]:
    """Metadata: what made the file, without date, so that the same runs give the same bytes."""
    if kind == "png":
        return {"Software": f"voice2face {__version__}"}
    return {"Creator": made_by(), "CreationDate" if kind == "pdf" else "Date": None}


def _panels(runs: Sequence[TrainingRun]) -> list[tuple[str, str]]:
    """Kind and name of each measure of any run, losses first."""
    losses = dict.fromkeys(("losses", name) for run in runs for name in run.losses)
    readings = dict.fromkeys(("readings", name) for run in runs for name in run.readings)
    return [*losses, *readings]


def _draw(figure: Any, panels: list[tuple[str, str]], runs: Sequence[TrainingRun]) -> None:
    n_columns = min(COLUMNS, len(panels))
    n_rows = -(-len(panels) // n_columns)
    longest = max(len(run.name) for run in runs)
    legend_columns = max(1, min(4, LEGEND_LETTERS // (longest + 10)))
    legend_rows = -(-(len(runs) + 1) // legend_columns)
    head_in = 0.2 + 0.17 * legend_rows
    height_in = n_rows * ROW_IN + head_in
    figure.set_size_inches(WIDTH_IN, height_in)
    figure.set_layout_engine("constrained", rect=(0, 0, 1, 1 - head_in / height_in))
    axes = list(figure.subplots(n_rows, n_columns, squeeze=False).flat)
    for axis, (kind, name) in zip(axes, panels, strict=False):
        _panel(axis, kind, name, runs)
    for axis in axes[len(panels) :]:
        axis.set_axis_off()
    handles = [handle(wrapped(run.name, 80, 1), **_line(n)) for n, run in enumerate(runs)]
    if any(run.rang for run in runs):
        ring = {"marker": "o", "markerfacecolor": "none", "color": "0.35", "linestyle": "none"}
        handles.append(handle("alarm rang", markersize=6, **ring))
    figure.legend(handles=handles, loc="upper center", ncol=min(legend_columns, len(handles)))


def _line(number: int) -> dict[str, Any]:
    """Colour and dashes of a run."""
    return style(number) | {"marker": "", "linewidth": 1.1}


def _panel(axis: Any, kind: str, name: str, runs: Sequence[TrainingRun]) -> None:
    shown: list[float] = []
    for number, run in enumerate(runs):
        curve = getattr(run, kind).get(name)
        if curve is None:
            continue
        short = thinned(curve, POINTS)
        shown += [value for value in short.values if not math.isnan(value)]
        look = _line(number) | {"marker": "." if len(short.steps) < 25 else ""}
        axis.plot(short.steps, short.values, markersize=3, **look)
        if kind == "readings":
            _rings(axis, curve, run.rang.get(name, ()), style(number)["color"])
    title = name.replace("_", " ")
    axis.set_title(f"loss: {title}" if kind == "losses" else title, fontsize=7.5, loc="left", pad=3)
    axis.margins(y=0.15)
    if kind == "readings":
        _threshold(axis, name, [run.thresholds[name] for run in runs if name in run.thresholds])
        axis.locator_params(axis="y", nbins=5)
    elif shown and min(shown) > 0 and max(shown) > SPIKE * median(shown):
        axis.set_yscale("log")  # or a spike would flatten all else
    axis.tick_params(width=0.6, length=2.5)
    axis.locator_params(axis="x", nbins=5)
    axis.set_xlim(left=0)
    axis.set_xlabel("step", fontsize=6.5, labelpad=1)


def _rings(axis: Any, curve: Curve, steps: Sequence[int], colour: str) -> None:
    """A ring around each snapshot at which the alarm rang."""
    at = dict(zip(curve.steps, curve.values, strict=True))
    rang = [(step, at[step]) for step in steps if not math.isnan(at[step])]
    if rang:
        axis.plot(*zip(*rang, strict=True), "o", markersize=6, markerfacecolor="none",
                  markeredgecolor=colour, markeredgewidth=0.8)  # fmt: skip


def _threshold(axis: Any, name: str, thresholds: Sequence[Curve]) -> None:
    """Draw the threshold of the alarm as a line, if it never changes."""
    values = [value for curve in thresholds for value in curve.values]
    if not values or not max(values) - min(values) < SAME * max(map(abs, values)):
        return
    limit = LIMITS.get(name)
    above = limit is not None and limit.above
    later = f" from step {limit.from_step}" if limit is not None and limit.from_step else ""
    axis.axhline(values[0], color="0.45", linewidth=0.7, linestyle=(0, (2, 2)), zorder=0)
    axis.annotate(
        f"alarm {'above' if above else 'below'}{later}", (1, values[0]), (0, 2 if above else -2),
        xycoords=("axes fraction", "data"), textcoords="offset points", color="0.35",
        fontsize=6, ha="right", va="bottom" if above else "top",
    )  # fmt: skip


def thinned(curve: Curve, most: int) -> Curve:
    """A curve with at most ``most`` points: means of neighbours, NaN left out."""
    size = math.ceil(len(curve.steps) / most)
    steps, values = [], []
    for start in range(0, len(curve.steps), max(size, 1)):
        some = [v for v in curve.values[start : start + size] if not math.isnan(v)]
        part = curve.steps[start : start + size]
        steps.append(round(sum(part) / len(part)))
        values.append(sum(some) / len(some) if some else math.nan)
    return Curve(steps, values)
