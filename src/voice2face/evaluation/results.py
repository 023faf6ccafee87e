"""Results of an experiment as one JSON file: all that a report shows, with its sources."""

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
        system: Name of a model, a baseline, or real faces.
        measure: Name of the measure, such as "1:2 matching".
        stratum: What all faces of a trial have in common: "", "gender", "gender, age".
        embedder: Name of the network that compares the faces; "" if there is none.
        value: Mean over people, or the measure over all; None if it was not measured, see ``note``.
        low: Lower end of the 95 % interval; None if there is none.
        high: Upper end of the interval.
        n_people: Number of people asked about.
        n_trials: Number of questions, pairs or faces.
        chance: Value of a blind guess; None if that means nothing.
        against: Another system; ``value`` is then by how much ``system`` is above it.
        note: Note for the reader.
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
        name: Name in the legend.
        x: Positions or names.
        y: Values; None if not measured.
        low: Lower ends of the intervals; empty without intervals.
        high: Upper ends of the intervals.
        x_label: Label of the x axis, with its unit.
        y_label: Label of the y axis, with its unit.
        chance: Value of a blind guess; None if that means nothing.
        panel: Title of the panel; series of one panel are drawn together.
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
        name: Name, which no other grid of the result has; part of file names.
        title: Title.
        file: RGB PNG in the folder of the result: faces of ``px`` × ``px`` tiled without gaps or
            labels, row by row; an empty cell is white.
        px: Side of a face.
        rows: Label of each row.
        columns: Label of each column.
        row_title: What the rows differ in.
        column_title: What the columns differ in.
        note: Note for the reader.
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
    """A statement of the paper or the report, and whether it holds here.

    Attributes:
        text: The claim.
        source: Place where it is stated, such as "report, Figure 2".
        verdict: The verdict.
        evidence: Values with their intervals, in a sentence.
        measure: Name of the measure.
        judge: Embedder or judge of the faces; "" if there is none.
        bound: What the value must lie above, and the source of that.
        grade: How far above it lies: "strongly", "clearly", "weakly"; "" if not known.
        why: Why the model is not worth judging; "" if it is.
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
    """Results of one experiment.

    Attributes:
        experiment: Name of the experiment.
        question: Its question.
        rows: Numbers of the tables.
        series: Numbers of the figures.
        title: Heading.
        report_item: Its counterpart in the report: "Figure 2", "Test 4", "".
        chapter: Chapter of the page.
        protocol: What was done, in a few sentences.
        left_out: Why it could not be asked of this corpus, a sentence; then there are no rows.
        grids: Pictures of faces.
        claims: Claims of paper and report.
        trials_sha256: Checksums of the lists of trials, by name.
        seeds: Seeds by name.
        sources: Checksums of models, corpus and files that it was computed from, by name.
        made_by: Program and version.
        unfit: Why models are not worth judging, a sentence each.
        warnings: What else a reader must know first, a sentence each.
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
    """Write a result; numbers that are not finite become null, which means not measured.

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
        CorpusError: It is missing, damaged, or of a later format.
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
    """What is inconsistent; "" if nothing is."""
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
            return f"series {s.name}: a position that is not a number"
    for row in result.rows:
        if row.n_people < 0 or row.n_trials < 0:
            return f"{row.system}, {row.measure}: a negative count"
    return ""


def _number(value: object) -> object:
    """A number of NumPy as one of Python."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} in a result")
