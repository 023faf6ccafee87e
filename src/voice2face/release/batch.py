"""Faces of many recordings: which there are, what each picture is called, several at a time."""

import os
import unicodedata
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from voice2face.audio.speech import Speech, read_speech
from voice2face.errors import AudioError, OutputError, Voice2FaceError
from voice2face.files import check_free, write_bytes
from voice2face.media import Recordings, recordings_in
from voice2face.release.inference import Model
from voice2face.release.provenance import png_bytes, provenance_of

if TYPE_CHECKING:
    from PIL.Image import Image

SHEET = "sheet"
OTHER_PICTURES = frozenset({".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp"})


@dataclass(frozen=True)
class Job:
    """One recording and the picture that it becomes."""

    source: Path
    target: Path


@dataclass(frozen=True)
class Plan:
    """What becomes of which recording.

    Attributes:
        jobs: Each recording and its picture.
        sheet: Where the sheet of all goes.
        left_out: Files in the folders that were named which are no recordings.
        unreadable: Folders in them that could not be read, each with the reason.
    """

    jobs: list[Job]
    sheet: Path
    left_out: list[Path]
    unreadable: list[tuple[Path, str]]


@dataclass(frozen=True)
class Done:
    """What is kept of a recording: the picture, the length of it and of the speech in it."""

    picture: "Image"
    seconds: float
    speech_s: float | None


def plan(inputs: Sequence[Path], out: Path, sheet: bool) -> Plan:
    """Name the picture of every recording, and the sheet, never the same twice.

    Raises:
        AudioError: A folder holds no recording.
        OutputError: One file is to hold several pictures, or a file is where a folder must go.
    """
    found = [_recordings(path) for path in inputs]
    sources = list(dict.fromkeys(path for part in found for path in part.files))
    left_out = list(dict.fromkeys(path for part in found for path in part.others))
    unreadable = list(dict.fromkeys(folder for part in found for folder in part.unreadable))
    names = _Names()
    if _is_picture(out):
        if len(sources) > 1:
            raise OutputError(
                out, f"one file for {len(sources)} faces", "a folder", "give -o a folder"
            )
        names.free(out.stem)
        beside = out.with_name(f"{names.free(SHEET)}.png")
        return Plan([Job(sources[0], out)], beside, left_out, unreadable)
    if os.path.lexists(out) and not _is_folder(out):
        raise OutputError(out, "a file", "a folder, or NAME.png", "choose another -o")
    sheet_path = out / f"{names.free(SHEET) if sheet else SHEET}.png"
    jobs = [Job(source, out / f"{names.free(source.stem)}.png") for source in sources]
    return Plan(jobs, sheet_path, left_out, unreadable)


class _Names:
    """Names of files that were given away."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def free(self, name: str) -> str:
        """The name, or the first of NAME-2, NAME-3, ... that nothing has."""
        found, number = name, 1
        while (key := self._key(found)) in self._taken:
            number += 1
            found = f"{name}-{number}"
        self._taken.add(key)
        return found

    @staticmethod
    def _key(name: str) -> str:
        # Neither case nor how an accent is written tells files apart everywhere.
        return unicodedata.normalize("NFC", name).casefold()


def _is_picture(out: Path) -> bool:
    suffix = out.suffix.lower()
    if _is_folder(out):
        return False
    if suffix in OTHER_PICTURES:
        raise OutputError(out, f"ends with {out.suffix}", "NAME.png, or a folder", "rename it")
    return suffix == ".png"


def _is_folder(path: Path) -> bool:
    return os.path.isdir(path)  # noqa: PTH112  (Path's raises on a name that is too long)


def _recordings(path: Path) -> Recordings:
    """What is named: a file, whatever it is called, or all that a folder holds."""
    if not _is_folder(path):
        return Recordings([path])
    found = recordings_in(path)
    if not found.files:
        n_others = len(found.others)
        held = (
            f"a folder without recordings ({n_others} other files)"
            if n_others
            else ("a folder without recordings")
        )
        raise AudioError(path, held, "at least one", "name a recording, or another folder")
    return found


def carry_out(
    model: Model,
    jobs: Sequence[Job],
    label: str,
    read: Callable[[Path], Speech] = read_speech,
    *,
    force: bool = False,
) -> Generator[tuple[Job, Done | Voice2FaceError], None, None]:
    """Each job's outcome in order, while the next are under way.

    Args:
        model: Makes the faces.
        jobs: Each picture is written as soon as it is made.
        label: Written under each face; empty: nothing.
        read: Reads a recording.
        force: Pictures that this program didn't make may be replaced.

    Yields:
        A job and what came of it. A recording's error is an outcome; the model's own is raised.
    """
    about = provenance_of(model)

    def work(job: Job) -> Done | Voice2FaceError:
        try:
            check_free(job.target, force=force)
            made = model.reconstruct_speech(read(job.source))
            write_bytes(job.target, png_bytes(made.picture, about, label))
        except (AudioError, OutputError) as error:
            return error
        return Done(made.picture, made.seconds, made.speech_s)

    pool = ThreadPoolExecutor(os.cpu_count() or 1)
    pool.submit(model.read)  # beside the first decoding; what is wrong with it shows at first use
    try:
        yield from zip(jobs, pool.map(work, jobs), strict=True)
    finally:
        pool.shutdown(cancel_futures=True)  # on Ctrl-C, what is begun is ended and no more


def write_sheet_of(path: Path, done: Sequence[tuple[Job, Done]], model: Model) -> None:
    """Write one picture of all faces, each with its recording's name.

    Raises:
        OutputError: It could not be written.
    """
    from voice2face.faces.contact_sheet import write_sheet

    count = Counter(job.source.name for job, _ in done)
    labels = (
        job.source.name if count[job.source.name] == 1 else "/".join(job.source.parts[-2:])
        for job, _ in done
    )
    write_sheet(
        path,
        [(made.picture, label) for (_, made), label in zip(done, labels, strict=True)],
        model.config.name,
        provenance_of(model, f"{len(done)} faces on one sheet"),
    )
