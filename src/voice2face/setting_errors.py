"""Messages about a wrong setting: its name, what it is and what it may be."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import inspect

from voice2face.errors import SettingsError

MOST_CHARACTERS = 80  # of a value that is shown
MOST_BITS = 1024
MOST_OF_ERROR = 2000  # of what msgspec says, which quotes names from the file


def refused(error: Exception, data: Any, kind: type[Any], source: str) -> SettingsError:
    """The error to raise for data that a settings class does not take.

    Args:
        error: What msgspec says, which ends in the place: ``… - at `$.filters.min_score```.
        data: What it was given.
        kind: The class.
        source: Where the data is from; empty: the entry's name says enough.
    """
    found, _, place = str(error)[:MOST_OF_ERROR].partition(" - at `$")
    found = found[:MOST_CHARACTERS] + "…" if len(found) > 2 * MOST_CHARACTERS else found
    names = re.sub(r"\[[^]]*\]", "", place.rstrip("`")).strip(".").split(".")
    names = [name for name in names if name]
    thing = ": ".join(part for part in (source, ".".join(names)) if part) or "settings"
    wanted = _wanted(kind, names)
    if not wanted:
        return SettingsError(thing, found, f"a valid {kind.__name__}", "correct the entry")
    return SettingsError(thing, shown(_value(data, names)), wanted, "correct it")


def shown(value: Any) -> str:
    """A value as YAML would have it, but short."""
    text = ""
    for piece in _pieces(value):  # no more of it than is shown: what a file holds may be long
        text += piece
        if len(text) > MOST_CHARACTERS:
            return text[:MOST_CHARACTERS] + "…"
    return text


def _pieces(value: Any) -> Iterator[str]:
    """A value written out, bit by bit."""
    if isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield "[" if number == 0 else ", "
            yield from _pieces(item)
        yield "]" if value else "[]"
    elif isinstance(value, dict):
        yield f"{len(value)} entries"
    elif isinstance(value, str):
        yield f"'{value[:MOST_CHARACTERS]}'"
    elif isinstance(value, bool):
        yield str(value).lower()
    elif isinstance(value, int) and value.bit_length() > MOST_BITS:
        yield "a huge number"
    else:
        yield "null" if value is None else str(value)


def _value(data: Any, names: Sequence[str]) -> Any:
    for name in names:
        data = data.get(name) if isinstance(data, dict) else None
    return data


def _wanted(kind: type[Any], names: Sequence[str]) -> str:
    """Values that an entry may have; empty for a group of entries, or where that can't be told."""
    about: inspect.Type = inspect.type_info(kind)
    for name in names:
        fields = about.fields if isinstance(about, inspect.StructType) else ()
        about = next((f.type for f in fields if f.encode_name == name), inspect.AnyType())
    return _words(about)


def _words(about: inspect.Type) -> str:
    match about:
        case inspect.Metadata(type=inner):
            return _words(inner)
        case inspect.BoolType():
            return "true or false"
        case inspect.StrType():
            return "text"
        case inspect.LiteralType():
            return f"one of {_choices(about)}"
        case inspect.IntType():
            return "a whole number" + _range(about)
        case inspect.FloatType():
            return "a number" + _range(about)
        case inspect.TupleType(item_types=items):
            return f"a list of {len(items)}, each {_words(items[0])}" if items else ""
        case inspect.VarTupleType():
            return _list(about)
    return ""


def _list(about: inspect.VarTupleType) -> str:
    item = about.item_type
    if isinstance(item, inspect.LiteralType):
        example = sorted(map(str, item.values))[-1]
        return f"a list of {_choices(item)}, written as [{example}],"
    most = "" if about.max_length is None else f" of at most {about.max_length}"
    return f"a list{most}, each {_words(item)}" if _words(item) else ""


def _choices(about: inspect.LiteralType) -> str:
    return ", ".join(str(value) for value in sorted(about.values, key=lambda v: (str(type(v)), v)))


def _range(about: inspect.IntType | inspect.FloatType) -> str:
    low = "" if about.ge is None else f" from {_plain(about.ge)}"
    low = low if about.gt is None else f" above {_plain(about.gt)}"
    if about.le is not None:
        return f"{low} to {_plain(about.le)}"
    if about.lt is not None:
        return f"{low} to less than {_plain(about.lt)}"
    return low.replace(" from", " of at least")


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else str(number)
