"""What the site needs of MkDocs: formulas, the table of blocks that are not run, commands' help.

``mkdocs.yml`` names this file as a hook. Formulas become MathML when the site is built, so that
pages need no program for them.
"""

import html
import re
import sys
from pathlib import Path
from typing import Any

import griffe
from latex2mathml.converter import convert

NOT_RUN, COMMANDS = "<!-- blocks that are not run -->", "<!-- commands -->"


def on_config(config: Any) -> Any:
    """``math`` fences are formulas."""
    fence = {"name": "math", "class": "formula", "format": formula}
    config.mdx_configs.setdefault("pymdownx.superfences", {})["custom_fences"] = [fence]
    return config


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Fill in what is made from the project itself."""
    if NOT_RUN in markdown:
        markdown = markdown.replace(NOT_RUN, not_run())
    if COMMANDS in markdown:
        markdown = markdown.replace(COMMANDS, commands())
    return re.sub(r"^<!-- test:.*-->\n", "", markdown, flags=re.MULTILINE)


def formula(source: str, *_: Any, **__: Any) -> str:
    """A formula of LaTeX as MathML."""
    made = convert(source.strip(), display="block")
    return f'<div class="formula" tabindex="0" role="group" aria-label="formula">{made}</div>'


def not_run() -> str:
    """Each block that is not run, and why, as a table."""
    sys.path.insert(0, str(Path(__file__).parent))  # MkDocs takes it away after the start
    from blocks import PAGES, blocks_of

    rows = ["| page | begins | why it is not run |", "|---|---|---|"]
    for page in PAGES:
        for block in blocks_of(page):
            if block.how == "parse":
                first = block.text.strip().splitlines()[0].rstrip("\\ ")
                first = f"{first[:60]}…" if len(first) > 60 else first
                rows.append(f"| {Path(block.page).name} | `{first}` | {block.about} |")
    return "\n".join(rows)


def commands() -> str:
    """The help of every command, as it prints it."""
    from typer.main import get_command
    from typer.testing import CliRunner

    from voice2face.cli import app

    def told(names: list[str], command: Any) -> list[str]:
        if subcommands := getattr(command, "commands", None):
            return [part for n, c in subcommands.items() for part in told([*names, n], c)]
        done = CliRunner().invoke(
            app, [*names, "--help"], env={"COLUMNS": "80"}, prog_name="voice2face"
        )
        return [f"## {' '.join(names)}\n\n```text\n{done.output.strip()}\n```\n"]

    return "\n".join(told([], get_command(app)))


class Roles(griffe.Extension):
    """References such as ``:func:`extract``` in docstrings become links."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Write them as the site's own."""
        if obj.docstring is not None:
            parent = obj if obj.is_module or obj.is_class else obj.parent
            obj.docstring.value = linked(obj.docstring.value, parent)


def linked(text: str, inside: griffe.Object | None) -> str:
    """A docstring with links for references."""

    def link(found: re.Match[str]) -> str:
        name = found[1].lstrip("~")
        path = name
        if inside is not None:
            package = inside.module.path
            if name.startswith("."):
                path = f"{package.rpartition('.')[0]}{name}"
            elif "voice2face." not in name:
                try:
                    path = inside.resolve(name)
                except griffe.NameResolutionError:
                    path = f"{package}.{name}"
        shown = html.escape(name.lstrip("."))
        return f'<autoref identifier="{path}" optional><code>{shown}</code></autoref>'

    text = re.sub(r":(?:func|class|mod|meth|data|attr):`([^`]+)`", link, text)
    return text.replace("``", "`")
