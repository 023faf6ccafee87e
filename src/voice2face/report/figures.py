"""Curves with their intervals, for the page (SVG) and for print (SVG, PDF)."""

import math
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from voice2face.evaluation.results import Result, Series
from voice2face.files import atomic_write
from voice2face.report.looks import (
    DARK,
    DARK_INK,
    FONT_PT,
    INK,
    LIGHT,
    blank,
    handle,
    style,
    wrapped,
)

PANEL_IN, NUMBERS_IN, LEAST_IN = 3.6, 2.4, 2.5  # width; heights over numbers and over names
NAME_IN = 0.17  # of height for each named point
NAME_LETTERS, NAME_LINES = 24, 3
LETTER_IN, LINE_IN = 0.062, 0.125  # width and height of a letter, about
FOOT_IN, TITLE_IN, EDGE_IN = 0.42, 0.36, 0.08  # around the axis
TITLE_LETTERS = 54  # of a line of a panel's title
TICKS_IN = 0.55  # of width for numbers beside the axis
MOST_TICKS = 8
LEGEND_COLUMNS, LEGEND_IN = 3, 0.19
UNDATED = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}


def panels(result: Result) -> dict[str, list[Series]]:
    """Series by panel."""
    found: dict[str, list[Series]] = {}
    for series in result.series:
        found.setdefault(series.panel, []).append(series)
    return found


def looks(results: Sequence[Result]) -> list[dict[str, int]]:
    """Number of the look (colour and dashes) of each name, for each result.

    A name has the same look in all results, unless two names of a result would share a colour.
    """
    names = dict.fromkeys(series.name for result in results for series in result.series)
    wanted = {name: number for number, name in enumerate(names)}
    chosen = []
    for result in results:
        free, own = set(range(len(LIGHT))), {}
        for name in dict.fromkeys(series.name for series in result.series):
            turns = (wanted[name] + turn for turn in range(len(LIGHT)))
            own[name] = next((n for n in turns if n % len(LIGHT) in free), wanted[name])
            free.discard(own[name] % len(LIGHT))
        chosen.append(own)
    return chosen


def named(series: Sequence[Series]) -> bool:
    """Whether a panel is over names, not over numbers."""
    return any(isinstance(x, str) for one in series for x in one.x)


def panel_svg(
    series: Sequence[Series],
    numbers: dict[str, int],
    ends: tuple[float, float] | None = None,
) -> bytes:
    """One panel without legend, on a transparent ground, for a light or a dark page."""
    stream, height_in = BytesIO(), _height_in(series)
    with blank() as figure:
        figure.set_size_inches(PANEL_IN, height_in)
        draw_panel(_axis(figure, (0, 0), series), series, numbers, ends)
        figure.savefig(stream, format="svg", transparent=True, metadata=UNDATED["svg"])
    first, defs, rest = stream.getvalue().partition(b"<defs>")
    return first + _dark_style().encode() + defs + rest


def _dark_style() -> str:
    """Style rules that replace each colour by that for a dark ground."""
    pairs = zip((*LIGHT, *INK), (*DARK, *DARK_INK), strict=True)
    rules = "".join(
        f'[style*="{what}: {light.lower()}"]{{{what}:{dark}!important}}'
        for light, dark in pairs
        for what in ("stroke", "fill")
    )
    return f"<style>@media screen and (prefers-color-scheme: dark){{{rules}}}</style>\n"


def write_curves(path: Path, result: Result, numbers: dict[str, int]) -> list[Path]:
    """All panels of a result with one legend, as ``path`` with .svg and .pdf.

    Raises:
        MissingExtraError: matplotlib is not installed.
        OutputError: They could not be written.
    """
    found = panels(result)
    names = list(dict.fromkeys(series.name for series in result.series))
    n_columns = min(2, len(found))
    row_in = max(_height_in(series) for series in found.values()) + TITLE_IN
    legend_in = LEGEND_IN * math.ceil(len(names) / LEGEND_COLUMNS) if len(names) > 1 else 0
    with blank() as figure:
        n_rows = math.ceil(len(found) / n_columns)
        figure.set_size_inches(max(n_columns * PANEL_IN, 4.6), n_rows * row_in + legend_in)
        for number, (title, series) in enumerate(found.items()):
            left_in = number % n_columns * PANEL_IN
            top_in = legend_in + TITLE_IN + number // n_columns * row_in
            draw_panel(_axis(figure, (left_in, top_in), series), series, numbers, scale(found))
            width_in, height_in = figure.get_size_inches()
            at = (left_in + EDGE_IN) / width_in, 1 - top_in / height_in
            figure.text(*at, wrapped(title, TITLE_LETTERS, 2), fontsize=FONT_PT + 0.5)
        if len(names) > 1:
            marked = {"markersize": 3.2, "linewidth": 1.3}
            if any(map(named, found.values())):
                marked["linestyle"] = "-"  # type: ignore[assignment]
            handles = [handle(wrapped(n, 38, 1), **(style(numbers[n]) | marked)) for n in names]
            figure.legend(handles=handles, loc="upper center", ncol=LEGEND_COLUMNS)
        return save(figure, path)


def save(figure: Any, path: Path) -> list[Path]:
    """The figure as SVG and PDF, without the time."""
    made = []
    for kind, metadata in UNDATED.items():
        target = path.with_name(f"{path.name}.{kind}")
        with atomic_write(target) as temporary:
            figure.savefig(temporary, format=kind, metadata=metadata)
        made.append(target)
    return made


