"""Tables with drawn intervals, grids of faces and curves, as HTML."""

from collections.abc import Sequence

from voice2face.evaluation.results import Row, Series
from voice2face.markup import attribute, data_uri, text
from voice2face.report import figures, words
from voice2face.report.grids import Faces
from voice2face.report.style import DASHES, LIGHT, MARKERS
from voice2face.report.tables import Table, letter

STRIP_PX, STRIP_HIGH_PX = 116, 11
MANY, CROWD = 7, 11  # columns of faces from which they are smaller
SHAPES = {  # of matplotlib's markers, in the middle of 30 × 10
    "o": "12.5,4 14,2.5 16,2.5 17.5,4 17.5,6 16,7.5 14,7.5 12.5,6",
    "s": "12.5,2.5 17.5,2.5 17.5,7.5 12.5,7.5",
    "^": "15,2 18,8 12,8",
    "v": "15,8 18,2 12,2",
    "<": "12,5 18,2 18,8",
    ">": "18,5 12,2 12,8",
    "D": "15,1.5 18.5,5 15,8.5 11.5,5",
}


def table_html(table: Table) -> str:
    """Each number with its interval in figures and drawn, chance or zero as a line in it."""
    head = "".join(f'<th scope="col">{text(heading)}</th>' for heading in table.headings)
    body = "".join(
        f'<tr><th scope="row">{text(name)}</th>'
        + "".join(f"<td>{_cell(table, i, row)}</td>" for i, row in enumerate(cells))
        + "</tr>"
        for name, cells in table.lines
    )
    feet = "".join(
        f'<tr><th scope="row">{name}</th>{"".join(f"<td>{value}</td>" for value in values)}</tr>'
        for name, values in table.feet()
    )
    caption = f"<caption>{text(table.caption)}</caption>" if table.caption else ""
    notes = "".join(
        f"<br><sup>{letter(i)}</sup> {text(note)}" for i, note in enumerate(table.notes)
    )
    key = words.SIGNS_KEY if table.signed else ""
    below = f'<p class="small faint">{key}{notes if key else notes.removeprefix("<br>")}</p>'
    return (
        f'<div class="scroll"><table>{caption}<thead><tr><th></th>{head}</tr></thead>'
        f"<tbody>{body}</tbody><tfoot>{feet}</tfoot></table></div>"
        f"{below if key or notes else ''}"
    )


def _cell(table: Table, column: int, row: Row | None) -> str:
    if row is None:
        return ""
    digits, signed, mark = table.digits[column], table.signed, table.mark(row)
    word = words.difference_word(row) if signed else ""
    sign = f' <span title="{word}">{words.SIGNS[word]}</span>' if word else ""
    note = f"<sup>{mark}</sup>" if mark else ""
    ends = words.interval(row.low, row.high, digits, signed=signed)
    return (
        f'<span class="num">{words.number(row.value, digits, signed=signed)}</span>{sign}{note} '
        f'<span class="ci">{ends}</span>{_strip(row, table.scales[column], signed)}'
        f"{_inside(table.inside(row))}"
    )


def _inside(note: str) -> str:
    return f'<div class="note">{text(note)}</div>' if note else ""


def _strip(row: Row, scale: tuple[float, float], signed: bool) -> str:
    """The interval as a bar, the value as a dot, hollow if chance (or zero) is in the interval."""
    if row.value is None or scale[0] == scale[1]:
        return ""

    def at(value: float) -> float:
        share = (value - scale[0]) / (scale[1] - scale[0])
        return round(6 + share * (STRIP_PX - 12), 1)

    middle, parts = STRIP_HIGH_PX / 2, []
    parts.append(f'<rect class="track" x="0" y="{middle - 2}" width="{STRIP_PX}" height="4"/>')
    null = 0.0 if signed else row.chance
    kind = "at"
    if row.low is not None and row.high is not None:
        width = max(at(row.high) - at(row.low), 1)
        parts.append(f'<rect class="ends" x="{at(row.low)}" y="{middle - 2}" '
                     f'width="{width:.1f}" height="4"/>')  # fmt: skip
        kind = "open" if null is not None and row.low <= null <= row.high else "at"
    if null is not None:
        parts.append(f'<rect class="zero" x="{at(null) - 0.5}" y="0" width="1" '
                     f'height="{STRIP_HIGH_PX}"/>')  # fmt: skip
    parts.append(f'<circle class="{kind}" cx="{at(row.value)}" cy="{middle}" r="3.5"/>')
    return (
        f'<svg class="strip" width="{STRIP_PX}" height="{STRIP_HIGH_PX}" '
        f'viewBox="0 0 {STRIP_PX} {STRIP_HIGH_PX}" aria-hidden="true">{"".join(parts)}</svg>'
    )


