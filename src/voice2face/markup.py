"""Text from outside and files, made fit for an HTML page that stands alone."""

import base64
import html

from voice2face.errors import one_line


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
