"""Curves with their intervals and labelled faces, for the page (SVG) and for print (PDF, PNG)."""

import contextlib
import math
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from voice2face.errors import MissingExtraError
from voice2face.evaluation.results import Result, Series
from voice2face.files import atomic_write
from voice2face.markup import line
from voice2face.report.looks import DARK, DASHES, LIGHT, MARKERS

WIDTH_IN, PANEL_IN, ROW_IN = 7.2, 3.6, 2.5
NAME_IN = 0.17  # of height for each named point
INK, DARK_INK = ("#1d1c1a", "#66625c"), ("#ece8e1", "#a39d94")  # strong and faint
MOST_TICKS = 8
DPI = 300


def panels(result: Result) -> dict[str, list[Series]]:
    """Series by the axis that they are drawn in."""
    found: dict[str, list[Series]] = {}
    for series in result.series:
        found.setdefault(series.panel, []).append(series)
    return found


def looks(results: Sequence[Result]) -> list[dict[str, int]]:
    """Number of the colour and dashes of each name, by result.

    A name has the same all over a report, unless two of one result would share a colour.
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
    """One axis without legend, on no ground, in the colours of a light or a dark page."""
    with blank() as figure:
        figure.set_size_inches(PANEL_IN, _height_in(series))
        figure.set_layout_engine("constrained")
        draw_panel(figure.subplots(), series, numbers, ends)
        stream = BytesIO()
        figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None})
    first, defs, rest = stream.getvalue().partition(b"<defs>")
    return first + _dark_style().encode() + defs + rest


def _dark_style() -> str:
    """Rules that turn each colour into that of a dark ground."""
    pairs = zip((*LIGHT, *INK), (*DARK, *DARK_INK), strict=True)
    rules = "".join(
        f'[style*="{what}: {light.lower()}"]{{{what}:{dark}!important}}'
        for light, dark in pairs
        for what in ("stroke", "fill")
    )
    return f"<style>@media screen and (prefers-color-scheme: dark){{{rules}}}</style>\n"


def write_curves(path: Path, result: Result, numbers: dict[str, int]) -> list[Path]:
    """All panels of a result with one legend, as ``path`` with .pdf and .png.

    Raises:
        MissingExtraError: matplotlib is not installed.
        OutputError: They could not be written.
    """
    found = panels(result)
    names = list(dict.fromkeys(series.name for series in result.series))
    with blank() as figure:
        n_columns = min(2, len(found))
        n_rows = math.ceil(len(found) / n_columns)
        height_in = n_rows * max(_height_in(series) for series in found.values())
        legend_in = 0.19 * math.ceil(len(names) / 3) if len(names) > 1 else 0
        figure.set_size_inches(WIDTH_IN if n_columns > 1 else 4.6, height_in + legend_in)
        figure.set_layout_engine("constrained", w_pad=0.06, h_pad=0.05)
        axes = list(figure.subplots(n_rows, n_columns, squeeze=False).flat)
        for axis, (title, series) in zip(axes, found.items(), strict=False):
            draw_panel(axis, series, numbers, scale(found))
            axis.set_title(wrapped(title, 64, 2), loc="left", fontsize=8)
        for axis in axes[len(found) :]:
            axis.set_axis_off()
        if len(names) > 1:
            lines = not any(map(named, found.values()))
            handles = [_handle(name, numbers[name], lines) for name in names]
            figure.legend(handles=handles, loc="outside upper center", ncol=3, frameon=False,
                          handlelength=3.2)  # fmt: skip
        return save(figure, path)


def scale(found: dict[str, list[Series]]) -> tuple[float, float] | None:
    """Least and largest value of all panels, so that they compare; None if they differ in kind."""
    everything = [one for series in found.values() for one in series]
    if len({one.y_label for one in everything}) > 1:
        return None
    values = [v for one in everything for v in [*one.y, *one.low, *one.high, one.chance]]
    known = [value for value in values if value is not None]
    return (min(known), max(known)) if known and min(known) < max(known) else None


def draw_panel(
    axis: Any,
    series: Sequence[Series],
    numbers: dict[str, int],
    ends: tuple[float, float] | None = None,
) -> None:
    """Lines with bands over numbers, points with whiskers over names; chance as a dotted line.

    Args:
        axis: Axis of a matplotlib figure.
        series: What is drawn.
        numbers: Of the look of each series' name.
        ends: Least and largest value, see :func:`scale`.
    """
    by_name = named(series)
    (_draw_names if by_name else _draw_lines)(axis, series, numbers)
    set_x, set_y = axis.set_xlabel, axis.set_ylabel
    if by_name:  # names stand below each other, where there is room for them
        set_x, set_y = set_y, set_x
    set_x(wrapped(next((one.x_label for one in series if one.x_label), ""), 56, 2))
    set_y(wrapped(next((one.y_label for one in series if one.y_label), ""), 44, 2))
    for chance in sorted({one.chance for one in series if one.chance is not None}):
        draw, faint = axis.axvline if by_name else axis.axhline, INK[1]
        draw(chance, color=faint, linewidth=0.8, linestyle=(0, (1, 1.5)), zorder=0)
        at = (chance, 0.0) if by_name else (1.0, chance)  # inside, where no title stands
        frame = ("data", "axes fraction") if by_name else ("axes fraction", "data")
        axis.annotate("chance", at, (2, 2) if by_name else (0, 1), xycoords=frame,
                      textcoords="offset points", color=faint, fontsize=6.5,
                      ha="left" if by_name else "right", va="bottom")  # fmt: skip
    if ends is not None:
        margin = 0.06 * (ends[1] - ends[0])
        (axis.set_xlim if by_name else axis.set_ylim)(ends[0] - margin, ends[1] + margin)
    axis.spines[["top", "right"]].set_visible(False)


def save(figure: Any, path: Path, dpi: int = DPI) -> list[Path]:
    """The figure as PDF and PNG, whole, without the time."""
    made = []
    for kind, metadata in (("pdf", {"CreationDate": None}), ("png", {})):
        target = path.with_name(f"{path.name}.{kind}")
        with atomic_write(target) as temporary:
            figure.savefig(temporary, format=kind, dpi=dpi, metadata=metadata)
        figure.set_layout_engine("none")  # what was laid out for one kind is for the other
        made.append(target)
    return made


def _draw_lines(axis: Any, series: Sequence[Series], numbers: dict[str, int]) -> None:
    for one in series:
        order = sorted(range(len(one.x)), key=lambda i, x=one.x: float(x[i]))  # type: ignore[misc]
        x, y = [float(one.x[i]) for i in order], [_or_nan(one.y[i]) for i in order]
        look = style(numbers[one.name])
        axis.plot(x, y, marker=look["marker"], markersize=3.2, color=look["color"],
                  linestyle=look["linestyle"], linewidth=1.3)  # fmt: skip
        if one.low:
            low, high = ([_or_nan(ends[i]) for i in order] for ends in (one.low, one.high))
            axis.fill_between(x, low, high, color=look["color"], alpha=0.16, linewidth=0)
    ticks = sorted({float(x) for one in series for x in one.x})
    if len(ticks) <= MOST_TICKS:
        axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.margins(x=0.04, y=0.12)


def _draw_names(axis: Any, series: Sequence[Series], numbers: dict[str, int]) -> None:
    names = list(dict.fromkeys(str(x) for one in series for x in one.x))
    for k, one in enumerate(series):
        shift = ((k + 0.5) / len(series) - 0.5) * 0.62
        look = style(numbers[one.name])
        for i, x in enumerate(one.x):
            place, value = names.index(str(x)) + shift, one.y[i]
            if value is None:
                continue
            if one.low and one.low[i] is not None and one.high[i] is not None:
                axis.hlines(place, one.low[i], one.high[i], color=look["color"], linewidth=1.6,
                            alpha=0.55)  # fmt: skip
            axis.plot([value], [place], look["marker"], color=look["color"], markersize=3.6)
    axis.set_yticks(range(len(names)), [wrapped(name, 24, 3) for name in names])
    axis.set_ylim(len(names) - 0.45, -0.55)
    axis.margins(x=0.06)


def _height_in(series: Sequence[Series]) -> float:
    names = {x for one in series for x in one.x if isinstance(x, str)}
    return max(ROW_IN, 0.7 + NAME_IN * len(names) * max(1.0, 0.62 * len(series))) if names else 2.4


def style(number: int) -> dict[str, Any]:
    """Colour, dashes and marker of the series with that number."""
    dash = [float(part) for part in DASHES[number % len(DASHES)].split()]
    return {
        "color": LIGHT[number % len(LIGHT)],
        "linestyle": (0, dash) if dash else "-",
        "marker": MARKERS[number % len(MARKERS)],
    }


def _handle(name: str, number: int, lines: bool) -> Any:
    from matplotlib.lines import Line2D

    look = style(number) | ({} if lines else {"linestyle": "-"})
    return Line2D([], [], label=wrapped(name, 38, 1), markersize=3.2, linewidth=1.3, **look)


@contextlib.contextmanager
def blank() -> Iterator[Any]:
    """An empty figure, and settings while it is drawn and saved.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("the report's figures", "figures") from error
    ink, faint = INK
    settings: dict[Any, Any] = {
        "font.size": 7.5, "svg.hashsalt": "voice2face", "pdf.fonttype": 42, "axes.linewidth": 0.6,
        "text.color": ink, "axes.labelcolor": ink, "axes.edgecolor": faint, "xtick.color": faint,
        "ytick.color": faint, "xtick.labelcolor": ink, "ytick.labelcolor": ink,
        "xtick.major.width": 0.6, "ytick.major.width": 0.6, "axes.unicode_minus": True,
    }  # fmt: skip
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # a name in letters of no font here
        yield Figure()


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def wrapped(text: str, letters: int, most_lines: int) -> str:
    """A name as lines of at most so many letters, as it is, not as mathematics.

    What does not fit ends in dots. A word is broken only if it is longer than a line.
    """
    text = textwrap.fill(line(text), letters, max_lines=most_lines, placeholder=" …")
    escaped = text.replace("$", r"\$")
    return f" {escaped}" if escaped.startswith("_") else escaped  # else it would get no legend
