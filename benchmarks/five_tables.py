"""Tables of the voices and faces of different people, paired by gender and decade of age.

    python -m benchmarks.five_tables VOICES.csv PAIRS.csv FACES.csv OUT

VOICES.csv has columns identity, voice, gender and subset; PAIRS.csv identity, voice and face; and
FACES.csv face, picture, gender, age (20-29, 30-39, …) and split. Writes OUT/voices.csv and
OUT/faces.csv with columns ``group`` (``female 30-39``) and ``split``. Age and gender of a speaker
whose picture is there (PAIRS.csv) are those that a network sees in it, and no pixel of it is taken;
a reader's gender is known (VOICES.csv), and the age is what the shipped read-off hears.
"""

import csv
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from voice2face.audio.speech import read_speech
from voice2face.corpus.prepare.splits import SplitRule
from voice2face.evaluation.embedders.attributes import AgeGender
from voice2face.evaluation.embedders.face_set import FaceSet, detector
from voice2face.files import atomic_write
from voice2face.training.face_space.tables import read_rows
from voice2face.voice_encoders.ge2e import Ge2e
from voice2face.voice_encoders.heard import SHIPPED, read_read_offs

Row = dict[str, str]

SPEAKERS = SplitRule.parse("hash:80/10/10")
HELD_OUT_FACES = SplitRule.parse("hash:0/50/50")
OLDEST = 60  # the last group: so many years and more


def main(
    voices: Path,
    pairs: Path,
    pictures: Annotated[Path, typer.Argument(metavar="FACES")],
    out: Path,
) -> None:
    out.mkdir(parents=True, exist_ok=True)
    _write(out / "faces.csv", faces(pictures))
    _write(out / "voices.csv", [*readers(voices), *speakers(pairs)])


def faces(table: Path) -> list[Row]:
    """Faces, those not trained on halved: one half to choose by, one to measure by."""
    return [
        {
            "identity": row["face"],
            "face": str(_beside(table, row["picture"])),
            "gender": row["gender"],
            "group": group(row["gender"], float(row["age"].removeprefix("more than ")[:2])),
            "split": _split_of(row),
        }
        for row in read_rows(table)
    ]


def readers(table: Path) -> list[Row]:
    """Readers, whose gender is on record; of each, the mean age of their recordings as heard."""
    rows, encoder, age = read_rows(table), Ge2e(), read_read_offs(SHIPPED).age
    heard = np.array([encoder.embed(read_speech(_beside(table, row["voice"]))) for row in rows])
    years, who = age(heard), np.array([row["identity"] for row in rows])
    return [
        _voice(table, row, row["gender"], years[who == row["identity"]].mean(), row["subset"])
        for row in rows
    ]


def speakers(table: Path) -> list[Row]:
    """Speakers, with gender and age as a network sees them in their pictures."""
    rows = read_rows(table)
    seen, left_out = FaceSet.of_files([_beside(table, row["face"]) for row in rows], detector())
    there = np.setdiff1d(np.arange(len(rows)), [one.row for one in left_out])
    years, male = AgeGender().judge(seen)
    return [
        _voice(
            table, rows[i], "male" if male[n] > 0.5 else "female", years[n],
            SPEAKERS.of_identity(rows[i]["identity"]),
        )
        for n, i in enumerate(there)
    ]  # fmt: skip


def group(gender: str, years: float) -> str:
    """``female 20-29`` … ``male 60 and older``."""
    decade = int(np.clip(years // 10 * 10, 20, OLDEST))
    return f"{gender} {decade} and older" if decade == OLDEST else f"{gender} {decade}-{decade + 9}"


def _split_of(face: Row) -> str:
    learned = face["split"] == "train"
    return "train" if learned else HELD_OUT_FACES.of_identity(face["face"])


def _voice(table: Path, row: Row, gender: str, years: float, split: str) -> Row:
    return {
        "clip": row["clip"],
        "identity": row["identity"],
        "voice": str(_beside(table, row["voice"])),
        "gender": gender,
        "group": group(gender, years),
        "split": split,
    }


def _beside(table: Path, cell: str) -> Path:
    return (table.parent / cell).resolve()


def _write(path: Path, rows: list[Row]) -> None:
    with atomic_write(path) as place, place.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    typer.run(main)
