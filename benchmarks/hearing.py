"""What GE2E hears: gender, age, identity, verification; and whether a voice stays the same.

Gender is taught on LibriSpeech's labels, age and identity on AVSpeech's pictures; all is measured
on VoxCeleb clips, of whose people none taught anything here. (GE2E itself was trained on VoxCeleb
by its authors, without faces, ages or genders.) Intervals are over people.
Target: gender right in 98.5 %, age at r 0.58, identity 1:2 in 73 %, within gender in 59 %, cosine
of 0.98 at any level.
"""

import time
from pathlib import Path

import numpy as np

from benchmarks.harness import PROGRAM, Figure, Result, figure, run_process
from benchmarks.hearing_encoders import verification
from benchmarks.hearing_parts import (
    age_figures,
    at_levels,
    gender_figures,
    identity_figures,
    original_figures,
    refusal_figures,
    same_voice,
    two_voices,
)
from benchmarks.hearing_recordings import CHANGES, Heard, changed
from benchmarks.inputs import N_CLIPS, Inputs
from voice2face.audio.speech import read_speech
from voice2face.voice_encoders.ge2e import Ge2e

N_COLD = 7


def measure(inputs: Inputs) -> Result:
    encoder, about = Ge2e(), {}
    figures: list[Figure] = list(original_figures())
    voxceleb, avspeech, readers = (
        Heard.of(*parts)
        for parts in (
            ("pairs", "voxceleb", "pairs.csv"),
            ("pairs", "avspeech", "pairs.csv"),
            ("open", "voices.csv"),
        )
    )
    heard = {name: changed(voxceleb, change) for name, change in CHANGES.items()}
    for part in (
        gender_figures(voxceleb),
        age_figures(voxceleb, avspeech),
        identity_figures(voxceleb, avspeech),
        at_levels(voxceleb, encoder),
        same_voice(voxceleb, heard),
        two_voices(voxceleb, readers, encoder),
        refusal_figures(encoder, (voxceleb, avspeech, readers)),
        verification(voxceleb, readers, heard),
    ):
        figures += part.figures
        about |= part.about
    figures += _speed(inputs, encoder)
    return Result("python -m benchmarks hearing", tuple(figures), about)


def _speed(inputs: Inputs, encoder: Ge2e) -> list[Figure]:
    """Times of the encoder alone: a new process with one clip, and clips one after another."""
    program = (
        "import sys; from voice2face.audio.speech import read_speech; "
        "from voice2face.voice_encoders.ge2e import Ge2e; Ge2e().embed(read_speech(sys.argv[1]))"
    )
    command = [PROGRAM[0], "-c", program, inputs.clip]
    run_process(command)
    cold = [run_process(command) for _ in range(N_COLD)]
    paths = sorted(Path(inputs.clips).iterdir())[: N_CLIPS // 4]
    start = time.process_time()
    for path in paths:
        encoder.embed(read_speech(path))
    each_s = (time.process_time() - start) / len(paths)
    return [
        figure("cold: a 5-s WAV embedded, whole process, wall_s", [run.wall_s for run in cold]),
        figure("cold: the same, cpu_s", [run.cpu_s for run in cold], at_most=0.7),
        figure("clips of 5 s embedded a second of one core", [1 / each_s], at_least=20),
        figure("cold: peak_mb", np.array([run.peak_mb for run in cold]).tolist()),
    ]
