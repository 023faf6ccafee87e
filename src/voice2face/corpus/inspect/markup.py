"""HTML in small parts; whatever comes from outside goes through :func:`text`."""

from collections.abc import Iterable, Sequence

from voice2face import markup

MOST_CHARACTERS = 300


def text(value: object) -> str:
    """Something as one line of escaped text; long ones are cut in their middle."""
    shown = markup.line(value)
    if len(shown) > MOST_CHARACTERS:
        half = MOST_CHARACTERS // 2
        shown = f"{shown[:half]} … {shown[-half:]}"
    return markup.text(shown)


def attribute(value: object) -> str:
    """Something as the escaped value of an attribute; long ones are cut."""
    return markup.attribute(markup.line(value)[:MOST_CHARACTERS])


def number(value: float) -> str:
    """A number for a person: thousands apart, few decimals."""
    if isinstance(value, int) or value == round(value):
        return f"{value:,.0f}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def table(
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    caption: str = "",
    long: Iterable[int] = (),
) -> str:
    """A table; the first column names its rows, numbers stand to the right.

    Args:
        header: Names of the columns.
        rows: Texts, which are escaped, and numbers.
        caption: Above it.
        long: Columns whose texts may be broken anywhere.
    """
    rows, long = list(rows), set(long)
    right = [bool(rows) and isinstance(rows[0][i], int | float) for i in range(len(header))]

    def cell(i: int, value: object, head: bool) -> str:
        kind = ' class="n"' if right[i] else ' class="long"' if i in long and not head else ""
        scope = ' scope="col"' if head else ' scope="row"'
        content = number(value) if isinstance(value, int | float) else text(value)
        named = head or i == 0
        return f"<th{scope}{kind}>{content}</th>" if named else f"<td{kind}>{content}</td>"

    head = "".join(cell(i, name, True) for i, name in enumerate(header))
    body = "".join(
        f"<tr>{''.join(cell(i, value, False) for i, value in enumerate(row))}</tr>" for row in rows
    )
    above = f"<caption>{text(caption)}</caption>" if caption else ""
    return (
        f'<div class="scroll"><table>{above}<thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def facts(pairs: Iterable[tuple[str, object]]) -> str:
    """Names and what they stand for."""
    inner = "".join(f"<dt>{text(name)}</dt><dd>{text(value)}</dd>" for name, value in pairs)
    return f"<dl>{inner}</dl>"


def tags(pairs: Iterable[tuple[str, object]]) -> str:
    """The same side by side, where there is little room."""
    inner = "".join(
        f"<div><dt>{text(name)}</dt> <dd>{text(value)}</dd></div>" for name, value in pairs
    )
    return f'<dl class="tags">{inner}</dl>' if inner else ""
