"""Text from outside, made harmless for Markdown and LaTeX; nothing of it is cut."""

import re

from voice2face.markup import line

LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "_": r"\_", "%": r"\%", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "[": "{[}", "]": "{]}",  # after the end of a line they would be taken for its option
    "<": r"\textless{}", ">": r"\textgreater{}", "−": "$-$", "×": r"$\times$", "±": r"$\pm$",
    "≈": r"$\approx$", "≤": r"$\leq$", "≥": r"$\geq$", "–": "--", "—": "---", "…": r"\dots{}",
}  # fmt: skip


def markdown(value: object) -> str:
    """For a paragraph or a cell of Markdown."""
    escaped = re.sub(r"([\\`*_\[\]|#~$])", r"\\\1", line(value))
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def latex(value: object) -> str:
    """For a paragraph or a cell of LaTeX."""
    return "".join(LATEX.get(letter, letter) for letter in line(value))
