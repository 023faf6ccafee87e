"""YAML as configuration needs it: the core types of YAML 1.2, and nothing that refers or expands.

No anchors, aliases, merges, tags, nor several documents in a file: a small text stays small. Of
plain words only ``true`` and ``false`` are truth values, only ``null`` and ``~`` nothing; there are
no dates and no numbers to the base 60; ``1e-4`` is a number.

Source:
    https://yaml.org/spec/1.2.2, "Core schema"
"""

import re
from collections.abc import Hashable, Iterator
from typing import Any

import yaml

MOST_CHARACTERS = 1 << 18  # of a text; a model's configuration has 3,000
MOST_DEPTH = 32
MOST_DIGITS = 400  # of a number; the largest of 64 bits has 309 before its point

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUTH = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


class YamlError(ValueError):
    """A text that is no such YAML; the message says why, in a few words."""


def parse(text: str) -> Any:
    """Lists, dicts and values of a text; None of an empty one.

    Raises:
        YamlError: It is not YAML, too long or too deeply nested, or has what there is no need for.
    """
    if len(text) > MOST_CHARACTERS:
        raise YamlError(f"more than {MOST_CHARACTERS} characters")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _document(iter(yaml.parse(text, loader)))
    except yaml.YAMLError as error:
        raise YamlError(str(error).splitlines()[0][:160]) from error


def dump(data: Any) -> str:
    """Text that :func:`parse` reads back to the same data, and so do programs for YAML 1.1."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def _document(events: Iterator[Any]) -> Any:
    """The one document of a stream."""
    found, n_documents = None, 0
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            n_documents += 1
            if n_documents > 1:
                raise YamlError("more than one document")
        elif isinstance(event, yaml.NodeEvent):
            found = _node(event, events, 0)
    return found


def _node(event: Any, events: Iterator[Any], depth: int) -> Any:
    if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
        raise YamlError("an anchor or an alias")
    if event.tag is not None and event.tag != "!":
        raise YamlError(f"the tag {event.tag[:40]}")
    if isinstance(event, yaml.ScalarEvent):
        return _value(event.value) if event.implicit[0] else event.value
    if depth >= MOST_DEPTH:
        raise YamlError(f"nested more than {MOST_DEPTH} deep")
    if isinstance(event, yaml.SequenceStartEvent):
        items = []
        while not isinstance(inner := next(events), yaml.SequenceEndEvent):
            items.append(_node(inner, events, depth + 1))
        return items
    return _mapping(events, depth)


def _mapping(events: Iterator[Any], depth: int) -> dict[Hashable, Any]:
    entries: dict[Hashable, Any] = {}
    while not isinstance(inner := next(events), yaml.MappingEndEvent):
        key = _node(inner, events, depth + 1)
        if isinstance(key, list | dict):
            raise YamlError("a list as the name of an entry")
        if key in entries:
            raise YamlError(f"two entries '{str(key)[:40]}'")
        entries[key] = _node(next(events), events, depth + 1)
    return entries


def _value(text: str) -> Any:
    """Value of a plain word."""
    if text in _NULL:
        return None
    if text in _TRUTH:
        return _TRUTH[text]
    if _SPECIAL.fullmatch(text):
        return float(text.replace(".", ""))
    is_integer = _INTEGER.fullmatch(text)
    if not is_integer and not _FLOAT.fullmatch(text):
        return text
    if len(text) > MOST_DIGITS:
        raise YamlError(f"a number of {len(text)} digits")
    if not is_integer:
        return float(text)
    base = {"0o": 8, "0x": 16}.get(text[:2], 10)
    return int(text, base)


class _Dumper(yaml.SafeDumper):
    """Quotes what one of the two versions of YAML would take for something else than text."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write what is there twice twice."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # A line end of YAML 1.1 alone (U+0085) is kept within double quotes only.
    style = None if text.isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _text)
for _pattern in (_INTEGER, _FLOAT):
    _Dumper.add_implicit_resolver(
        "tag:voice2face,2026:number", re.compile(f"^(?:{_pattern.pattern})$"), list("-+.0123456789")
    )
