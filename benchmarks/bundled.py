"""What the bundled model's faces show of gender, by a judge that it was not trained with.

    python -m benchmarks.bundled VOICES.csv...

Each table has columns identity, voice and gender. The judge is the network ``age_gender``. Beside
the model stands the same with shuffled voices.
"""

import argparse
import csv
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.harness import RESULTS, machine
from voice2face.errors import AudioError
from voice2face.evaluation.embedders.attributes import AgeGender
from voice2face.evaluation.embedders.face_set import FaceSet
from voice2face.evaluation.statistics.intervals import estimate
from voice2face.files import write_text
from voice2face.release.inference import Model


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks.bundled", description=__doc__)
    options.add_argument("tables", nargs="+", type=Path)
    options.add_argument("--judge", type=Path, help="else the one that is found")
    options.add_argument("--geometry", default="tight", help="of the model's faces")
    options.add_argument("--model", type=Path, help="else the bundled one")
    options.add_argument("--split", default="", help="subset=VALUE: rows of that value alone")
    options.add_argument("--out", type=Path, default=RESULTS / "bundled.json")
    given = options.parse_args()
    model, judge = Model(given.model), AgeGender(given.judge)
    answers = {}
    for table in given.tables:
        rows = list(read_rows(table, given.split))
        answers[f"{table.parent.name}/{table.name}"] = answer = measure(
            model, judge, rows, given.geometry
        )
        print(table, json.dumps(answer, indent=2))
    about = {"machine": machine(), "model": model.config.sha256, "split": given.split}
    write_text(given.out, json.dumps({"gender": answers} | about, indent=2) + "\n")


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
    main()
