"""The benchmarks: name → the function that measures; its module's docstring holds the target."""

import sys
from collections.abc import Callable

from benchmarks import audio_speed, cold, hour, learning, throughput
from benchmarks.harness import Result
from benchmarks.inputs import Inputs

Measure = Callable[[Inputs], Result]

BENCHMARKS: tuple[tuple[str, Measure], ...] = (
    ("front_end", audio_speed.measure),
    ("cold", cold.measure),
    ("throughput", throughput.measure),
    ("hour", hour.measure),
    ("learning", learning.learning),
)


def purpose(measure: Measure) -> str:
    """The first line of its module's docstring."""
    return (sys.modules[measure.__module__].__doc__ or "").split("\n", 1)[0]
