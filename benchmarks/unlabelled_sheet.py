"""A sheet for a fresh eye: a row a voice, and columns that do not say whose faces they show.

    python -m benchmarks.unlabelled_sheet PAIRS.csv OUT [--model NAME] [--seed 0]

PAIRS.csv has columns identity, voice, canonical, speech2face, gender and age, of people who taught
nothing. Of fifteen men and fifteen women, of all ages alike as far as there are such, a row shows
the model's face, three drawn ones, Speech2Face's, and the canonical face of the speaker's picture;
the columns are in a random order, the same on all pages. OUT gets ``page-1.png`` …, and
``key.json``, which says what each column is and whose voice each row. They show people: OUT is for
those who judge.
"""

import json
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from PIL import Image

from benchmarks.faces import BANDS
from voice2face.files import atomic_write, write_text
from voice2face.release.inference import Model, load
from voice2face.release.reconstruction import to_picture
from voice2face.training.face_space.tables import read_rows

Row = dict[str, str]

N_EACH = 15  # of a gender
N_DRAWS = 3
ROWS_A_PAGE = 10
CELL_PX, GAP_PX = 144, 6
COLUMNS = ("face", *(f"drawn {n + 1}" for n in range(N_DRAWS)), "speech2face", "canonical")


def main(
    pairs: Path,
    out: Path,
    name: Annotated[str | None, typer.Option("--model", help="Else the default one.")] = None,
    seed: int = 0,
) -> None:
    rng, model = np.random.default_rng(seed), load(name)
    rows = chosen(read_rows(pairs), rng)
    columns = [COLUMNS[i] for i in rng.permutation(len(COLUMNS))]
    for page, start in enumerate(range(0, len(rows), ROWS_A_PAGE), 1):
        cells = [
            [pictures[name] for name in columns]
            for pictures in (
                pictures_of(row, pairs.parent, model) for row in rows[start : start + ROWS_A_PAGE]
            )
        ]
        with atomic_write(out / f"page-{page}.png") as path:
            laid_out(cells).save(path)
    key = {"columns": columns, "rows": [row["clip"] for row in rows], "model": model.config.sha256}
    write_text(out / "key.json", json.dumps(key, indent=1) + "\n")
    print(out)


def chosen(rows: list[Row], rng: np.random.Generator) -> list[Row]:
    """One recording each of N_EACH women and as many men, ages taken in turn, in random order."""
    picked: list[Row] = []
    for gender in ("female", "male"):
        waiting: dict[str, list[Row]] = {band: [] for band in BANDS}
        seen: set[str] = set()
        for i in rng.permutation(len(rows)):
            row = rows[i]
            if row["gender"] == gender and row["identity"] not in seen:
                seen.add(row["identity"])
                waiting[row["age"]].append(row)
        taken: list[Row] = []
        while len(taken) < N_EACH and any(waiting.values()):
            taken += [some.pop() for some in waiting.values() if some]
        picked += taken[:N_EACH]
    return [picked[i] for i in rng.permutation(len(picked))]


def pictures_of(row: Row, root: Path, model: Model) -> dict[str, Image.Image]:
    """What each column shows of one voice."""
    made = model.reconstruct(root / row["voice"])
    drawn = {f"drawn {n + 1}": to_picture(face) for n, face in enumerate(made.faces(N_DRAWS))}
    others = {name: Image.open(root / row[name]) for name in ("speech2face", "canonical")}
    return {"face": made.picture, **drawn, **others}


def laid_out(cells: list[list[Image.Image]]) -> Image.Image:
    """Pictures in rows, all of one size, on white."""
    step = CELL_PX + GAP_PX
    size = (len(cells[0]) * step + GAP_PX, len(cells) * step + GAP_PX)
    page = Image.new("RGB", size, "white")
    for y, row in enumerate(cells):
        for x, picture in enumerate(row):
            small = picture.convert("RGB").resize((CELL_PX, CELL_PX), Image.Resampling.LANCZOS)
            page.paste(small, (GAP_PX + x * step, GAP_PX + y * step))
    return page


if __name__ == "__main__":
    typer.run(main)
