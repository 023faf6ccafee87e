"""The command line: one file a command.

The function that does a command's work is the command: its signature are the options, its
docstring is the help. Heavy modules are imported when a command runs.
"""

# ruff: isort: off
from voice2face.cli import (  # noqa: F401  (each adds its command, in the order of the help)
    reconstruct,
    features,
    info,
    models,
    serve,
    prepare,
    plan,
    inspect,
    cohort,
    train_voice,
    train_head,
    train_face,
    train_matching,
    runs,
    evaluate,
    reproduce,
    push,
    import_released,
)
from voice2face.cli.program import UsageError, app, run, usage_message

__all__ = ["UsageError", "app", "run", "usage_message"]
