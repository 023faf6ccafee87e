"""Decode, voice activity and log-mel, one core; target: at most 1.2 ms a second of 16-kHz WAV.

A made-up voice of 10 s. The measuring is done by this file as a program of one thread; the stages
take turns, so that a busy moment hits them all.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.harness import Result, figure, measured_apart
from benchmarks.inputs import RATE_HZ, Inputs, write_wav
from voice2face.audio import extract, load_clip, log_mel, voiced_samples
from voice2face.audio.settings import FRONT_ENDS, FrontEnd
from voice2face.synthetic import CohortSettings, sample_person, synthesise

REPEATS = 50
SECONDS = 10.0


def measure(inputs: Inputs) -> Result:
    heard = sample_person(CohortSettings(n_identities=1), 0).heard
    voice = synthesise(heard, np.random.default_rng(0), SECONDS)
    found = measured_apart("front_end", write_wav(inputs.folder / "ten-seconds.wav", voice))
    figures = tuple(
        figure(
            f"{preset} {stage}, ms per s", times, **({"at_most": 1.2} if stage == "whole" else {})
        )
        for preset, stages in found.items()
        for stage, times in stages.items()
    )
    about = {"clip": "a made-up voice", "seconds": SECONDS}
    return Result("python -m benchmarks.front_end VOICE.wav", figures, about)


def speed(clip: Path, settings: FrontEnd) -> dict[str, list[float]]:
    """Times of the three stages and of the whole, in ms for each second of the recording."""
    waveform = load_clip(clip)
    voiced = voiced_samples(waveform, settings.voice_activity)
    stages: dict[str, Callable[[], object]] = {
        "decode": lambda: load_clip(clip),
        "voice_activity": lambda: voiced_samples(waveform, settings.voice_activity),
        "log_mel": lambda: log_mel(voiced, settings.log_mel),
        "whole": lambda: extract(clip, settings),
    }
    times: dict[str, list[float]] = {stage: [] for stage in stages}
    for _ in range(REPEATS):
        for stage, work in stages.items():
            start = time.perf_counter()
            work()
            times[stage].append((time.perf_counter() - start) * 1e3 * RATE_HZ / len(waveform))
    return times


if __name__ == "__main__":
    voice = Path(sys.argv[1])
    print(json.dumps({name: speed(voice, settings) for name, settings in FRONT_ENDS.items()}))
