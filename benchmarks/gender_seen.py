"""A table of pairs with the gender that a network sees in each picture.

    python -m benchmarks.gender_seen PAIRS.csv OUT.csv

For corpora without labels, to pair voices and faces by. A row whose picture shows no face, or whose
gender is doubted, gets none. Paths are written in full.
"""

import csv
from pathlib import Path

import typer

from voice2face.evaluation.embedders.attributes import AgeGender
from voice2face.evaluation.embedders.face_set import FaceSet, detector

PICTURE, FILES = "face", ("voice", "face", "canonical")
SURE = 0.8  # probability from which a gender is believed


def main(pairs: Path, out: Path) -> None:
    write_seen(pairs, out)


def write_seen(pairs: Path, out: Path) -> None:
    """Write such a table."""
    with pairs.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    root = pairs.resolve().parent
    faces, left_out = FaceSet.of_files([root / row[PICTURE] for row in rows], detector())
    missing = {one.row for one in left_out}
    _, male = AgeGender().judge(faces)
    shares = iter(male.tolist())
    columns = ("identity", *FILES, "gender")
    with out.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, columns)
        writer.writeheader()
        for number, row in enumerate(rows):
            share = 0.5 if number in missing else next(shares)
            sure = "male" if share >= SURE else "female" if share <= 1 - SURE else ""
            paths = {name: str(root / row[name]) for name in FILES}
            writer.writerow({"identity": row["identity"], **paths, "gender": sure})


if __name__ == "__main__":
    typer.run(main)
