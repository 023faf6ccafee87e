"""Write a model folder: its parts, configuration and card (no torch).

How the report's networks become parts: :mod:`voice2face.release.network_parts`.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt
from msgspec.structs import replace

from voice2face.errors import ModelError, OutputError
from voice2face.files import sha256_of, write_text
from voice2face.parts import Part, checked_file, write_arrays
from voice2face.release.card import model_card
from voice2face.release.model_folder import CARD, CONFIG, Facts, ModelConfig, read_config
from voice2face.settings import to_yaml


@dataclass(frozen=True)
class NewPart:
    """A part that is not in a folder yet.

    Attributes:
        part: Its kind and settings; checksums are filled in when it is written.
        write: Writes its files into a folder that holds nothing of other parts' names.
    """

    part: Part
    write: Callable[[Path], None]


def part_of_arrays(part: Part, file: str, arrays: Mapping[str, npt.NDArray[Any]]) -> NewPart:
    """A part whose one file holds arrays.

    Args:
        part: Its kind and settings.
        file: The file's name in a model folder.
        arrays: What it holds.
    """
    return NewPart(part, lambda folder: write_arrays(folder / file, arrays))


def copied_part(folder: Path, part: Part, place: Path | None = None) -> NewPart:
    """A part that is copied from another folder.

    Args:
        folder: Where its files lie.
        part: Part with their checksums.
        place: Path of its one file, if that has another name there.
    """

    def write(into: Path) -> None:
        for name, sha256 in part.files.items():
            shutil.copyfile(checked_file(place or folder / name, sha256), into / name)

    return NewPart(part, write)


def write_release(
    out: Path,
    name: str,
    parts: Sequence[NewPart],
    provenance: Facts | None = None,
    *,
    remarks: str = "",
) -> Path:
    """Write a model folder; an older one there is replaced once the new one is whole.

    Args:
        out: The folder.
        name: Name of the model.
        parts: At most one of each role.
        provenance: Facts about how it was made.
        remarks: Markdown for the card: what the faces look like, say.

    Returns:
        ``out``.

    Raises:
        ModelError: A part can't be written.
        OutputError: It could not be written, or ``out`` holds something else.
    """
    check_replaceable(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        written = tuple(_write_part(new, temporary) for new in parts)
        config = ModelConfig(name=name, parts=written, provenance=provenance or {})
        write_text(temporary / CARD, model_card(config, remarks))
        write_text(temporary / CONFIG, to_yaml(config))
        temporary.chmod(0o755)
        _take_place(temporary, out)
    except OSError as error:
        raise OutputError(out, f"could not be written ({error})", "room", "free some") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return out


def _write_part(new: NewPart, folder: Path) -> Part:
    """The part with the checksums of the files that it has written."""
    before = {entry.name for entry in folder.iterdir()}
    new.write(folder)
    names = sorted({entry.name for entry in folder.iterdir()} - before)
    return replace(new.part, files={name: sha256_of(folder / name) for name in names})


def check_replaceable(out: Path) -> None:
    """See that a model may be written to ``out``: nothing is there, or an older model alone.

    Raises:
        OutputError: Something else is there.
    """
    if not os.path.lexists(out):
        return
    if out.is_symlink() or not out.is_dir():
        raise OutputError(out, "a file", "a folder", "choose another")
    names = {entry.name for entry in out.iterdir()}
    try:
        own = {CONFIG, CARD, *read_config(out).sha256}
    except ModelError:
        own = set()
    if names - own:
        found = "a folder with other files"
        raise OutputError(out, found, "a new folder, or a model to replace", "choose another")


def _take_place(new: Path, out: Path) -> None:
    """Move a folder to where an older one may be; at every moment one of them is whole."""
    if not out.exists():
        new.replace(out)
        return
    old = out.with_name(f"{new.name}.old")
    out.replace(old)
    new.replace(out)
    shutil.rmtree(old, ignore_errors=True)
