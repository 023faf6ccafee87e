"""Faces in rows and columns, written beside a result."""

from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image

from voice2face.arrays import Int64s, Pictures
from voice2face.evaluation.results import Grid
from voice2face.experiments.context import Context
from voice2face.experiments.people import group_of
from voice2face.experiments.recordings import Recordings
from voice2face.experiments.summary import Summary
from voice2face.files import atomic_write

WHITE = 255  # grey level of a cell without a face
N_ROWS = 8
REAL_FACE = "real face"


def add_grid(
    summary: Summary,
    cells: Pictures,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    title: str,
    name: str = "faces",
    row_title: str = "",
    column_title: str = "",
) -> None:
    """Write faces as one picture beside the result.

    Args:
        summary: Summary of the experiment.
        cells: RGB, uint8, shape (rows, columns, px, px, 3); white where there is no face.
        rows: Labels of the rows.
        columns: Labels of the columns.
        title: Title above the grid.
        name: Name of the grid, which no other grid of the result has.
        row_title: What the rows differ in.
        column_title: What the columns differ in.

    Raises:
        OutputError: It could not be written.
    """
    n_rows, n_columns, px = cells.shape[:3]
    tiled = cells.swapaxes(1, 2).reshape(n_rows * px, n_columns * px, 3)
    file = f"{summary.name}.{name}.png"
    with atomic_write(summary.context.out / file) as path:
        Image.fromarray(np.ascontiguousarray(tiled)).save(path, format="PNG", optimize=True)
    summary.grids.append(
        Grid(name, title, file, px, list(rows), list(columns), row_title, column_title)
    )


def add_people(
    summary: Summary,
    speech: Recordings,
    columns: Mapping[str, Pictures],
    *,
    real: Sequence[str] = (REAL_FACE,),
    labels: Sequence[str] | None = None,
    **about: str,
) -> None:
    """Add a row for each recording: made faces, then real ones of the person, where there are any.

    Args:
        summary: Summary of the experiment.
        speech: The recording of each row.
        columns: Made faces by their label, each (rows, px, px, 3).
        real: Labels of the real faces, one for each.
        labels: Labels of the rows; None: the person and the gender.
        about: See :func:`add_grid`.

    Raises:
        OutputError: It could not be written.
    """
    context, px = summary.context, summary.context.corpus.info.face_px
    cells = np.full((len(speech), len(columns) + len(real), px, px, 3), WHITE, np.uint8)
    for k, pixels in enumerate(columns.values()):
        cells[:, k] = pixels
    most = 0
    for i, person in enumerate(speech.identity):
        own = real_faces(context, str(person))[: len(real)]
        cells[i, len(columns) : len(columns) + len(own)] = own
        most = max(most, len(own))
    cells, real = cells[:, : len(columns) + most], real[:most]
    if labels is None:
        pairs = zip(speech.identity, group_of(speech, "gender"), strict=True)
        labels = [f"{person}, {gender}".rstrip(", ") for person, gender in pairs]
    add_grid(summary, cells, labels, [*columns, *real], **about)


def lettered(labels: Sequence[str]) -> list[str]:
    """Labels with (a), (b) and so on before them, as in the report's figures."""
    return [f"({chr(ord('a') + i)}) {label}" for i, label in enumerate(labels)]


def real_faces(context: Context, person: str) -> Pictures:
    """Real faces of a person not trained on, (n, px, px, 3)."""
    faces = context.faces(context.shown)
    return faces.only(faces.identity == person).pixels


def chosen_rows(speech: Recordings, seed: int, n: int = N_ROWS) -> Int64s:
    """One recording each of ``n`` people, genders as evenly as possible; sorted by gender."""
    rng, gender = np.random.default_rng(seed), group_of(speech, "gender")
    first = np.unique(speech.identity, return_index=True)[1]
    of_gender = {g: rng.permutation(first[gender[first] == g]) for g in np.unique(gender)}
    turns = max((len(rows) for rows in of_gender.values()), default=0)
    in_turn = [rows[i] for i in range(turns) for rows in of_gender.values() if i < len(rows)]
    chosen = np.array(in_turn[:n], np.int64)
    return chosen[np.lexsort((speech.identity[chosen], gender[chosen]))]
