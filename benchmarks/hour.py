"""A recording of one hour, speech from end to end; target: at most 600 MB.

Its features alone, which also go to a file, are measured beside its face.
"""

from benchmarks.harness import PROGRAM, Result, process_figures, run_often
from benchmarks.inputs import Inputs

RUNS = 3


def measure(inputs: Inputs) -> Result:
    face = ["reconstruct", inputs.hour, "-o", inputs.folder / "hour.png"]
    faces = run_often([*PROGRAM, *face, "--model", inputs.full_width], RUNS)
    features = ["features", inputs.hour, "-o", inputs.folder / "hour.npz", "--preset", "clean"]
    arrays = run_often([*PROGRAM, *features], RUNS)
    figures = (
        *process_figures("reconstruct", faces, peak_mb=600),
        *process_figures("features", arrays),
    )
    return Result("voice2face reconstruct hour.wav -o hour.png --model full-width", figures, {})
