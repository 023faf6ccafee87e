"""What the bundled model's faces show of gender, by a judge that it was not trained with.

    python -m benchmarks.bundled VOICES.csv...

Each table has columns identity, voice and gender. The judge is the network ``age_gender``. Beside
the model stands the same with shuffled voices.
"""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from benchmarks.harness import RESULTS, machine
from voice2face.errors import AudioError
from voice2face.evaluation.embedders.attributes import AgeGender
from voice2face.evaluation.embedders.face_set import FaceSet
from voice2face.evaluation.statistics.intervals import estimate
from voice2face.files import write_text
from voice2face.release.inference import Model


def main(
    tables: list[Path],
    judge: Annotated[Path | None, typer.Option(help="Else the one that is found.")] = None,
    geometry: Annotated[str, typer.Option(help="Geometry of the model's faces.")] = "tight",
    model: Annotated[Path | None, typer.Option(help="Else the bundled one.")] = None,
    split: Annotated[str, typer.Option(help="subset=VALUE: rows of that value alone.")] = "",
    out: Path = RESULTS / "bundled.json",
) -> None:
    drawing, judging = Model(model), AgeGender(judge)
    answers = {}
    for table in tables:
        rows = list(read_rows(table, split))
        answer = measure(drawing, judging, rows, geometry)
        answers[f"{table.parent.name}/{table.name}"] = answer
        print(table, json.dumps(answer, indent=2))
    about = {"machine": machine(), "model": drawing.config.sha256, "split": split}
    write_text(out, json.dumps({"gender": answers} | about, indent=2) + "\n")


def read_rows(table: Path, split: str) -> Iterator[tuple[str, str, Path]]:
    """Identity, gender and recording of each row of a table."""
    column, _, value = split.partition("=")
    with table.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            if row["gender"] in ("female", "male") and row.get(column, value) == value:
                yield row["identity"], row["gender"], table.parent / row["voice"]


def measure(
    model: Model, judge: AgeGender, rows: list[tuple[str, str, Path]], geometry: str
) -> dict[str, object]:
    """Share of faces whose gender, to the judge, is the speaker's; by gender, and shuffled."""
    identity, gender, made = [], [], []
    for name, spoken, path in rows:
        try:
            made.append(np.asarray(model.reconstruct(path).picture))
        except AudioError as error:
            print(error)
            continue
        identity.append(name)
        gender.append(spoken == "male")
    male = judge.judge(FaceSet.of_crops(np.array(made), geometry))[1] > 0.5
    right = male == np.array(gender)
    shuffled = np.random.default_rng(0).permutation(male) == np.array(gender)
    who, is_male = np.array(identity), np.array(gender)
    return {
        "clips": len(right),
        "people": len(set(identity)),
        "accuracy": _over_people(right, who),
        "accuracy, women": _over_people(right[~is_male], who[~is_male]),
        "accuracy, men": _over_people(right[is_male], who[is_male]),
        "accuracy, shuffled voices": _over_people(shuffled, who),
    }


def _over_people(right: np.ndarray, who: np.ndarray) -> str:
    """Mean over people of their share, with its 95 % interval."""
    return str(estimate(right, who))


if __name__ == "__main__":
    typer.run(main)
