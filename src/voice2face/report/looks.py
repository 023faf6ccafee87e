"""The look of all figures: colours, dashes, markers, letters."""

import contextlib
import textwrap
import warnings
from collections.abc import Iterator
from typing import Any

from voice2face.errors import MissingExtraError
from voice2face.markup import line

# Okabe and Ito 2008, told apart with any kind of colour vision; lighter ones on a dark ground.
LIGHT = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#E69F00", "#56B4E9")
DARK = ("#56B4E9", "#E69F00", "#2CC295", "#E08BC0", "#ECE8E1", "#F0E442", "#A9B8FF")
DASHES = ("", "5 2", "1.5 1.5", "6 1.5 1.5 1.5")  # in grey print; in points
MARKERS = "os^Dv<>"  # as matplotlib names them
INK, DARK_INK = ("#1d1c1a", "#66625c"), ("#ece8e1", "#a39d94")  # strong and faint
FONT_PT = 7.5


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
        raise MissingExtraError("figures", "figures") from error
    ink, faint = INK
    settings: dict[Any, Any] = {
        "font.size": FONT_PT, "svg.hashsalt": "voice2face", "pdf.fonttype": 42,
        "svg.fonttype": "none", "axes.linewidth": 0.6, "axes.unicode_minus": True,
        "text.color": ink, "axes.labelcolor": ink, "axes.edgecolor": faint, "xtick.color": faint,
        "ytick.color": faint, "xtick.labelcolor": ink, "ytick.labelcolor": ink,
        "xtick.major.width": 0.6, "ytick.major.width": 0.6, "axes.spines.top": False,
        "axes.spines.right": False, "legend.frameon": False, "legend.handlelength": 3.2,
    }  # fmt: skip
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # a name in letters of no font here
        yield Figure()


def style(number: int) -> dict[str, Any]:
    """Colour, dashes and marker of a line, by its number; 28 lines have different looks."""
    dash = [float(part) for part in DASHES[number % len(DASHES)].split()]
    return {
        "color": LIGHT[number % len(LIGHT)],
        "linestyle": (0, dash) if dash else "-",
        "marker": MARKERS[number % len(MARKERS)],
    }


def handle(label: str, **look: Any) -> Any:
    """A line of a legend."""
    from matplotlib.lines import Line2D

    return Line2D([], [], label=label, **look)


def wrapped(text: str, letters: int, most_lines: int) -> str:
    """A name in lines of at most so many letters, with nothing in it taken for mathematics.

    What does not fit is replaced by dots. A word is broken only if it is longer than a line.
    """
    text = textwrap.fill(line(text), letters, max_lines=most_lines, placeholder=" …")
    escaped = text.replace("$", r"\$")
    return f" {escaped}" if escaped.startswith("_") else escaped  # else it would get no legend
