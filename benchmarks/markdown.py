"""Pages about results, in Markdown: their text is a template, their numbers come from Python."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

TEMPLATES = Path(__file__).with_name("templates")
# A line that goes on in the next one; tables, lists and headings do not.
GOES_ON = re.compile(r"(?<=[^\n|])\n *(?!- )(?=[^\n|# ])")

Row = Mapping[str, Any]


def page(name: str, **values: Any) -> str:
    """A page from its template; each paragraph becomes one line.

    Args:
        name: File of the template.
        values: What it prints.
    """
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    found.globals |= {"table": table, "share": share}
    return GOES_ON.sub(" ", found.get_template(name).render(values)).strip() + "\n"


def table(head: Sequence[str], lines: Iterable[Sequence[str]], rule: str = "--:") -> str:
    """A table.

    Args:
        head: Headings.
        lines: Cells of each further line.
        rule: How the first column is aligned; all others are to the right.
    """
    rules = [rule, *["--:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rules, *lines))


def share(row: Row | None) -> str:
    """A share in per cent, with its interval."""
    if row is None or row["value"] is None:
        return "—"
    ends = "" if row["low"] is None else f" [{100 * row['low']:.0f}, {100 * row['high']:.0f}]"
    return f"{100 * row['value']:.1f}{ends}"
