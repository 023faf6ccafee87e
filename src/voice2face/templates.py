"""Templates of pages that are written to a file, by Jinja2 (an extra)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from voice2face.errors import MissingExtraError


def templates(folder: Path, printed: Callable[[Any], Any], what: str, extra: str) -> Any:
    """Templates of a page: missing names are errors, and all that is printed is escaped.

    Args:
        folder: Where they lie.
        printed: What becomes of each value before it is escaped.
        what: The page, for the message.
        extra: Extra of the package that brings Jinja2.

    Returns:
        A ``jinja2.Environment``.

    Raises:
        MissingExtraError: Jinja2 is not installed.
    """
    try:
        import jinja2
    except ImportError as error:
        raise MissingExtraError(what, extra) from error
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder), autoescape=True, finalize=printed,
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
