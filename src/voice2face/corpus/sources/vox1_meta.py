"""``vox1_meta.csv``: who VoxCeleb's numbers are in VGGFace."""

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from voice2face.corpus.sources.found import identity_of
from voice2face.errors import CorpusError
from voice2face.files import read_regular

NAME = "vox1_meta.csv"
HEADER = ("voxceleb_id", "gender", "nationality", "vox1_set")  # attributes of the corpus
_COLUMNS = {
    "voxceleb1 id": "voxceleb_id",
    "vggface1 id": "identity",
    "gender": "gender",
    "nationality": "nationality",
    "set": "vox1_set",
}
_GENDERS = {"m": "male", "f": "female"}
MAX_BYTES = 1 << 26


@dataclass(frozen=True)
class Meta:
    """The people of VoxCeleb1.

    Args:
        data: Content of the file.
        names: VGGFace name of each number such as ``id10001``.
        attributes: Attributes by VGGFace name, called as in ``HEADER``; empty cells are missing.
    """

    data: bytes
    names: dict[str, str]
    attributes: dict[str, dict[str, str]]


def is_number(folder: str) -> bool:
    """Is a folder named after a number of VoxCeleb, not after a person?"""
    return re.fullmatch(r"id\d{5}", folder, re.ASCII) is not None


def find_meta(root: Path) -> Meta | None:
    """Read the file that lies in a folder or beside it; None if there is none.

    Raises:
        CorpusError: It cannot be read, or is something else.
    """
    path = next((p for p in (root / NAME, root.parent / NAME) if p.exists()), None)
    if path is None:
        return None
    try:
        data = read_regular(path, MAX_BYTES)
        text = data.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter="\t", strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _damaged(path, str(error)) from error
    return _understand(path, data, rows)


def _understand(path: Path, data: bytes, rows: list[list[str]]) -> Meta:
    keys = [_COLUMNS.get(" ".join(cell.lower().split()), "") for cell in rows[0]] if rows else []
    if "voxceleb_id" not in keys or "identity" not in keys:
        raise _damaged(path, "no columns 'VoxCeleb1 ID' and 'VGGFace1 ID'")
    names: dict[str, str] = {}
    attributes: dict[str, dict[str, str]] = {}
    for number, row in enumerate(rows[1:], start=2):
        cells = {key: cell.strip() for key, cell in zip(keys, row, strict=False) if key}
        if not any(cells.values()):
            continue
        voxceleb_id, name = cells.get("voxceleb_id"), identity_of(cells.get("identity", ""))
        if not voxceleb_id or not name:
            raise _damaged(path, f"row {number} without a number or a name")
        if names.setdefault(voxceleb_id, name) != name:
            raise _damaged(path, f"row {number}: {voxceleb_id} is '{name}', before it was another")
        gender = cells.get("gender", "")
        cells["gender"] = _GENDERS.get(gender.lower(), gender)
        attributes.setdefault(name, {key: cells[key] for key in HEADER if cells.get(key)})
    if not names:
        raise _damaged(path, "no rows")
    return Meta(data, names, attributes)


def _damaged(path: Path, found: str) -> CorpusError:
    return CorpusError(
        path, found, "VoxCeleb1's table, parted by tabs", "download it again from VoxCeleb's page"
    )
