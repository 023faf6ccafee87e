"""200 WAVs of 5 s with the full-width model on two cores; target: at least 40 clips a second.

The rate is that of the whole process. The rate after start-up follows from the time that one clip
takes.
"""

from benchmarks.harness import PROGRAM, Result, figure, process_figures, run_process
from benchmarks.inputs import N_CLIPS, Inputs

RUNS = 5


def measure(inputs: Inputs) -> Result:
    command = [*PROGRAM, "reconstruct", "--model", inputs.full_width]
    one = [*command, inputs.clip, "-o", inputs.folder / "one.png"]
    many = [*command, inputs.clips, "-o", inputs.folder / "many"]
    run_process(one)
    # In turn, so that a busy moment hits both.
    pairs = [(run_process(one), run_process(many)) for _ in range(RUNS)]
    rates = [N_CLIPS / whole.wall_s for _, whole in pairs]
    after = [(N_CLIPS - 1) / (whole.wall_s - start.wall_s) for start, whole in pairs]
    default = [*PROGRAM, "reconstruct", inputs.clips, "-o", inputs.folder / "default"]
    shipped = [N_CLIPS / run_process(default).wall_s for _ in range(RUNS)]
    figures = (
        figure("clips/s, whole process", rates, at_least=40),
        figure("clips/s, after start-up", after),
        figure("clips/s, whole process, the default model", shipped, at_least=40),
        *process_figures("200 clips", [whole for _, whole in pairs]),
    )
    about = {"clips": N_CLIPS, "cores": 2}
    return Result("voice2face reconstruct clips -o faces --model full-width", figures, about)
