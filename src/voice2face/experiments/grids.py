"""Faces in rows and columns, written beside a result."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
from PIL import Image

from voice2face.evaluation.results import Grid
from voice2face.experiments.context import Context
from voice2face.experiments.recordings import Recordings
from voice2face.files import atomic_write, write_bytes

WHITE = 255  # of a cell without a face
N_ROWS = 8
REAL_FACE = "real face"

Pictures = npt.NDArray[np.uint8]
Texts = npt.NDArray[np.str_]


def write_grid(
    folder: Path,
    experiment: str,
    cells: Pictures,
    about: Mapping[str, str],
    rows: Sequence[str],
    columns: Sequence[str],
) -> Grid:
    """Write faces as one picture beside the result.

    Args:
        folder: Of the results.
        experiment: Its name, which begins the file's.
        cells: RGB, uint8, shape (rows, columns, px, px, 3); white where there is no face.
        about: name and title of the grid; row_title, column_title and note where wanted.
        rows: Label of each row.
        columns: Of each column.

    Raises:
        OutputError: It could not be written.
    """
    n_rows, n_columns, px = cells.shape[:3]
    tiled = cells.swapaxes(1, 2).reshape(n_rows * px, n_columns * px, 3)
    name = f"{experiment}.{about['name']}.png"
    with atomic_write(folder / name) as path:
        Image.fromarray(np.ascontiguousarray(tiled)).save(path, format="PNG", optimize=True)
    return Grid(file=name, px=px, rows=list(rows), columns=list(columns), **about)


def people_grid(
    context: Context,
    experiment: str,
    people: Sequence[str] | Texts,
    columns: Mapping[str, Pictures],
    about: Mapping[str, str],
    *,
    labels: Sequence[str],
    real: Sequence[str] = (REAL_FACE,),
) -> Grid:
    """A row a person: made faces, then real ones of the same person where there are any.

    Args:
        context: Real faces.
        experiment: Its name.
        people: Who each row is.
        columns: Made faces by their label, each (rows, px, px, 3).
        about: As of :func:`write_grid`.
        labels: Labels of the rows.
        real: Labels of the real faces, one each.

    Raises:
        OutputError: It could not be written.
    """
    px = context.corpus.info.face_px
    cells = np.full((len(people), len(columns) + len(real), px, px, 3), WHITE, np.uint8)
    for k, pixels in enumerate(columns.values()):
        cells[:, k] = pixels
    for i, person in enumerate(people):
        own = real_faces(context, str(person))[: len(real)]
        cells[i, len(columns) : len(columns) + len(own)] = own
    return write_grid(context.out, experiment, cells, about, labels, [*columns, *real])


def real_faces(context: Context, person: str) -> Pictures:
    """Real faces of a person whom no stage has met, (n, px, px, 3)."""
    faces = context.faces(context.shown)
    return faces.only(faces.identity == person).pixels


def labels_of(people: Texts, what: Texts) -> list[str]:
    """Names of rows: the person, and what is known of them."""
    return [f"{p}, {w}".rstrip(", ") for p, w in zip(people, what, strict=True)]


def chosen_rows(
    identity: Texts, gender: Texts, seed: int, n: int = N_ROWS
) -> npt.NDArray[np.int64]:
    """One recording each of ``n`` people, as many of each gender as can be; sorted by gender."""
    rng = np.random.default_rng(seed)
    first = np.unique(identity, return_index=True)[1]
    of_gender = {g: rng.permutation(first[gender[first] == g]) for g in np.unique(gender)}
    turns = max((len(rows) for rows in of_gender.values()), default=0)
    in_turn = [rows[i] for i in range(turns) for rows in of_gender.values() if i < len(rows)]
    chosen = np.array(in_turn[:n], np.int64)
    return chosen[np.lexsort((identity[chosen], gender[chosen]))]


def write_asked(context: Context, experiment: str, recordings: Recordings) -> dict[str, str]:
    """Write down which recordings are asked about; a result's ``trials_sha256``.

    Raises:
        OutputError: It could not be written.
    """
    both = zip(recordings.clip.tolist(), recordings.identity.tolist(), strict=True)
    data = msgspec.json.encode({"recordings": [list(pair) for pair in both]}) + b"\n"
    write_bytes(context.out / f"{experiment}.recordings.json", data)
    return {"recordings": hashlib.sha256(data).hexdigest()}
