"""Files read on one core; target: 300 times real time (60 from video), 60 pictures a second.

With hair painted over, at least 15 pictures a second. Of the files that lie beside the project,
through the function that all engines run, in a process of its own with one core and one thread.
What reads each kind takes turns, so that a busy moment hits all.
"""

import csv
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness import Result, figure, measured_apart
from benchmarks.inputs import RATE_HZ, Inputs
from benchmarks.prepare_runs import real
from voice2face.audio import load_clip
from voice2face.audio.settings import FRONT_ENDS
from voice2face.corpus.prepare.work import Done, Recipe, Task, process
from voice2face.corpus.schema import Reader
from voice2face.faces.settings import FaceCrop, Removable

PASSES = 5
# Files of each kind that are read in one pass: half a second to four seconds of work.
N_CLIPS, N_PICTURES, N_MASKED = 178, 200, 40


@dataclass(frozen=True)
class Work:
    """Files of one kind.

    Attributes:
        name: Name of the figure.
        wanted: Least rate; None without a target.
        reader: How they are read.
        paths: The files.
        units: What each of them counts: seconds of sound, or 1.
        remove: What is painted over.
    """

    name: str
    wanted: float | None
    reader: Reader
    paths: tuple[Path, ...]
    units: float
    remove: tuple[Removable, ...] = ()


def measure(inputs: Inputs) -> Result:
    real("pairs")
    answer = measured_apart("prepare_core")
    figures = tuple(
        figure(name, found["rates"], **({"at_least": wanted} if wanted else {}))
        for name, found in answer.items()
        for wanted in (found["wanted"],)
    )
    about = {"files a pass": {name: found["files"] for name, found in answer.items()}}
    return Result("voice2face.corpus.prepare.work.process, file by file", figures, about)


def main() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-1:])
    works = list(_works())
    rates: dict[str, list[float]] = {work.name: [] for work in works}
    for number in range(PASSES + 1):
        for work in works:
            rate = one_pass(work)
            if number:  # the first opens the networks and fills the disk's cache
                rates[work.name].append(rate)
    answer = {
        work.name: {"wanted": work.wanted, "files": len(work.paths), "rates": rates[work.name]}
        for work in works
    }
    json.dump(answer, sys.stdout)


def one_pass(work: Work) -> float:
    """Read all files; units a second.

    Raises:
        RuntimeError: None could be used.
    """
    recipe = Recipe(front_end=FRONT_ENDS["clean"], face_crop=FaceCrop(remove=work.remove))
    tasks = [Task(work.reader, os.fsencode(path)) for path in work.paths]
    process(tasks[0], recipe)  # it pays for the networks, of which a process keeps one set open
    started = time.perf_counter()
    outcomes = [process(task, recipe) for task in tasks]
    elapsed_s = time.perf_counter() - started
    if not any(isinstance(outcome, Done) for outcome in outcomes):
        raise RuntimeError(f"{work.name}: {outcomes[0]}")
    return work.units / elapsed_s


def _works() -> Iterator[Work]:
    flac = sorted(real("pairs", "voxceleb", "voice").glob("*.flac"))[:N_CLIPS]
    yield Work("voices from FLAC, times real time", 300, "recording", tuple(flac), _seconds(flac))
    opus = sorted(real("pairs", "avspeech", "voice").glob("*.ogg"))[:N_CLIPS]
    yield Work("voices from Opus, times real time", None, "recording", tuple(opus), _seconds(opus))
    video = sorted(path for path in real("video").iterdir() if path.suffix in (".mp4", ".mpg"))
    name = "voices from video, times real time"
    yield Work(name, 60, "recording", tuple(video), _seconds(video))
    yield Work("clips a second, 5 faces each", None, "video", tuple(video), len(video))
    pictures = tuple(sorted(real("pairs", "avspeech", "face").glob("*.jpg"))[:N_PICTURES])
    yield Work("pictures a second, 224 px", 60, "picture", pictures, len(pictures))
    some = pictures[:N_MASKED]
    name = "pictures a second, without hair"
    yield Work(name, 15, "picture", some, len(some), ("hair",))
    name = "pictures a second, without hair, background"
    yield Work(name, None, "picture", some, len(some), ("hair", "background"))
    crops = _open_faces()
    yield Work("aligned faces a second, 96 px", None, "aligned", crops, len(crops))


def _seconds(paths: Sequence[Path]) -> float:
    """Duration of recordings together."""
    return sum(len(load_clip(path)) for path in paths) / RATE_HZ


def _open_faces() -> tuple[Path, ...]:
    with real("open", "faces.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))[:1000]
    return tuple(real("open", row["picture"]) for row in rows)


if __name__ == "__main__":
    main()
