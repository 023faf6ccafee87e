"""The commands; parsing only, one call each. Heavy modules are imported when a command runs."""

from voice2face.cli import (  # noqa: F401  (each adds its commands)
    data,
    evaluation,
    making,
    models,
    reproduce,
    serving,
    training,
)
from voice2face.cli.program import UsageError, app, run, usage_message

__all__ = ["UsageError", "app", "run", "usage_message"]