def grid_html(faces: Faces) -> str:
    """Faces with the names of their rows and columns."""
    grid, n = faces.grid, len(faces.grid.columns)
    kind = "grid crowd" if n >= CROWD else "grid many" if n >= MANY else "grid"
    over = ""
    if grid.column_title:
        title = text(grid.column_title)
        over = f'<tr><td></td><th class="over" scope="colgroup" colspan="{n}">{title}</th></tr>'
    names = "".join(f'<th scope="col">{text(name)}</th>' for name in grid.columns)
    corner = f'<th class="over">{text(grid.row_title)}</th>' if grid.row_title else "<td></td>"
    body = "".join(
        f'<tr><th scope="row">{text(name)}</th>{"".join(_face(faces, i, j) for j in range(n))}</tr>'
        for i, name in enumerate(grid.rows)
    )
    note = f"<figcaption>{text(grid.note)}</figcaption>" if grid.note else ""
    return (
        f"<figure><h4>{text(grid.title)}</h4>"
        f'<div class="scroll"><table class="{kind}"><thead>{over}<tr>{corner}{names}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>{note}</figure>"
    )


def _face(faces: Faces, row: int, column: int) -> str:
    png, grid = faces.png(row, column), faces.grid
    if png is None:
        return "<td></td>"
    alt = attribute(f"face: {grid.rows[row]}, {grid.columns[column]}")
    uri = data_uri(png, "image/png")
    return f'<td><img src="{uri}" width="{grid.px}" height="{grid.px}" alt="{alt}"></td>'


def curves_html(found: dict[str, list[Series]], numbers: dict[str, int]) -> str:
    """Each panel on its own, so that it stays legible where there is no room for two."""
    names = dict.fromkeys(one.name for series in found.values() for one in series)
    parts = []
    if len(names) > 1:
        lines = not any(figures.named(series) for series in found.values())
        items = "".join(f"<li>{_sample(numbers[name], lines)}{text(name)}</li>" for name in names)
        parts.append(f'<ul class="legend">{items}</ul>')
    ends = figures.scale(found)
    for title, series in found.items():
        light, dark = (
            data_uri(figures.panel_svg(series, numbers, theme, ends), "image/svg+xml")
            for theme in ("light", "dark")
        )
        label = series[0].y_label or title
        alt = attribute(f"{label} of {', '.join(one.name for one in series)}; numbers below")
        above = f"<h4>{text(title)}</h4>" if title else ""
        parts.append(
            f'<figure class="panel">{above}<picture>'
            f'<source media="screen and (prefers-color-scheme: dark)" srcset="{dark}">'
            f'<img src="{light}" alt="{alt}"></picture></figure>'
        )
    return f'<div class="panels">{"".join(parts)}</div>'


def _sample(number: int, lines: bool) -> str:
    """A piece of the line, or of a whisker, with its marker."""
    dash = DASHES[number % len(DASHES)] if lines else ""
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    kind, marker = f"k{number % len(LIGHT)}", SHAPES[MARKERS[number % len(MARKERS)]]
    return (
        f'<svg width="30" height="10" aria-hidden="true"><line class="{kind}" x1="0" y1="5" '
        f'x2="30" y2="5" stroke-width="1.5"{dashes}/><polygon class="{kind}" points="{marker}"/>'
        "</svg>"
    )


def series_html(found: dict[str, list[Series]]) -> str:
    """The numbers behind the curves, folded away."""
    parts = []
    for title, series in found.items():
        at = list(dict.fromkeys(x for one in series for x in one.x))
        head = "".join(f'<th scope="col">{text(one.name)}</th>' for one in series)
        body = "".join(
            f'<tr><th scope="row">{text(x if isinstance(x, str) else f"{x:g}")}</th>'
            f"{''.join(f'<td>{_point(one, x)}</td>' for one in series)}</tr>"
            for x in at
        )
        label = ", ".join(filter(None, [title, series[0].y_label]))
        caption = f"<caption>{text(label)}</caption>" if label else ""
        corner = text(series[0].x_label)
        parts.append(
            f'<div class="scroll"><table>{caption}<thead><tr><th>{corner}</th>{head}</tr></thead>'
            f"<tbody>{body}</tbody></table></div>"
        )
    return f"<details><summary>The numbers behind the curves</summary>{''.join(parts)}</details>"


def _point(series: Series, x: float | str) -> str:
    if x not in series.x:
        return ""
    i, digits = series.x.index(x), words.digits_of([*series.y, *series.low, *series.high])
    ends = words.interval(series.low[i], series.high[i], digits) if series.low else ""
    return f'{words.number(series.y[i], digits)} <span class="ci">{ends}</span>'


def facts_table(head: Sequence[str], rows: Sequence[Sequence[str]], *, long: int) -> str:
    """Texts in columns; the one with that number holds checksums."""
    cells = "".join(f'<th scope="col">{text(name)}</th>' for name in head)
    body = "".join(
        "<tr>"
        + "".join(
            f'<th scope="row">{text(value)}</th>' if i == 0
            else f"<td{' class=hash' if i == long else ''}>{text(value)}</td>"
            for i, value in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )  # fmt: skip
    return (
        f'<div class="scroll"><table><thead><tr>{cells}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
