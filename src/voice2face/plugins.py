"""Classes of others, named as ``package:Class``; a model's folder cannot have one imported.

What a user types on the command line is the user's own wish and is imported. A model folder may
come from anybody: a class that it names is imported only from modules that the user has allowed,
in the variable ``VOICE2FACE_PLUGINS`` (names with commas between them) or by an argument.
"""

import importlib
import os
import re
from collections.abc import Collection, Mapping
from typing import Any

from voice2face.errors import ModelError, SettingsError, one_line

VARIABLE = "VOICE2FACE_PLUGINS"
NAME = r"[A-Za-z_][A-Za-z0-9_.]{0,199}:[A-Za-z_][A-Za-z0-9_]{0,99}"


def is_plugin(name: str) -> bool:
    """Whether a name has the form ``package:Class``."""
    return re.fullmatch(NAME, name) is not None


def allowed_plugins(more: Collection[str] = ()) -> frozenset[str]:
    """Modules that a model folder may name: those of the variable, and others."""
    named = os.environ.get(VARIABLE, "").split(",")
    return frozenset(name.strip() for name in (*named, *more) if name.strip())


def import_class(name: str) -> type[Any]:
    """The class of a name that the user has given.

    Raises:
        SettingsError: No such name, or its module fails.
    """
    module_name, _, class_name = name.partition(":")
    wanted, remedy = "package:Class that Python can import", "correct it, or set PYTHONPATH"
    if not is_plugin(name):
        raise SettingsError(name[:100], "not the name of a class", wanted, remedy)
    try:
        found = getattr(importlib.import_module(module_name), class_name, None)
    except Exception as error:  # whatever a module does when it is imported
        reason = one_line(f"{type(error).__name__}: {error}"[:160])
        raise SettingsError(name, f"not imported ({reason})", wanted, remedy) from error
    if not isinstance(found, type):
        raise SettingsError(name, f"no class {class_name} in {module_name}", wanted, remedy)
    return found


def import_allowed(name: str, allowed: Collection[str], source: object) -> type[Any]:
    """The class that a model folder names.

    Args:
        name: ``package:Class``.
        allowed: Modules that the user trusts.
        source: The folder, for the message.

    Raises:
        ModelError: Its module is not among them.
        SettingsError: No such class, or its module fails.
    """
    module = name.partition(":")[0]
    if module not in allowed:
        raise ModelError(
            source, f"a part made by {name}, code that is not in the folder",
            "a module that you trust", f"if you do, set {VARIABLE}={module}",
        )  # fmt: skip
    return import_class(name)


def made(found: type[Any], use: str, arguments: Mapping[str, Any], wanted: tuple[str, str]) -> Any:
    """An object of a class that is named.

    Args:
        found: The class.
        use: Its name, for messages.
        arguments: What it is made with, by name, in their order.
        wanted: What it must have: a whole number and a method, by name.

    Raises:
        ModelError: It can't be made, or lacks one of them.
    """
    try:
        thing = found(*arguments.values())
    except Exception as error:  # whatever a stranger's class raises
        reason = one_line(f"{type(error).__name__}: {error}"[:160])
        form = f"Class({', '.join(arguments)})"
        raise ModelError(use, f"not made ({reason})", form, "correct it") from error
    number, method = wanted
    size = getattr(thing, number, None)
    if not isinstance(size, int) or size < 1 or not callable(getattr(thing, method, None)):
        both = f"{number}, a whole number, and {method}(...)"
        remedy = "see docs/add-a-voice-encoder.md and docs/add-a-generator.md"
        raise ModelError(use, "without them", both, remedy)
    return thing
