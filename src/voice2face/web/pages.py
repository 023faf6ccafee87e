"""Pages that are made here: the form of the password, and a model's card."""

import importlib.metadata
from functools import cache
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from voice2face.templates import safe, templates

TEMPLATES = Path(__file__).parent / "templates"
MOST_CARD_BYTES = 1 << 20


def rendered(template: str, **values: object) -> str:
    """A page from one of the templates; values are escaped."""
    page: str = _templates().get_template(template).render(values)
    return page


def card_page(name: str, card: Path, root_path: str) -> str:
    """The page of a model's card, its Markdown as HTML; HTML within it is shown as text.

    Args:
        name: What the model is called here.
        card: Its file; may be missing.
        root_path: Prefix of all addresses.
    """
    text = "This model has no card."
    if card.is_file():
        with card.open("rb") as file:
            text = file.read(MOST_CARD_BYTES).decode("utf-8", "replace")
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    # On a phone a table is wider than the page: it scrolls, by keys too.
    markdown.add_render_rule("table_open", lambda *_: '<table tabindex="0">\n')
    for cell in ("th_open", "td_open"):
        markdown.add_render_rule(cell, _cell)
    body = safe(markdown.render(_without_front_matter(text)))
    return rendered("card.html", root=root_path, name=name, body=body)


def _cell(renderer: RendererHTML, tokens: list[Token], at: int, options: Any, env: Any) -> str:
    """A cell of a table, aligned by a class: the page refuses styles within its HTML."""
    if style := tokens[at].attrs.pop("style", None):
        tokens[at].attrSet("class", str(style).removeprefix("text-align:"))
    return renderer.renderToken(tokens, at, options, env)


METHOD = {"title": "The method: Wen, Singh and Raj 2019", "url": "https://arxiv.org/abs/1905.10604"}


def links() -> list[dict[str, str]]:
    """Where code and documents are, as the package itself names it; and the method."""
    try:
        named = importlib.metadata.metadata("voice2face").get_all("Project-URL") or []
    except importlib.metadata.PackageNotFoundError:  # not installed, but on the path
        named = []
    found = [entry.partition(", ") for entry in named]
    return [*({"title": title, "url": url} for title, _, url in found), METHOD]


def _without_front_matter(text: str) -> str:
    """The card without the YAML before it, which is for the hub."""
    if not text.startswith("---\n"):
        return text
    _, found, rest = text[4:].partition("\n---\n")
    return rest if found else text


@cache
def _templates() -> Any:
    return templates(TEMPLATES, None, "the page", "web")
