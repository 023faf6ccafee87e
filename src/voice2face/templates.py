"""Pages from templates, by Jinja2 (an extra)."""

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from voice2face.errors import MissingExtraError
from voice2face.markup import data_uri


def templates(folder: Path, printed: Callable[[Any], Any] | None, what: str, extra: str) -> Any:
    """Templates of a page: missing names are errors, and all that is printed is escaped.

    Args:
        folder: Where they lie.
        printed: What becomes of each value before it is escaped; None: it stays.
        what: The page, for the message.
        extra: Extra of the package that brings Jinja2.

    Returns:
        A ``jinja2.Environment``; in its templates ``uri(data, mime)`` is a whole file's address.

    Raises:
        MissingExtraError: Jinja2 is not installed.
    """
    try:
        import jinja2
    except ImportError as error:
        raise MissingExtraError(what, extra) from error
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder), autoescape=True, finalize=printed,
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    found.globals["uri"] = lambda data, mime: safe(data_uri(data, mime))
    return found


def safe(markup: str) -> Any:
    """Markup that is printed as it is."""
    from markupsafe import Markup

    return Markup(markup)


def inline_style(path: Path) -> tuple[Any, str]:
    """A style sheet that stands within a page, and the page's policy.

    The policy allows that style sheet, and pictures and sound that stand within the page, alone.
    """
    css = path.read_text("utf-8")
    code = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    policy = (
        "default-src 'none'; img-src data:; media-src data:; "
        f"style-src 'sha256-{code}'; base-uri 'none'; form-action 'none'"
    )
    return safe(css), policy
