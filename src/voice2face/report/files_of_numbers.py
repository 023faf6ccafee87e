"""The numbers of a result as CSV with all digits, and its tables for LaTeX."""

import csv
import io
from collections.abc import Iterable, Sequence

import msgspec

from voice2face.evaluation.results import Result, Row
from voice2face.markup import latex, line
from voice2face.report import words
from voice2face.report.order import heading, stem
from voice2face.report.tables import Table, letter, tables

FORMULAS = ("=", "+", "-", "@")
NAMES_SHARE = 0.22  # of the width, for the systems' names


def rows_csv(result: Result) -> str:
    """One line a row, its fields as columns; empty where there is no number."""
    fields = [field.name for field in msgspec.structs.fields(Row)]
    return _csv(fields, ([getattr(row, field) for field in fields] for row in result.rows))


def series_csv(result: Result) -> str:
    """One line a point of a curve."""
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
    """A name as text: what begins like a formula, spreadsheets would compute."""
    text = line(value)
    return f"'{text}" if text[:1] in FORMULAS else text


def tables_tex(result: Result) -> str:
    """All tables of a result, as wide as the text block; long ones go on on the next page."""
    head = f"% {line(heading(result))}\n% \\usepackage{{array,booktabs,longtable}}\n"
    return head + "\n".join(_table(result, table) for table in tables(result))


def _table(result: Result, table: Table) -> str:
    caption = ". ".join(filter(None, [heading(result), table.caption]))
    extra = " Bold: the interval does not hold zero." if table.signed else ""
    n = len(table.columns)
    width = rf"\dimexpr{(1 - NAMES_SHARE) / n:.4f}\linewidth-2\tabcolsep\relax"
    column = rf">{{\raggedleft\arraybackslash}}p{{{width}}}"
    names = rf">{{\raggedright\arraybackslash}}p{{{NAMES_SHARE}\linewidth}}"
    top = ["\\toprule", _line(["", *map(latex, table.headings)]), "\\midrule"]
    feet = [_line([name, *map(latex, values)]) for name, values in table.feet()]
    notes = [f"$^{{{letter(i)}}}$ {latex(note)}" for i, note in enumerate(table.notes)]
    if any(row is not None and table.inside(row) for _, cells in table.lines for row in cells):
        notes.append(f"Notes on single numbers: {latex(stem(result))}.csv.")
    return "\n".join(
        [
            "{\\footnotesize\\setlength{\\tabcolsep}{2pt}",
            f"\\begin{{longtable}}{{@{{}}{names}{column * n}@{{}}}}",
            rf"\caption{{{latex(caption)}.{extra}}} \\",
            *top, "\\endfirsthead", *top, "\\endhead", "\\bottomrule", "\\endfoot",
            *(
                _line([latex(name), *(_cell(table, i, row) for i, row in enumerate(cells))])
                for name, cells in table.lines
            ),
            *(["\\midrule", *feet] if feet else []),
            "\\end{longtable}",
            *(rf"\par\noindent {note}" for note in notes),
            "\\par}",
            "",
        ]
    )  # fmt: skip


def _cell(table: Table, column: int, row: Row | None) -> str:
    if row is None:
        return ""
    digits, mark = table.digits[column], table.mark(row)
    number = latex(words.number(row.value, digits, signed=table.signed))
    if table.signed and words.difference_word(row) in ("higher", "lower"):
        number = f"\\textbf{{{number}}}"
    ends = latex(words.interval(row.low, row.high, digits, signed=table.signed))
    return number + (f"$^{{{mark}}}$" if mark else "") + (rf" \newline {ends}" if ends else "")


def _line(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"
