"""Rows of a result as tables: a line for each system, a column for each measure."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from voice2face.evaluation.results import Result, Row
from voice2face.report.words import digits_of, span, stratum_words

MOST_COLUMNS = 5  # columns that fit a laptop and paper
MOST_NOTES = 6  # notes below a table; if there are more, they stand in the cells

# Measure, stratum and embedder of a column.
Column = tuple[str, str, str]


@dataclass(frozen=True, eq=False)
class Table:
    """A table of some rows of a result.

    Attributes:
        caption: What all cells have in common.
        columns: Measure, stratum and embedder of each column.
        headings: Headings of the columns: what they don't have in common.
        lines: Name of a system, or of two that are compared, and the row of each column.
        digits: Decimals of each column.
        scales: Least and largest number of the measure of each column, for drawing.
        notes: Notes below the table, each once; empty if they stand in the cells.
        signed: Whether the values are paired differences.
    """

    caption: str
    columns: tuple[Column, ...]
    headings: tuple[str, ...]
    lines: tuple[tuple[str, tuple[Row | None, ...]], ...]
    digits: tuple[int, ...]
    scales: tuple[tuple[float, float], ...]
    notes: tuple[str, ...]
    signed: bool

    def mark(self, row: Row | None) -> str:
        """Letter of a row's note below the table."""
        if row is None or row.note not in self.notes:
            return ""
        return letter(self.notes.index(row.note))

    def inside(self, row: Row) -> str:
        """Note of a row, if it stands in the cell."""
        return "" if row.note in self.notes else row.note

    @property
    def has_notes_inside(self) -> bool:
        """Whether some notes stand in cells."""
        return any(self.inside(row) for row in self._rows())

    def feet(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Chance, people and trials of each column."""
        if not self.signed and any(row.chance is not None for row in self._rows()):
            yield "chance", self._spans("chance", self.digits)
        for name, field in (("people", "n_people"), ("trials", "n_trials")):
            if any(getattr(row, field) for row in self._rows()):
                yield name, self._spans(field, (0,) * len(self.columns))

    def _rows(self) -> list[Row]:
        return [row for _, cells in self.lines for row in cells if row is not None]

    def _spans(self, field: str, digits: Sequence[int]) -> tuple[str, ...]:
        columns = zip(*(cells for _, cells in self.lines), strict=True)
        return tuple(
            span([_known(row, field) for row in column if row is not None], n)
            for column, n in zip(columns, digits, strict=True)
        )


def tables(result: Result) -> list[Table]:
    """Tables with all rows of a result, each in one cell; paired differences come last."""
    made = []
    for signed in (False, True):
        rows = [row for row in result.rows if bool(row.against) == signed]
        made += [_table(result.rows, rows, columns, signed) for columns in _packed(rows)]
    return made


def letter(n: int) -> str:
    """a, b, ... z, aa, ab, ..."""
    return (letter(n // 26 - 1) if n >= 26 else "") + chr(ord("a") + n % 26)


def _column(row: Row) -> Column:
    return row.measure, row.stratum, row.embedder


def _known(row: Row, field: str) -> float | None:
    """A number of a row; None for a count of 0, which was not given."""
    value: float | None = getattr(row, field)
    return None if value == 0 and field.startswith("n_") else value


def _packed(rows: Sequence[Row]) -> list[list[Column]]:
    """Columns of each table: one table if they fit, else one for each embedder, or more."""
    columns = list(dict.fromkeys(_column(row) for row in rows))
    if len(columns) <= MOST_COLUMNS:
        return [columns] if columns else []
    packed: list[list[Column]] = []
    for embedder in dict.fromkeys(column[2] for column in columns):
        own = [column for column in columns if column[2] == embedder]
        table: list[Column] = []
        for measure in dict.fromkeys(column[0] for column in own):
            group = [column for column in own if column[0] == measure]
            if table and len(table) + len(group) > MOST_COLUMNS:
                packed.append(table)
                table = []
            table += group
            while len(table) > MOST_COLUMNS:  # as evenly as possible
                n_tables = math.ceil(len(table) / MOST_COLUMNS)
                n = math.ceil(len(table) / n_tables)
                packed.append(table[:n])
                table = table[n:]
        packed.append(table)
    return packed


def _table(
    everything: Sequence[Row], rows: Sequence[Row], columns: Sequence[Column], signed: bool
) -> Table:
    caption, headings = _names(columns, signed)
    lines = _lines([row for row in rows if _column(row) in columns], columns)
    by_measure = {measure: _numbers(rows, measure) for measure, _, _ in columns}
    notes = tuple(dict.fromkeys(r.note for _, cells in lines for r in cells if r and r.note))
    return Table(
        caption=caption,
        columns=tuple(columns),
        headings=headings,
        lines=lines,
        digits=tuple(digits_of(_numbers(everything, measure)) for measure, _, _ in columns),
        scales=tuple(_scale(by_measure[measure], signed) for measure, _, _ in columns),
        notes=notes if len(notes) <= MOST_NOTES else (),
        signed=signed,
    )


def _lines(
    rows: Sequence[Row], columns: Sequence[Column]
) -> tuple[tuple[str, tuple[Row | None, ...]], ...]:
    """A line for each system; further ones if it has several rows of a column."""
    lines: dict[tuple[str, int], dict[Column, Row]] = {}
    for row in rows:
        name, again = f"{row.system} − {row.against}" if row.against else row.system, 0
        while _column(row) in lines.get((name, again), {}):
            again += 1
        lines.setdefault((name, again), {})[_column(row)] = row
    return tuple(
        (name, tuple(cells.get(column) for column in columns)) for (name, _), cells in lines.items()
    )


def _names(columns: Sequence[Column], signed: bool) -> tuple[str, tuple[str, ...]]:
    """Caption (what the columns have in common) and headings (what they don't)."""
    same = [len({column[part] for column in columns}) == 1 for part in range(3)]
    words = [
        (measure, stratum_words(stratum), embedder and f"by {embedder}")
        for measure, stratum, embedder in columns
    ]
    common = [words[0][part] for part in range(3) if same[part] and columns[0][part]]
    headings = [", ".join(w[p] for p in range(3) if not same[p] and w[p]) for w in words]
    if all(same):
        alone = 1 if columns[0][1] else 0
        headings = [words[0][alone]]
        common.remove(headings[0])
    if signed:
        common.insert(0, "paired differences")
    caption = "; ".join(common)
    return caption[:1].upper() + caption[1:], tuple(headings)


def _numbers(rows: Sequence[Row], measure: str) -> list[float]:
    numbers = [
        (row.value, row.low, row.high, None if row.against else row.chance)
        for row in rows
        if row.measure == measure
    ]
    return [value for some in numbers for value in some if value is not None]


def _scale(numbers: Sequence[float], signed: bool) -> tuple[float, float]:
    numbers = [*numbers, 0.0] if signed or not numbers else list(numbers)
    return min(numbers), max(numbers)