def scale(found: dict[str, list[Series]]) -> tuple[float, float] | None:
    """Least and largest value of all panels, for one scale; None if their y axes differ."""
    everything = [one for series in found.values() for one in series]
    if len({one.y_label for one in everything}) > 1:
        return None
    values = [v for one in everything for v in [*one.y, *one.low, *one.high, one.chance]]
    known = [value for value in values if value is not None]
    return (min(known), max(known)) if known and min(known) < max(known) else None


def _axis(figure: Any, corner_in: tuple[float, float], series: Sequence[Series]) -> Any:
    """An axis with room for its labels, as estimated: measuring texts takes longer than drawing.

    Args:
        figure: Figure of known size.
        corner_in: Distance of the panel from the left and the upper edge of the figure.
        series: What is drawn.
    """
    width_in, height_in = figure.get_size_inches()
    lines = [text for name in _names(series) for text in name.split("\n")]
    beside_in = 0.3 + LETTER_IN * max(map(len, lines)) if lines else TICKS_IN
    left_in, top_in = corner_in[0] + beside_in, corner_in[1] + EDGE_IN
    inner_in = PANEL_IN - beside_in - EDGE_IN, _height_in(series) - FOOT_IN - EDGE_IN
    return figure.add_axes(
        (left_in / width_in, 1 - (top_in + inner_in[1]) / height_in,
         inner_in[0] / width_in, inner_in[1] / height_in)
    )  # fmt: skip


def draw_panel(
    axis: Any,
    series: Sequence[Series],
    numbers: dict[str, int],
    ends: tuple[float, float] | None = None,
) -> None:
    """Lines with bands over numbers, points with whiskers over names; chance as a dotted line.

    Args:
        axis: Axis of a matplotlib figure.
        series: Series of the panel.
        numbers: Number of the look of each name.
        ends: Least and largest value, see :func:`scale`.
    """
    by_name = named(series)
    (_draw_names if by_name else _draw_lines)(axis, series, numbers)
    set_x, set_y = axis.set_xlabel, axis.set_ylabel
    if by_name:  # names stand below each other, where there is room for them
        set_x, set_y = set_y, set_x
    set_x(wrapped(next((one.x_label for one in series if one.x_label), ""), 50, 1))
    set_y(wrapped(next((one.y_label for one in series if one.y_label), ""), 40, 1))
    for chance in sorted({one.chance for one in series if one.chance is not None}):
        draw, faint = axis.axvline if by_name else axis.axhline, INK[1]
        draw(chance, color=faint, linewidth=0.8, linestyle=(0, (1, 1.5)), zorder=0)
        at = (chance, 0.0) if by_name else (1.0, chance)  # inside, where no title stands
        frame = ("data", "axes fraction") if by_name else ("axes fraction", "data")
        axis.annotate("chance", at, (2, 2) if by_name else (0, 1), xycoords=frame,
                      textcoords="offset points", color=faint, fontsize=FONT_PT - 1,
                      ha="left" if by_name else "right", va="bottom")  # fmt: skip
    if ends is not None:
        margin = 0.06 * (ends[1] - ends[0])
        (axis.set_xlim if by_name else axis.set_ylim)(ends[0] - margin, ends[1] + margin)


def _draw_lines(axis: Any, series: Sequence[Series], numbers: dict[str, int]) -> None:
    for one in series:
        order = sorted(range(len(one.x)), key=lambda i, x=one.x: float(x[i]))  # type: ignore[misc]
        x, y = [float(one.x[i]) for i in order], [_or_nan(one.y[i]) for i in order]
        look = style(numbers[one.name])
        axis.plot(x, y, markersize=3.2, linewidth=1.3, **look)
        if one.low:
            low, high = ([_or_nan(ends[i]) for i in order] for ends in (one.low, one.high))
            axis.fill_between(x, low, high, color=look["color"], alpha=0.16, linewidth=0)
    ticks = sorted({float(x) for one in series for x in one.x})
    if len(ticks) <= MOST_TICKS:
        axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.margins(x=0.04, y=0.12)


def _draw_names(axis: Any, series: Sequence[Series], numbers: dict[str, int]) -> None:
    places = {x: place for place, x in enumerate(dict.fromkeys(x for s in series for x in s.x))}
    for k, one in enumerate(series):
        shift = ((k + 0.5) / len(series) - 0.5) * 0.62
        look, known = style(numbers[one.name]), [i for i, y in enumerate(one.y) if y is not None]
        at = [places[one.x[i]] + shift for i in known]
        if one.low:
            low, high = ([_or_nan(ends[i]) for i in known] for ends in (one.low, one.high))
            axis.hlines(at, low, high, color=look["color"], linewidth=1.6, alpha=0.55)
        values = [_or_nan(one.y[i]) for i in known]
        axis.plot(values, at, look["marker"], color=look["color"], markersize=3.6)
    axis.set_yticks(range(len(places)), _names(series))
    axis.set_ylim(len(places) - 0.45, -0.55)
    axis.margins(x=0.06)


def _names(series: Sequence[Series]) -> list[str]:
    """Labels of the named positions, in order; none if they are numbers."""
    names = dict.fromkeys(str(x) for one in series for x in one.x) if named(series) else ()
    return [wrapped(name, NAME_LETTERS, NAME_LINES) for name in names]


def _height_in(series: Sequence[Series]) -> float:
    names = _names(series)
    if not names:
        return NUMBERS_IN
    each = max(NAME_IN * max(1.0, 0.62 * len(series)),
               LINE_IN * max(1 + name.count("\n") for name in names))  # fmt: skip
    return max(LEAST_IN, 0.7 + each * len(names))


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value
