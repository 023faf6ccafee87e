"""Writes a report into a folder."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from voice2face.evaluation.results import Result, Row
from voice2face.files import write_text
from voice2face.markup import line
from voice2face.report.figures import looks, write_curves
from voice2face.report.grids import Faces, read_faces
from voice2face.report.order import chapters, slug, stem
from voice2face.report.page import markdown_page, page, tables_tex
from voice2face.report.sheets import write_sheet

FORMULAS = ("=", "+", "-", "@")


def write_report(
    results: Sequence[Result], out: Path, title: str, about: str, *, pictures: Path
) -> Path:
    """Write index.html, report.md, tables/ (CSV, LaTeX) and figures/ (SVG, PDF; faces PNG).

    Args:
        results: One result of each experiment.
        out: Folder; files of an older report are replaced.
        title: Heading.
        about: What was evaluated; an empty line separates paragraphs.
        pictures: Folder with the pictures of the grids.

    Returns:
        Path of the page.

    Raises:
        CorpusError: No results, two of one experiment, or a picture missing or damaged.
        MissingExtraError: matplotlib is not installed.
        OutputError: Something could not be written.
    """
    told = chapters(results)
    ordered = [result for chapter in told for result in chapter.results]
    faces = {stem(r): [read_faces(pictures, grid) for grid in r.grids] for r in ordered}
    numbers = {stem(r): own for r, own in zip(ordered, looks(ordered), strict=True)}
    drawn = {stem(r): _figures(out, r, faces[stem(r)], numbers[stem(r)]) for r in ordered}
    for result in ordered:
        _numbers(out / "tables", result)
    write_text(out / "report.md", markdown_page(told, drawn, title, about))
    write_text(out / "index.html", page(told, faces, numbers, title, about))
    return out / "index.html"


def _figures(
    out: Path, result: Result, faces: Sequence[Faces], numbers: dict[str, int]
) -> list[str]:
    """Write the figures of a result; names of pictures for Markdown, relative to the page."""
    name, folder = stem(result), out / "figures"
    made = [write_sheet(folder / f"{name}-{slug(one.grid.name)}.png", one) for one in faces]
    if result.series:
        made += write_curves(folder / f"{name}-curves", result, numbers)[:1]
    return [path.relative_to(out).as_posix() for path in made]


def _numbers(folder: Path, result: Result) -> None:
    if result.rows:
        write_text(folder / f"{stem(result)}.csv", rows_csv(result))
        write_text(folder / f"{stem(result)}.tex", tables_tex(result))
    if result.series:
        write_text(folder / f"{stem(result)}-curves.csv", series_csv(result))


def rows_csv(result: Result) -> str:
    """Rows as CSV, a line for each; empty if there is no number."""
    fields = [field.name for field in msgspec.structs.fields(Row)]
    return _csv(fields, ([getattr(row, field) for field in fields] for row in result.rows))


def series_csv(result: Result) -> str:
    """Curves as CSV, a line for each point."""
    head = ["panel", "series", "x_label", "x", "y_label", "y", "low", "high", "chance"]
    points = (
        [
            one.panel, one.name, one.x_label, x, one.y_label, one.y[i],
            one.low[i] if one.low else None, one.high[i] if one.high else None, one.chance,
        ]
        for one in result.series
        for i, x in enumerate(one.x)
    )  # fmt: skip
    return _csv(head, points)


def _csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(head)
    for row in rows:
        writer.writerow([_text(value) if isinstance(value, str) else value for value in row])
    return stream.getvalue()


def _text(value: str) -> str:
    """A name that spreadsheets don't take for a formula."""
    text = line(value)
    return f"'{text}" if text[:1] in FORMULAS else text
