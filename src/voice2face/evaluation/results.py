"""What an experiment found, as one JSON file: all that a report shows, and where it came from."""

import math
from pathlib import Path, PurePath
from typing import Literal

import msgspec
import numpy as np

from voice2face.errors import CorpusError, OutputError
from voice2face.files import write_bytes
from voice2face.json_files import read_json

FORMAT_VERSION = 2
MOST_BYTES = 1 << 28  # a file that is larger is none of ours
REMEDY = "restore it, or run the experiment again"


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One number of a table.

    Attributes:
        system: Name of what was measured: a model, a baseline, real faces.
        measure: Such as "1:2 matching".
        stratum: What all faces of a trial have in common: "", "gender", "gender, age".
        embedder: Name of the network that compares the faces; "" where none does.
        value: Mean over people, or the measure over all; None: not measured, see ``note``.
        low: Lower end of its 95 % interval; None where there is none.
        high: Upper end.
        n_people: People asked about.
        n_trials: Questions, pairs or faces.
        chance: What a blind guess reaches; None where that means nothing.
        against: If given, ``value`` is by how much ``system`` is above this one, paired.
        note: What one must know to read it.
    """

    system: str
    measure: str
    stratum: str = ""
    embedder: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n_people: int = 0
    n_trials: int = 0
    chance: float | None = None
    against: str = ""
    note: str = ""


class Series(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line, or one group of bars, of a figure; all lists are of one length.

    Attributes:
        name: What the legend calls it.
        x: Positions or names.
        y: Values; None: not measured.
        low: Lower ends of the intervals; empty: no intervals.
        high: Upper ends.
        x_label: Label of the x axis, with its unit.
        y_label: Label of the y axis, with its unit.
        chance: What a blind guess reaches; None where that means nothing.
        panel: Series of one panel are drawn in one axis.
    """

    name: str
    x: list[float | str]
    y: list[float | None]
    low: list[float | None] = []
    high: list[float | None] = []
    x_label: str = ""
    y_label: str = ""
    chance: float | None = None
    panel: str = ""


class Grid(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Faces in rows and columns, as one picture.

    Attributes:
        name: Name of the grid among those of its result; part of file names.
        title: Above it.
        file: RGB PNG in the folder of the result: faces of ``px`` × ``px`` tiled without gaps or
            labels, row by row; an empty cell is white.
        px: Side of a face.
        rows: Label of each row.
        columns: Label of each column.
        row_title: What the rows differ in.
        column_title: What the columns differ in.
        note: What one must know to read it.
    """

    name: str
    title: str
    file: str
    px: int
    rows: list[str]
    columns: list[str]
    row_title: str = ""
    column_title: str = ""
    note: str = ""


Chapter = Literal["tests", "figures", "beyond"]
Verdict = Literal["holds", "does not hold", "cannot be told", "too little training to tell"]


class Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the paper or the report says, and whether it holds here.

    Attributes:
        text: The claim.
        source: Where it stands, such as "report, Figure 2".
        verdict: As the data have it.
        evidence: One sentence with the figures and their interval.
        measure: What was measured.
        judge: Who compared or judged faces; "" where nobody does.
        bound: What the value must lie above, and where that comes from.
        grade: How far above it lies: "strongly", "clearly", "weakly"; "" where nothing says.
        why: Why the model is not worth judging; "" where it is.
    """

    text: str
    source: str
    verdict: Verdict
    evidence: str
    measure: str = ""
    judge: str = ""
    bound: str = ""
    grade: str = ""
    why: str = ""


class Result(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one experiment found.

    Attributes:
        experiment: Its name.
        question: What it asks, in words.
        rows: Numbers of its table.
        series: Numbers behind its figures.
        title: Its heading.
        report_item: What it answers of the report: "Figure 2", "Test 4", "".
        chapter: Where a report tells it.
        protocol: Who is asked what, how it is counted and what is resampled; some sentences.
        left_out: Why it could not be asked of this corpus, a sentence; then there are no rows.
        grids: Pictures of faces.
        claims: What the paper or the report says of it.
        trials_sha256: Name → checksum of each list of trials.
        seeds: Name → seed.
        sources: Name → checksum of each model, corpus and file that it was computed from.
        made_by: Program and version.
        unfit: Why models are not worth judging, a sentence each; empty: they are.
        warnings: What else a reader must know before any number, a sentence each.
    """

    experiment: str
    question: str
    rows: list[Row] = []
    series: list[Series] = []
    title: str = ""
    report_item: str = ""
    chapter: Chapter = "beyond"
    protocol: str = ""
    left_out: str = ""
    grids: list[Grid] = []
    claims: list[Claim] = []
    trials_sha256: dict[str, str] = {}
    seeds: dict[str, int] = {}
    sources: dict[str, str] = {}
    made_by: str = ""
    unfit: list[str] = []
    warnings: list[str] = []


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format_version: int
    result: Result


def write_result(path: Path, result: Result) -> None:
    """Write a result whole; a number that is not finite is written as null: not measured.

    Raises:
        OutputError: It could not be written, or it is not consistent.
    """
    if problem := _inconsistent(result):
        raise OutputError(path, problem, "a consistent result", "correct the experiment")
    # msgspec writes null for NaN and infinity.
    data = msgspec.json.encode(_File(FORMAT_VERSION, result), enc_hook=_number)
    write_bytes(path, msgspec.json.format(data, indent=1) + b"\n")


def read_result(path: Path) -> Result:
    """Read what :func:`write_result` wrote.

    Raises:
        CorpusError: It is missing, damaged, or of a later format than this program knows.
    """
    wanted = "the result of an experiment"
    result = read_json(
        path, _File, wanted, REMEDY, refused=CorpusError, newest=FORMAT_VERSION,
        most_bytes=MOST_BYTES,
    ).result  # fmt: skip
    if problem := _inconsistent(result):
        raise CorpusError(path, f"damaged ({problem})", wanted, REMEDY)
    return result


def _inconsistent(result: Result) -> str:
    """What cannot be; empty if all can."""
    for grid in result.grids:
        plain = PurePath(grid.file).name == grid.file and grid.file not in ("", "..")
        if not plain or "\\" in grid.file:
            return f"grid {grid.name}: '{grid.file}' is not a plain file name"
        if min(grid.px, len(grid.rows), len(grid.columns)) < 1:
            return f"grid {grid.name}: it has no faces"
    if result.left_out and result.rows:
        return "left out, and yet it has rows"
    for s in result.series:
        lengths = {len(s.x), len(s.y), len(s.low) or len(s.y), len(s.high) or len(s.y)}
        if len(lengths) > 1 or bool(s.low) != bool(s.high):
            return f"series {s.name}: lists of different lengths"
        if not all(isinstance(x, str) or math.isfinite(x) for x in s.x):
            return f"series {s.name}: a position that is no number"
    for row in result.rows:
        if row.n_people < 0 or row.n_trials < 0:
            return f"{row.system}, {row.measure}: a negative count"
    return ""


def _number(value: object) -> object:
    """One of numpy's numbers, as Python's own."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} in a result")
