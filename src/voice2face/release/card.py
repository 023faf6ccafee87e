"""The model card: what a model is, what it was made from, what it must not be used for."""

import re

from voice2face.errors import ModelError
from voice2face.release.model_folder import ModelConfig
from voice2face.release.people import ENTRIES

# Read by the Hugging Face hub, which shows them beside the card.
METADATA = """\
---
library_name: voice2face
tags:
- voice
- face
- onnx
---
"""
MADE_FROM, WHAT_IT_IS = "## Made from", "## What it is, and what it is not"
SECTIONS = (MADE_FROM, WHAT_IT_IS)
PLACEHOLDER = re.compile(r"\b(?:TODO|FIXME|TBD)\b|\[more information needed\]", re.IGNORECASE)
LEAST_CHARACTERS = 40  # of a section

LIMITS = f"""\
{WHAT_IT_IS}

A face that this model makes is a guess that shares what a voice tells about its speaker (above
all gender and roughly age). It is not a likeness, and many different people would fit the same
voice. Do not use it to identify, to find or to judge anybody. It repeats the biases of the data
that it was trained on: who is missing there is drawn badly here. Ask people before you make a face
from their voice, and say that the picture was made by a machine when you show it.
"""


def model_card(config: ModelConfig, remarks: str = "") -> str:
    """Markdown of the card.

    Args:
        config: The model's configuration.
        remarks: More of it, written by hand.
    """
    told = config.provenance.items()
    rows = "\n".join(f"| {k} | {_cell(value)} |" for k, value in told if k not in ENTRIES)
    return (
        f"""\
{METADATA}
# {config.name}

{_what(config)}

{MADE_FROM}

| | |
|---|---|
{rows}

The licence of the weights follows from that of the data; the program is Apache-2.0.

{LIMITS}
## Networks

| | |
|---|---|
{_networks(config)}
{remarks}""".rstrip()
        + "\n"
    )


def check_card(text: str, source: object) -> None:
    """See that a card tells those who don't know the model what they must know.

    Args:
        text: Markdown; may be written by hand.
        source: Where it is from, for the message.

    Raises:
        ModelError: A section is missing or empty, or something was left to be filled in.
    """
    sections = dict(
        re.findall(r"^(## .+?)[ \t]*\n(.*?)(?=^##? |\Z)", text, re.DOTALL | re.MULTILINE)
    )
    for title in SECTIONS:
        length = len(re.sub(r"[\s|-]+", " ", sections.get(title, "")).strip())
        if length < LEAST_CHARACTERS:
            found = "no" if title not in sections else "hardly anything in the"
            raise ModelError(
                source, f"{found} section '{title.lstrip('# ')}'", "a card that says it",
                "write it; the card of any model made by voice2face shows how",
            )  # fmt: skip
    if left := PLACEHOLDER.search(text):
        raise ModelError(source, f"'{left[0]}' in it", "a card that is done", "fill it in")


def _what(config: ModelConfig) -> str:
    if config.part("matcher") is not None:
        return "How well a voice and a real face go together; it makes no face."
    if config.generator is None:
        return "A voice encoder: from a recording of a voice to an embedding of its speaker."
    px = config.generator.face_px
    size = f" of {px}×{px} pixels" if px else ""
    return f"From a recording of a voice to a face{size}."


def _networks(config: ModelConfig) -> str:
    rows = [row for part in config.parts for row in part.about().items()]
    return "".join(f"| {name} | {_cell(value)} |\n" for name, value in rows)


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")
