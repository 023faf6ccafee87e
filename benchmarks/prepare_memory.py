"""A collection of 50,000 small files, read by two processes; target: each below 600 MB.

Short recordings of made-up voices, and small pictures with a face. They come from a few templates,
each file with bytes of its own, so that none is a duplicate of another.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.harness import Result, figure
from benchmarks.inputs import RATE_HZ, Inputs, write_wav
from benchmarks.prepare_runs import info_of, need, prepare, real, write_table
from voice2face.audio.settings import FRONT_ENDS
from voice2face.corpus.prepare.work import Done, Recipe, Task, process
from voice2face.faces.settings import FaceCrop
from voice2face.synthetic import CohortSettings, sample_person, synthesise

N_VOICES = N_PICTURES = 25_000
N_IDENTITIES = 1000
N_TEMPLATES = 50
CLIP_S, PICTURE_PX = 1.5, 160
MOST_MB = 600
TAG = "{:016d}"


@dataclass(frozen=True)
class Template:
    """A file into which a number can be written without harm.

    Args:
        head: Bytes before the number.
        tail: Bytes after the number.
    """

    head: bytes
    tail: bytes

    def numbered(self, number: int) -> bytes:
        """The file with a number in it, which makes its bytes its own."""
        return self.head + TAG.format(number).encode() + self.tail


def measure(inputs: Inputs) -> Result:
    table = write_collection(inputs.folder / "many", N_VOICES, N_PICTURES)
    out = inputs.folder / "many-corpus"
    run = need(prepare(table, out, "--workers", "2"))
    info = info_of(out)
    kept, n_items = info.counts["all"], N_VOICES + N_PICTURES
    figures = (
        figure("process that writes, MB", [run.parent_mb], at_most=MOST_MB),
        figure("process that reads, largest, MB", [run.worker_mb], at_most=MOST_MB),
        figure("items kept", [kept.voices + kept.faces], at_least=n_items),
        figure("ms for an item", [1000 * run.wall_s / n_items]),
        figure("wall_s", [run.wall_s]),
    )
    about = {
        "recordings": f"{N_VOICES} of {CLIP_S} s",
        "pictures": f"{N_PICTURES} of {PICTURE_PX} px",
        "shards": len(info.shards),
        "MB of the process that writes, in each tenth of the run": run.growth_mb,
    }
    return Result("voice2face prepare many.csv OUT --workers 2", figures, about)


def write_collection(folder: Path, n_voices: int, n_pictures: int) -> Path:
    """Write recordings, pictures and the table that names them."""
    (folder / "voice").mkdir(parents=True)
    (folder / "face").mkdir()
    voices, pictures = list(_voices(folder)), list(_pictures(folder))
    for number in range(n_voices):
        path = folder / "voice" / f"{number}.wav"
        path.write_bytes(voices[number % len(voices)].numbered(number))
    for number in range(n_pictures):
        path = folder / "face" / f"{number}.jpg"
        path.write_bytes(pictures[number % len(pictures)].numbered(number))
    rows = (
        (
            f"p{number % N_IDENTITIES:04}",
            f"voice/{number}.wav" if number < n_voices else "",
            f"face/{number}.jpg" if number < n_pictures else "",
        )
        for number in range(max(n_voices, n_pictures))
    )
    return write_table(folder / "many.csv", ("identity", "voice", "face"), rows)


def _voices(folder: Path) -> Iterator[Template]:
    """Recordings that pass; the number goes into their first samples, as faint noise would."""
    settings = CohortSettings(n_identities=N_TEMPLATES)
    path, header = folder / "template.wav", 44
    for number in range(N_TEMPLATES):
        heard, rng = sample_person(settings, number).heard, np.random.default_rng(number)
        samples = synthesise(heard, rng, CLIP_S)
        data = write_wav(path, samples[: round(CLIP_S * RATE_HZ)]).read_bytes()
        template = Template(data[:header], data[header + len(TAG.format(0)) :])
        path.write_bytes(template.numbered(0))
        if _is_usable(Task("recording", os.fsencode(path))):
            yield template
    path.unlink()


def _pictures(folder: Path) -> Iterator[Template]:
    """Pictures with a face that passes; the number goes into a comment."""
    path = folder / "template.jpg"
    sources = sorted(real("pairs", "avspeech", "face").glob("*.jpg"))[:N_TEMPLATES]
    for source in sources:
        with Image.open(source) as image:
            small = image.convert("RGB").resize((PICTURE_PX, PICTURE_PX))
        small.save(path, "JPEG", quality=85)
        data, n_bytes = path.read_bytes(), len(TAG.format(0)) + 2
        comment = b"\xff\xfe" + n_bytes.to_bytes(2, "big")
        template = Template(data[:2] + comment, data[2:])
        path.write_bytes(template.numbered(0))
        if _is_usable(Task("picture", os.fsencode(path))):
            yield template
    path.unlink()


def _is_usable(task: Task) -> bool:
    recipe = Recipe(front_end=FRONT_ENDS["clean"], face_crop=FaceCrop())
    return isinstance(process(task, recipe), Done)
