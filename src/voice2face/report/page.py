"""The report as one HTML file with everything in it, as Markdown, and its tables for LaTeX."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from voice2face import __version__
from voice2face.evaluation.results import Result, Row, Series
from voice2face.markup import attribute, latex, line, markdown, text
from voice2face.report import figures, words
from voice2face.report.grids import Faces
from voice2face.report.looks import DASHES, LIGHT, MARKERS
from voice2face.report.order import Chapter, heading, stem
from voice2face.report.tables import letter, tables
from voice2face.templates import inline_style, safe, templates

TEMPLATES = Path(__file__).parent / "templates"
SHOWN_PANELS = 2  # panels of a result that are shown; the others are folded
STRIP_PX = 116
NAMES_SHARE = 0.22  # of the width of a table in LaTeX, for the systems' names
VERDICT_SIGNS = ("✓", "✗", "?", "…")
SHAPES = {  # of matplotlib's markers, in the middle of 30 × 10
    "o": "12.5,4 14,2.5 16,2.5 17.5,4 17.5,6 16,7.5 14,7.5 12.5,6",
    "s": "12.5,2.5 17.5,2.5 17.5,7.5 12.5,7.5",
    "^": "15,2 18,8 12,8",
    "v": "15,8 18,2 12,2",
    "<": "12,5 18,2 18,8",
    ">": "18,5 12,2 12,8",
    "D": "15,1.5 18.5,5 15,8.5 11.5,5",
}


def page(
    chapters: Sequence[Chapter],
    faces: Mapping[str, Sequence[Faces]],
    numbers: Mapping[str, dict[str, int]],
    title: str,
    about: str,
) -> str:
    """The page as HTML; the same for the same results and program.

    Args:
        chapters: Chapters in order.
        faces: Grids of each result, by its stem.
        numbers: Number of the look of each name, by the stem of the result.
        title: Heading.
        about: What was evaluated; an empty line separates paragraphs.

    Raises:
        MissingExtraError: jinja2 is not installed.
    """
    css, policy = inline_style(TEMPLATES / "page.css")
    told = _told(chapters, title, about)
    return _rendered("page.html", text, told | {
        "faces": faces, "numbers": numbers, "css": css, "policy": policy,
        "SHOWN_PANELS": SHOWN_PANELS, "VERDICT_SIGNS": tuple(map(safe, VERDICT_SIGNS)),
        "verdict_class": words.VERDICTS.index, "panels": figures.panels, "scale": figures.scale,
        "panel_svg": figures.panel_svg, "interval_strip": interval_strip, "sample": sample,
        "positions": positions, "point": point, "curves_alt": curves_alt,
    })  # fmt: skip


def markdown_page(
    chapters: Sequence[Chapter], pictures: Mapping[str, Sequence[str]], title: str, about: str
) -> str:
    """The page as Markdown.

    Args:
        chapters: Chapters in order.
        pictures: PNG or SVG files of each result by its stem, relative to the page.
        title: Heading.
        about: See :func:`page`.
    """
    told = _told(chapters, title, about)
    return _rendered("report.md", markdown, told | {"pictures": pictures})


def tables_tex(result: Result) -> str:
    """All tables of a result for LaTeX, as wide as the text; long ones span several pages."""
    return _rendered("tables.tex", latex, {"result": result, "names_share": NAMES_SHARE})


def _told(chapters: Sequence[Chapter], title: str, about: str) -> dict[str, Any]:
    """Values that the HTML and the Markdown page share."""
    results = [result for chapter in chapters for result in chapter.results]
    claims = [(claim, result) for result in results for claim in result.claims]
    return {
        "chapters": chapters, "title": title,
        "about": [part for part in about.split("\n\n") if part.strip()],
        "claims": sorted(claims, key=lambda pair: words.VERDICTS.index(pair[0].verdict)),
        "unfit": dict.fromkeys(sentence for r in results for sentence in r.unfit),
        "warnings": dict.fromkeys(sentence for r in results for sentence in r.warnings),
        "differing": words.disagreeing(results),
        "left_out": [result for result in results if result.left_out],
        "made": made_of(results),
    }  # fmt: skip


def _rendered(template: str, escaped: Callable[[object], str], values: dict[str, Any]) -> str:
    """A filled template; every value is escaped and on one line, except for markup."""

    def printed(value: object) -> object:
        own = hasattr(value, "__html__") or isinstance(value, int | float)
        return value if own else safe(escaped(value))

    found = templates(TEMPLATES, printed, "the report", "figures")
    found.filters |= {"attr": lambda value: safe(attribute(value)), "line": lambda v: safe(line(v))}
    found.globals |= {
        "words": words, "version": __version__, "stem": stem, "heading": heading,
        "tables": tables, "letter": letter,
    }  # fmt: skip
    whole: str = found.get_template(template).render(values)
    return whole.rstrip() + "\n"


def interval_strip(row: Row, scale: tuple[float, float], signed: bool) -> dict[str, Any] | None:
    """Positions of the parts of a drawn interval, in pixels; None if there is nothing to draw.

    The interval is a bar, the value a dot, hollow if chance (or zero) is in the interval.
    """
    if row.value is None or scale[0] == scale[1]:
        return None

    def at(value: float) -> float:
        share = (value - scale[0]) / (scale[1] - scale[0])
        return round(6 + share * (STRIP_PX - 12), 1)

    null = 0.0 if signed else row.chance
    found: dict[str, Any] = {"width": STRIP_PX, "value": at(row.value), "kind": "at", "length": 0}
    found["null"] = None if null is None else at(null)
    if row.low is not None and row.high is not None:
        length = round(max(at(row.high) - at(row.low), 1), 1)
        found |= {"low": at(row.low), "length": length}
        found["kind"] = "open" if null is not None and row.low <= null <= row.high else "at"
    return found


def sample(number: int, series: Sequence[Series]) -> str:
    """Sample of a line, or of a whisker, with its marker, for the legend."""
    dash = DASHES[number % len(DASHES)] if not figures.named(series) else ""
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    kind, marker = f"k{number % len(LIGHT)}", SHAPES[MARKERS[number % len(MARKERS)]]
    drawn: str = safe(
        f'<svg width="30" height="10" aria-hidden="true"><line class="{kind}" x1="0" y1="5" '
        f'x2="30" y2="5" stroke-width="1.5"{dashes}/><polygon class="{kind}" points="{marker}"/>'
        "</svg>"
    )
    return drawn


def positions(series: Sequence[Series]) -> list[float | str]:
    """All x positions of some series, in order."""
    return list(dict.fromkeys(x for one in series for x in one.x))


def point(series: Series, x: float | str) -> str:
    """Value of a series at a position, with its interval; "" if there is none."""
    if x not in series.x:
        return ""
    i, digits = series.x.index(x), words.digits_of([*series.y, *series.low, *series.high])
    ends = words.interval(series.low[i], series.high[i], digits) if series.low else ""
    return f"{words.number(series.y[i], digits)} {ends}".strip()


def curves_alt(title: str, series: Sequence[Series]) -> str:
    """Description of a picture of curves, for those who can't see it."""
    label = series[0].y_label or title
    return f"{label} of {', '.join(one.name for one in series)}; numbers below"


def made_of(results: Sequence[Result]) -> dict[str, list[tuple[str, str, str]]]:
    """Seeds, lists of trials and sources, as rows of tables."""
    seen: dict[tuple[str, str], list[str]] = {}
    for result in results:
        for pair in result.sources.items():
            seen.setdefault(pair, []).append(heading(result))
    return {
        "seeds": [
            (heading(r), ", ".join(f"{n} {s}" for n, s in r.seeds.items()), r.made_by)
            for r in results
        ],
        "trials": [(heading(r), n, code) for r in results for n, code in r.trials_sha256.items()],
        "sources": [
            (name, "all" if len(users) == len(results) else "; ".join(users), code)
            for (name, code), users in sorted(seen.items())
        ],
    }
