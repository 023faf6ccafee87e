"""Decode, voice activity and log-mel, one core; target: at most 1.2 ms a second of 16-kHz WAV.

The measuring is done by ``benchmarks/front_end.py``, here in a process with one core.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.harness import Figure, Result
from benchmarks.inputs import Inputs

PROGRAM = Path(__file__).with_name("front_end.py")
REPEATS = 50
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def measure(inputs: Inputs) -> Result:
    command = [sys.executable, str(PROGRAM), "--repeats", str(REPEATS)]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env=os.environ | ONE_THREAD
    )
    answer = json.loads(done.stdout)
    figures = tuple(
        Figure(
            f"{preset} {stage}, ms per s",
            *(times[name] for name in ("min", "median", "max")),
            REPEATS,
            at_most=1.2 if stage == "whole" else None,
        )
        for preset, stages in answer["ms_per_s"].items()
        for stage, times in stages.items()
    )
    about = {"clip": "a made-up voice", "seconds": answer["seconds"]}
    return Result(f"python benchmarks/front_end.py --repeats {REPEATS}", figures, about)
