"""Tables of made and real pictures: read, faces detected and embedded."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from voice2face.arrays import Bools, Float32s, Texts, UInt8s
from voice2face.corpus.sources.found import identity_of
from voice2face.corpus.sources.table import Columns, column_named, read_table
from voice2face.errors import AudioError, CorpusError
from voice2face.evaluation.embedders.face_set import FaceSet, LeftOut
from voice2face.evaluation.embedders.fitted import Embedder
from voice2face.faces.detect import Detector
from voice2face.files import stored_text
from voice2face.release.inference import Model

AT_ONCE = 128  # pictures in memory at a time

# From files (pictures or recordings) to faces, and what is left out.
Read = Callable[[Sequence[Path]], tuple[FaceSet, list[LeftOut]]]


@dataclass(frozen=True, eq=False)
class Pairs:
    """A table of pictures, one row for each recording or made face.

    Attributes:
        table: The file.
        sha256: Checksum of its content.
        root: Folder that paths are relative to.
        identity: Person of each row, shape (n,).
        cells: Columns by name, each of n values; "" for empty cells.
        n_nobody: Number of rows without a person, which are left out.
    """

    table: Path
    sha256: str
    root: Path
    identity: Texts
    cells: dict[str, list[str]]
    n_nobody: int

    def __len__(self) -> int:
        return len(self.identity)


@dataclass(frozen=True, eq=False)
class Column:
    """The faces of one column, embedded.

    Attributes:
        name: Name of the system in tables.
        cells: Cells of the column, n values.
        vectors: Embeddings by embedder, each of shape (n, dim); NaN without a face.
        left_out: Why a row has no face; None if it has one.
    """

    name: str
    cells: list[str]
    vectors: dict[str, Float32s]
    left_out: list[LeftOut | None]

    @property
    def there(self) -> Bools:
        """Mask of the rows that have a face, (n,)."""
        return np.array([reason is None for reason in self.left_out], np.bool_)

    @property
    def loss(self) -> str:
        """How many rows have no face, and why, as one line; "" if all have one."""
        lost = [reason for reason in self.left_out if reason is not None]
        if not lost:
            return ""
        counts = Counter(reason.reason for reason in lost).most_common()
        reasons = ", ".join(f"{n} {reason}" for reason, n in counts)
        first = next(reason for reason in lost if reason.reason == counts[0][0])
        example = f"{first.thing}: {first.detail}" if first.detail else first.thing
        return f"{self.name}: {len(lost)} of {len(self.left_out)} left out: {reasons} ({example})"


def read_pairs(table: Path, columns: Sequence[str], optional: Sequence[str] = ()) -> Pairs:
    """Read a table that names people in the column ``identity``.

    Args:
        table: CSV or Parquet, as ``prepare`` takes it; paths are relative to its folder.
        columns: Names of columns; the first holds pictures or recordings.
        optional: Names of further columns, which may be missing.

    Raises:
        CorpusError: It is no such table, or lacks a column.
    """
    found = read_table(table, Columns(face=columns[0]))
    header = found.header
    for name in ("identity", *columns):
        if column_named(name, header) is None:
            known = ", ".join(header[:12]) + (", …" if len(header) > 12 else "")
            raise CorpusError(
                table, f"columns {known[:300]}", f"a column '{name}'", "name one of those"
            )
    named = {name: column_named(name, header) for name in ("identity", *columns, *optional)}
    places = {name: header.index(column) for name, column in named.items() if column}
    who = places.pop("identity")
    rows = [values for _, values in found.rows if identity_of(_cell(values, who))]
    if not rows:
        raise CorpusError(table, "nobody named in 'identity'", "people", "fill that column")
    return Pairs(
        table,
        found.info.sha256,
        found.root,
        np.array([identity_of(_cell(values, who)) for values in rows], np.str_),
        {name: [_cell(values, i).strip() for values in rows] for name, i in places.items()},
        len(found.rows) - len(rows),
    )


def embed_column(
    name: str, pairs: Pairs, column: str, read: Read, embedders: Sequence[Embedder]
) -> Column:
    """Embed the faces of a column; each file is read once.

    Args:
        name: Name of the system in tables.
        pairs: The table.
        column: Name of the column of files.
        read: Function that makes faces of files: :func:`pictures` or :func:`made_by`.
        embedders: Embedders; each embeds every face.

    Raises:
        ModelError: A network failed.
    """
    cells = pairs.cells[column]
    files = [cell for cell in dict.fromkeys(cells) if cell]
    vectors = {e.name: np.full((len(files) + 1, e.dim), np.nan, np.float32) for e in embedders}
    lost: dict[int, LeftOut] = {}
    for start in range(0, len(files), AT_ONCE):
        some = files[start : start + AT_ONCE]
        faces, left_out = read([pairs.root / cell for cell in some])
        for one in left_out:
            lost[start + one.row] = replace(one, thing=stored_text(some[one.row]))
        rows = [start + i for i in range(len(some)) if start + i not in lost]
        for embedder in embedders:
            vectors[embedder.name][rows] = embedder.embed(faces)
    number = {cell: i for i, cell in enumerate(files)}
    of_row = [number.get(cell, len(files)) for cell in cells]
    lost[len(files)] = LeftOut(len(files), "empty cell", "without a file", "")
    return Column(
        name, cells, {k: v[of_row] for k, v in vectors.items()}, [lost.get(i) for i in of_row]
    )


def pictures(detect: Detector) -> Read:
    """A function that reads pictures, and finds the largest face in each."""
    return lambda paths: FaceSet.of_files(paths, detect)


def made_by(model: Model, detect: Detector, geometry: str | None) -> Read:
    """A function that makes a face of each recording.

    Args:
        model: Model that makes the faces.
        detect: Detector that finds them, as those of other systems.
        geometry: How they lie in pictures, a name of ``faces.GEOMETRIES``; None: they are
            detected.
    """

    def read(paths: Sequence[Path]) -> tuple[FaceSet, list[LeftOut]]:
        made: list[UInt8s] = []
        rows: list[int] = []
        left_out: list[LeftOut] = []
        for row, path in enumerate(paths):
            try:
                made.append(np.asarray(model.reconstruct(path).picture))
                rows.append(row)
            except AudioError as error:
                left_out.append(LeftOut(row, error.thing, "recording not usable", error.found))
        if geometry is not None:
            px = model.generator.px
            crops = np.array(made, np.uint8).reshape(-1, px, px, 3)
            return FaceSet.of_crops(crops, geometry), left_out
        faces, without = FaceSet.of_pictures(made, detect)
        left_out += [replace(one, row=rows[one.row], reason="made no face") for one in without]
        return faces, left_out

    return read


def _cell(values: Sequence[str], index: int) -> str:
    """A cell of a row, which may be shorter than the header."""
    return values[index] if index < len(values) else ""
