"""The benchmarks: name → the function that measures; its module's docstring holds the target."""

import sys
from collections.abc import Callable

from benchmarks import (
    brought,
    cold,
    evaluation_speed,
    front_end,
    hearing,
    hostile,
    hour,
    learning,
    masks,
    normalised,
    prepare_core,
    prepare_faults,
    prepare_memory,
    prepare_real,
    prepare_scaling,
    published_faces,
    serve_load,
    speaker_faults,
    speaker_stage,
    structure,
    throughput,
    training_data,
    training_faults,
    training_gpu,
    training_scaling,
    training_step,
    voice_augmentation,
)
from benchmarks.harness import Result
from benchmarks.inputs import Inputs

Measure = Callable[[Inputs], Result]

BENCHMARKS: tuple[tuple[str, Measure], ...] = (
    ("front_end", front_end.measure),
    ("cold", cold.measure),
    ("throughput", throughput.measure),
    ("hour", hour.measure),
    ("hearing", hearing.measure),
    ("learning", learning.learning),
    ("prepare_core", prepare_core.measure),
    ("prepare_scaling", prepare_scaling.measure),
    ("prepare_memory", prepare_memory.measure),
    ("prepare_faults", prepare_faults.measure),
    ("prepare_real", prepare_real.measure),
    ("training_step", training_step.measure),
    ("training_data", training_data.measure),
    ("training_scaling", training_scaling.measure),
    ("training_faults", training_faults.measure),
    ("training_gpu", training_gpu.measure),
    ("speaker_faults", speaker_faults.measure),
    ("speaker_stage", speaker_stage.measure),
    ("voice_augmentation", voice_augmentation.measure),
    ("published_faces", published_faces.measure),
    ("evaluation_speed", evaluation_speed.measure),
    ("serve_load", serve_load.measure),
    ("hostile", hostile.measure),
    ("structure", structure.measure),
    ("brought", brought.measure),
    ("masks", masks.measure),
    ("normalised", normalised.measure),
)


def purpose(measure: Measure) -> str:
    """The first line of its module's docstring."""
    return (sys.modules[measure.__module__].__doc__ or "").split("\n", 1)[0]
