"""The commands; parsing only, one call each. Heavy modules are imported when a command runs."""

from voice2face.cli import data, making, models, training  # noqa: F401  (each adds its commands)
from voice2face.cli.program import UsageError, app, run, usage_message

__all__ = ["UsageError", "app", "run", "usage_message"]
