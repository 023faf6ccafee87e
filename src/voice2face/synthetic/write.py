"""Synthetic people as files: recordings, pictures, a table, and what is known about them."""

import csv
import functools
import io
import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Literal

import msgspec
from PIL import Image

from voice2face.arrays import Int16s, UInt8s
from voice2face.audio.coding import wav_bytes
from voice2face.errors import CorpusError
from voice2face.files import write_bytes, write_text
from voice2face.json_files import read_json
from voice2face.settings import Settings
from voice2face.synthetic.ceiling import BestAccuracy, best_matching_accuracy, best_sex_accuracy
from voice2face.synthetic.faces import draw
from voice2face.synthetic.latent import (
    SHARED,
    CohortSettings,
    Person,
    Stream,
    sample_person,
    stream,
    years,
)
from voice2face.synthetic.voices import synthesise

TABLE = "cohort.csv"
FACTS = "cohort.json"
COLUMNS = (
    *("identity", "voice", "face", "gender", "age"),
    *(f"{half}_{name}" for name in SHARED for half in ("heard", "seen")),
)

Row = dict[str, str]


class Facts(Settings, frozen=True, kw_only=True):
    """What is known about a written cohort: the content of ``cohort.json``.

    Attributes:
        schema: Version of the folder's schema.
        settings: That made it.
        best_matching: The best accuracy that any system can reach, by task: ``1:2``,
            ``1:2 within sex`` and ``1:10``.
        best_sex: The best accuracy of telling the seen sex from a voice.
    """

    schema: Literal[1] = 1
    settings: CohortSettings
    best_matching: dict[str, BestAccuracy]
    best_sex: float


def facts_of(settings: CohortSettings) -> Facts:
    """What is known about a cohort without making it."""
    return Facts(
        settings=settings,
        best_matching=dict(_best_matching(settings.coupling)),
        best_sex=best_sex_accuracy(settings.coupling),
    )


@functools.lru_cache
def _best_matching(coupling: float) -> tuple[tuple[str, BestAccuracy], ...]:
    return (
        ("1:2", best_matching_accuracy(coupling, 2)),
        ("1:2 within sex", best_matching_accuracy(coupling, 2, within_sex=True)),
        ("1:10", best_matching_accuracy(coupling, 10)),
    )


def make_clip(settings: CohortSettings, index: int, number: int) -> Int16s:
    """Recording ``number`` of person ``index``: mono at 16 kHz, shape (samples,)."""
    rng = stream(settings, index, Stream.CLIP, number)
    seconds = rng.uniform(*settings.clip_s)
    return synthesise(sample_person(settings, index).heard, rng, seconds)


def make_face(settings: CohortSettings, index: int, number: int) -> UInt8s:
    """Picture ``number`` of person ``index``: RGB, shape (face_px, face_px, 3)."""
    rng = stream(settings, index, Stream.PICTURE, number)
    return draw(sample_person(settings, index).seen, rng, settings.face_px)


def write_cohort(
    out: Path,
    settings: CohortSettings,
    *,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write a cohort: voices/ID/NN.wav, faces/ID/NN.png, cohort.csv and cohort.json.

    The table has one row for each recording and each picture; a row has either a voice or a face.
    ``gender`` and ``age`` are what is *seen*, as labels of a real data set are; ``heard_sex`` and
    ``heard_age`` are what the voice was made from. Paths are relative to ``out``.

    Equal settings give equal bytes, whatever ``workers`` is. The table is written last: a folder
    with ``cohort.json`` and without ``cohort.csv`` was cut off, and a second call completes it.

    Args:
        out: Folder; new, empty, or an earlier cohort of the same settings.
        settings: Settings of the cohort.
        workers: Processes. With more than one, a calling script needs the usual
            ``if __name__ == "__main__"``.
        progress: Called after each person with how many are done, and of how many.

    Returns:
        Path of the table.

    Raises:
        CorpusError: The folder holds something else, or a cohort of other settings.
        OutputError: A file could not be written.
    """
    _check_folder(out, settings)
    facts = msgspec.json.format(msgspec.json.encode(facts_of(settings)), indent=2)
    write_bytes(out / FACTS, facts + b"\n")
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    table.writeheader()
    for done, rows in enumerate(_write_people(out, settings, workers), start=1):
        table.writerows(rows)
        if progress is not None:
            progress(done, settings.n_identities)
    write_text(out / TABLE, text.getvalue())
    return out / TABLE


def read_facts(folder: Path) -> Facts:
    """What is known about the cohort in a folder.

    Raises:
        CorpusError: The folder holds no cohort, or one that this version does not read.
    """
    path = folder / FACTS
    if not path.exists():
        wanted, remedy = "the folder of a cohort", "make one with `voice2face cohort`"
        raise CorpusError(folder, f"no {FACTS}", wanted, remedy)
    wanted = "the facts of a cohort, schema 1"
    return read_json(path, Facts, wanted, "make the cohort again", refused=CorpusError)


def _check_folder(out: Path, settings: CohortSettings) -> None:
    if not out.exists():
        return
    if not out.is_dir():
        raise CorpusError(out, "a file", "a folder", "choose another folder")
    if not any(out.iterdir()):
        return
    if not (out / FACTS).exists():
        raise CorpusError(
            out, "not empty, and no cohort", "a new or empty folder", "choose another folder"
        )
    if read_facts(out).settings != settings:
        raise CorpusError(
            out,
            "a cohort of other settings",
            "a new or empty folder, or a cohort of the same settings",
            "choose another folder, or delete this one",
        )


def _write_people(out: Path, settings: CohortSettings, workers: int) -> Iterator[list[Row]]:
    """Write everybody; yields each person's rows, in order."""
    write = functools.partial(_write_person, out, settings)
    people = range(settings.n_identities)
    if workers <= 1:
        yield from map(write, people)
        return
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawn) as pool:
        yield from pool.map(write, people)


def _write_person(out: Path, settings: CohortSettings, index: int) -> list[Row]:
    person = sample_person(settings, index)
    about = _attributes(person)
    rows = []
    for number in range(settings.clips_per_identity):
        name = f"voices/{person.identity}/{number:02d}.wav"
        write_bytes(out / name, wav_bytes(make_clip(settings, index, number)))
        rows.append({**about, "voice": name})
    for number in range(settings.faces_per_identity):
        name = f"faces/{person.identity}/{number:02d}.png"
        write_bytes(out / name, _png(make_face(settings, index, number)))
        rows.append({**about, "face": name})
    return rows


def _attributes(person: Person) -> Row:
    heard, seen = person.heard, person.seen
    return {
        "identity": person.identity,
        "gender": seen.sex,
        "age": f"{years(seen.age):.0f}",
        "heard_sex": heard.sex,
        "seen_sex": seen.sex,
        "heard_age": f"{years(heard.age):.1f}",
        "seen_age": f"{years(seen.age):.1f}",
        "heard_size": f"{heard.size:.3f}",
        "seen_size": f"{seen.size:.3f}",
        "heard_weight": f"{heard.weight:.3f}",
        "seen_weight": f"{seen.weight:.3f}",
    }


def _png(pixels: UInt8s) -> bytes:
    memory = io.BytesIO()
    Image.fromarray(pixels).save(memory, "png")
    return memory.getvalue()
