"""The layout of a table or folder."""

import os
from pathlib import Path

from voice2face.corpus.schema import LAYOUTS, Layout
from voice2face.corpus.sources.cohort import is_cohort, read_cohort
from voice2face.corpus.sources.found import Tree
from voice2face.corpus.sources.joined import (
    PROCESSED,
    VOXCELEB,
    VOXCELEB_ALIGNED,
    fits,
    read_joined,
)
from voice2face.corpus.sources.table import Columns, Table, read_table
from voice2face.corpus.sources.videos import is_videos, read_videos
from voice2face.errors import CorpusError, one_of

Source = Table | Tree

_WANTED = (
    "a table (CSV or Parquet), a cohort (cohort.json), or a folder of the layout voxceleb (voices/ "
    "and faces/), processed (fbank/ and VGG_ALL_FRONTAL/) or videos (IDENTITY/*.mp4)"
)
_TABLES = (".csv", ".tsv", ".parquet")


def read_source(
    path: Path,
    layout: str | None = None,
    columns: Columns = Columns(),  # noqa: B008 (it is frozen)
    *,
    aligned: bool = False,
) -> Source:
    """Read what a source says about its recordings, pictures and videos; none of them is opened.

    Args:
        path: A table or a folder.
        layout: One of ``schema.LAYOUTS``; None: it is found out.
        columns: Columns of a table, where they have other names.
        aligned: The pictures are aligned faces. Those of the layouts processed and cohort are.

    Raises:
        CorpusError: Nothing there, not of the layout, or of none that is known.
        SettingsError: No layout has that name.
    """
    path, named = Path(path).absolute(), layout and one_of("layout", layout, LAYOUTS)
    try:
        if not os.path.lexists(path):
            raise CorpusError(path, "no such file or folder", _WANTED, "correct the path")
        return _read(path, named or _detect(path), columns, aligned)
    except (OSError, ValueError) as error:  # no permission; a name that no file can have
        raise CorpusError(path, str(error), _WANTED, "correct the path") from error


def _read(path: Path, name: str, columns: Columns, aligned: bool) -> Source:
    if name == "table":
        return read_table(path, columns, aligned=aligned)
    if name == "cohort":
        return read_cohort(path)
    if not path.is_dir():
        raise CorpusError(
            path, "a file", f"a folder of the layout '{name}'", "name the folder, or drop --layout"
        )
    if name == "videos":
        return read_videos(path)
    voxceleb = VOXCELEB_ALIGNED if aligned else VOXCELEB
    return read_joined(path, PROCESSED if name == "processed" else voxceleb)


def _detect(path: Path) -> Layout:
    if is_cohort(path):
        return "cohort"
    if not path.is_dir():
        return "table"
    for plan in (PROCESSED, VOXCELEB):
        if fits(path, plan):
            return plan.layout
    if is_videos(path):
        return "videos"
    names = sorted(os.listdir(path), key=os.fsencode)  # noqa: PTH208
    table = next((name for name in names if name.lower().endswith(_TABLES)), None)
    raise CorpusError(
        path,
        f"a folder of no known layout, with {_listed(names)}",
        _WANTED,
        f"name the table {table[:80]} itself" if table else "correct the path, or name --layout",
    )


def _listed(names: list[str]) -> str:
    if not names:
        return "nothing in it"
    return ", ".join(name[:40] for name in names[:6]) + (", …" if len(names) > 6 else "")
