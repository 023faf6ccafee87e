"""Speed of the audio front end, and what its check for speech measures on recordings.

    python benchmarks/front_end.py
    python benchmarks/front_end.py --voice clip.wav --repeats 50
    python benchmarks/front_end.py --check-speech folder-of-recordings

Set OMP_NUM_THREADS=1 to keep to one core. Prints JSON; times are in milliseconds of computing for
each second of the recording.
"""

import argparse
import json
import os
import platform
import tempfile
import time
import wave
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path

import numpy as np

from voice2face.audio import extract, load_clip, log_mel, voiced_samples
from voice2face.audio.front_end import LEAST_CHANGE
from voice2face.audio.speech_check import spectral_change
from voice2face.errors import AudioError
from voice2face.settings import FRONT_ENDS, FrontEnd
from voice2face.synthetic import CohortSettings, sample_person, synthesise

RATE_HZ = 16_000


def main() -> None:
    arguments = parser().parse_args()
    if arguments.check_speech:
        result = {name: changes(arguments.check_speech, FRONT_ENDS[name]) for name in FRONT_ENDS}
        print(json.dumps({"least_change": LEAST_CHANGE, **result}, indent=2))
        return
    with tempfile.TemporaryDirectory() as folder:
        clip = arguments.voice or made_up_voice(Path(folder) / "voice.wav", arguments.seconds)
        seconds = len(load_clip(clip)) / RATE_HZ
        presets = {
            name: speed(clip, settings, seconds, arguments.repeats)
            for name, settings in FRONT_ENDS.items()
        }
    about = {"clip": arguments.voice or "made up", "seconds": seconds, "repeats": arguments.repeats}
    print(json.dumps({"machine": machine(), **about, "ms_per_s": presets}, indent=2))


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description="Speed of the audio front end, as JSON.")
    options.add_argument("--voice", metavar="FILE", help="a recording; by default one is made up")
    options.add_argument("--seconds", type=float, default=10.0, help="length of a made-up one")
    options.add_argument("--repeats", type=int, default=30)
    options.add_argument(
        "--check-speech",
        nargs="+",
        metavar="FOLDER",
        type=Path,
        help="instead: the check for speech on every recording below these folders",
    )
    return options


def made_up_voice(path: Path, seconds: float) -> str:
    """Write a synthetic voice, mono, 16 bit, 16 kHz."""
    person = sample_person(CohortSettings(n_identities=1), 0)
    waveform = synthesise(person.heard, np.random.default_rng(0), seconds)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(waveform.astype("<i2").tobytes())
    return str(path)


def speed(
    clip: str, settings: FrontEnd, seconds: float, repeats: int
) -> dict[str, dict[str, float]]:
    """Time of the three stages and of the whole; in turn, so that a busy moment hits them all."""
    waveform = load_clip(clip)
    voiced = voiced_samples(waveform, settings.voice_activity)
    stages: dict[str, Callable[[], object]] = {
        "decode": lambda: load_clip(clip),
        "voice_activity": lambda: voiced_samples(waveform, settings.voice_activity),
        "log_mel": lambda: log_mel(voiced, settings.log_mel),
        "whole": lambda: extract(clip, settings),
    }
    times: dict[str, list[float]] = {stage: [] for stage in stages}
    for _ in range(repeats):
        for stage, work in stages.items():
            start = time.perf_counter()
            work()
            times[stage].append((time.perf_counter() - start) * 1e3 / seconds)
    return {stage: summary(values) for stage, values in times.items()}


def summary(values: list[float]) -> dict[str, float]:
    named = {"min": min(values), "median": float(np.median(values)), "max": max(values)}
    return {name: round(value, 3) for name, value in named.items()}


def changes(folders: Iterable[Path], settings: FrontEnd) -> dict[str, object]:
    """Quantiles of the spectral change over all recordings with enough speech."""
    found, refused = [], []
    for path in sorted(path for folder in folders for path in folder.rglob("*") if path.is_file()):
        try:
            features = extract(path, settings, check_speech=False)
        except AudioError as error:
            refused.append(str(error))
            continue
        found.append(spectral_change(features.log_mel))
    shares = (0, 0.001, 0.002, 0.01, 0.05, 0.5, 1)
    quantiles = np.quantile(found, shares) if found else [float("nan")] * len(shares)
    return {
        "recordings": len(found),
        "below": sum(change < LEAST_CHANGE for change in found),
        "quantiles": {
            f"{s:g}": round(float(q), 3) for s, q in zip(shares, quantiles, strict=False)
        },
        "unread": refused,
    }


def machine() -> dict[str, object]:
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS"),
        "python": platform.python_version(),
        **{package: version(package) for package in ("numpy", "av", "webrtcvad-wheels")},
    }


def processor() -> str:
    cpus = Path("/proc/cpuinfo")
    for line in cpus.read_text().splitlines() if cpus.exists() else []:
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.processor()


if __name__ == "__main__":
    main()
