"""Text from outside, made harmless for HTML, Markdown and LaTeX; nothing of it is cut."""

import base64
import html
import re

from voice2face.errors import one_line

LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "_": r"\_", "%": r"\%", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "[": "{[}", "]": "{]}",  # after the end of a line they would be taken for its option
    "<": r"\textless{}", ">": r"\textgreater{}", "−": "$-$", "×": r"$\times$", "±": r"$\pm$",
    "≈": r"$\approx$", "≤": r"$\leq$", "≥": r"$\geq$", "–": "--", "—": "---", "…": r"\dots{}",
}  # fmt: skip


def line(value: object) -> str:
    """One line of valid Unicode."""
    return one_line(str(value)).encode("utf-8", "replace").decode()


def text(value: object) -> str:
    """One line, escaped; marks that turn the direction of writing do not reach what follows."""
    escaped = html.escape(line(value))
    return escaped if escaped.isascii() else f"<bdi>{escaped}</bdi>"


def attribute(value: object) -> str:
    """For the value of an attribute."""
    return html.escape(line(value))


def data_uri(data: bytes, mime: str) -> str:
    """A whole file as an address."""
    return f"data:{mime};base64,{base64.b64encode(data).decode()}"


def markdown(value: object) -> str:
    """For a paragraph or a cell of Markdown."""
    escaped = re.sub(r"([\\`*_\[\]|#~$])", r"\\\1", line(value))
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def latex(value: object) -> str:
    """For a paragraph or a cell of LaTeX."""
    return "".join(LATEX.get(letter, letter) for letter in line(value))
