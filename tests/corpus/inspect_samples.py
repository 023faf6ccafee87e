"""A small corpus to look at, with names that are meant to do harm."""

import csv
from collections.abc import Sequence
from pathlib import Path

from voice2face.corpus.prepare import prepare
from voice2face.faces.settings import FaceCrop

from .corpus_samples import picture, write_speech

HOSTILE = "<script>alert('1')</script>\"&\u202e.‎人"
HEADER = ("identity", "voice", "face", "gender", "code", "height", "split")
SPLITS = ("train", "train", "train", "train", "validation", "test")


def write_table(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def make_corpus(folder: Path) -> Path:
    """A table and its corpus: six people with four faces each; five speak, each twice."""
    rows: list[tuple[object, ...]] = []
    for person in range(6):
        name = HOSTILE if person == 1 else f"p{person}"
        gender = ("female", "male", "")[person % 3]
        for take in range(4):
            file = folder / f"{person}-{take}.png"
            picture(4 * person + take, (16, 16)).save(file)
            voice = ""
            if take < 2 and person != 5:
                voice = f"{person}-{take}.wav"
                write_speech(folder / voice, 1.6 + 0.2 * take, hz=110 + 10 * person)
            code, height = f"c{person}{take}", 1.5 + person / 100
            rows.append((name, voice, file.name, gender, code, height, SPLITS[person]))
    rows.append((HOSTILE, "", f"gone{HOSTILE[-3:]}.png", "male", "c", 1.5, "train"))
    table = write_table(folder / "table.csv", HEADER, rows)
    prepare(
        [table], folder / "corpus", aligned=True, split="column", max_skipped=0.5,
        face_crop=FaceCrop(px=16),
    )  # fmt: skip
    return folder
