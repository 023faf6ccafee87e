"""One 5-s WAV from a cold start, whole process; target: at most 0.8 s and 300 MB.

Cold means a new process; the files are in the system's cache, as they are at any second use.
"""

from benchmarks.harness import PROGRAM, Figure, Result, process_figures, run_often
from benchmarks.inputs import Inputs

RUNS = 15


def measure(inputs: Inputs) -> Result:
    figures: list[Figure] = []
    for name, model in inputs.models.items():
        out = inputs.folder / f"{name}.png"
        command = [*PROGRAM, "reconstruct", inputs.clip, "-o", out, "--model", model]
        figures += process_figures(name, run_often(command, RUNS), wall_s=0.8, peak_mb=300)
    return Result("voice2face reconstruct clip.wav -o face.png --model MODEL", tuple(figures), {})
