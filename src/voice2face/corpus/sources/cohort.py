"""The folder that ``voice2face cohort`` writes: a table of recordings and aligned pictures."""

from dataclasses import replace
from pathlib import Path

import msgspec

from voice2face.corpus.sources.table import Columns, Table, read_table
from voice2face.errors import CorpusError
from voice2face.files import stored_text

TABLE = "cohort.csv"
FACTS = "cohort.json"


def is_cohort(path: Path) -> bool:
    """Is it such a folder, or the table in one?"""
    folder = path if path.is_dir() else path.parent
    return (folder / FACTS).is_file() and (path == folder or path.name == TABLE)


def read_cohort(path: Path) -> Table:
    """Read the table of a cohort, given the folder or the table itself.

    Raises:
        CorpusError: No cohort, one that this version does not read, or one that was cut off.
    """
    from voice2face.synthetic.write import read_facts

    folder = path if path.is_dir() else path.parent
    if path not in (folder, folder / TABLE):
        raise CorpusError(path, "a file", f"the folder of a cohort or its {TABLE}", "name that")
    read_facts(folder)
    if not (folder / TABLE).is_file():
        raise CorpusError(
            folder,
            f"no {TABLE}: its making was cut off",
            "a whole cohort",
            "run the same `voice2face cohort` again, it completes the folder",
        )
    table = read_table(folder / TABLE, Columns(), aligned=True)
    path_of_folder = stored_text(str(folder.absolute()))
    info = msgspec.structs.replace(table.info, layout="cohort", path=path_of_folder)
    return replace(table, info=info)
