"""Settings on the command line: ``--set NAME=VALUE``."""

from collections.abc import Sequence
from typing import Any

from voice2face.errors import SettingsError


def parse_assignments(assignments: Sequence[str]) -> dict[str, Any]:
    """Settings given as ``NAME=VALUE``, the value as YAML writes it.

    Raises:
        SettingsError: No ``=``, or a value that YAML does not read.
    """
    from voice2face.settings import parse_yaml

    settings = {}
    for text in assignments:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise SettingsError(text, "no value", "NAME=VALUE", "correct it")
        settings[name] = parse_yaml(value, f"--set {name}")
    return settings
