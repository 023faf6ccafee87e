"""Faces of many recordings: which there are, what each picture is called, several at a time."""

import os
import unicodedata
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from voice2face.audio.speech import Speech, read_speech
from voice2face.errors import AudioError, OutputError, Voice2FaceError, one_line
from voice2face.files import check_free, write_bytes
from voice2face.media import Recordings, recordings_in
from voice2face.release.inference import Model
from voice2face.release.provenance import png_bytes, provenance_of, write_picture
from voice2face.release.reconstruction import to_picture

if TYPE_CHECKING:
    from PIL.Image import Image

    from voice2face.voice_encoders.heard import Heard
    from voice2face.voice_encoders.listening import Speaker
    from voice2face.voice_encoders.speakers import Speakers

SHEET = "sheet"
OTHER_PICTURES = frozenset({".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp"})


@dataclass(frozen=True)
class Job:
    """One recording and the pictures that it becomes.

    Attributes:
        source: The recording.
        target: The face.
        drawn: People who might have this voice.
    """

    source: Path
    target: Path
    drawn: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Wanted:
    """What is made of each recording.

    Attributes:
        label: Written under each face; empty: nothing.
        px: Side of the pictures; None: the model's own.
        speaker: ``longest``: whoever speaks longest of several people; ``all``: all speech.
        force: Pictures that this program didn't make may be replaced.
    """

    label: str = ""
    px: int | None = None
    speaker: "Speaker" = "all"
    force: bool = False


@dataclass(frozen=True)
class Plan:
    """What becomes of which recording.

    Attributes:
        jobs: Each recording and its picture.
        sheet: Where the sheet of all goes.
        left_out: Files in the named folders that are no recordings.
        unreadable: Folders in them that could not be read, each with the reason.
    """

    jobs: list[Job]
    sheet: Path
    left_out: list[Path]
    unreadable: list[tuple[Path, str]]


@dataclass(frozen=True)
class Done:
    """What is kept for a recording.

    Attributes:
        picture: The face.
        drawn: People who might have this voice.
        seconds: Length of the recording.
        speech_s: Length of the speech in it; None where the model does not say.
        heard: Gender and age; None where the model does not say.
        speakers: Who speaks when; None where the model does not say.
    """

    picture: "Image"
    drawn: list["Image"]
    seconds: float
    speech_s: float | None
    heard: "Heard | None"
    speakers: "Speakers | None"


def plan(inputs: Sequence[Path], out: Path, sheet: bool, n_drawn: int = 0) -> Plan:
    """Name the pictures of every recording, and the sheet, never the same twice.

    Args:
        inputs: Recordings, and folders of them.
        out: A folder, or a PNG file for one recording.
        sheet: Whether a sheet is wanted.
        n_drawn: Drawn faces beside each: NAME-drawn-1.png and so on.

    Raises:
        AudioError: A folder holds no recording.
        OutputError: One file is to hold several pictures, or a file is where a folder must go.
    """
    found = [_recordings(path) for path in inputs]
    folders = {file: path for path, part in zip(inputs, found, strict=True) for file in part.files}
    sources = list(folders)
    left_out = list(dict.fromkeys(path for part in found for path in part.others))
    unreadable = list(dict.fromkeys(folder for part in found for folder in part.unreadable))
    names = _Names()
    if _is_picture(out):
        if len(sources) > 1:
            raise OutputError(
                out, f"one file for {len(sources)} faces", "a folder", "give -o a folder"
            )
        job = Job(sources[0], out, names.drawn(out.parent, names.free(out.stem), n_drawn))
        beside = out.with_name(f"{names.free(SHEET)}.png")
        return Plan([job], beside, left_out, unreadable)
    if os.path.lexists(out) and not _is_folder(out):
        raise OutputError(out, "a file", "a folder, or NAME.png", "choose another -o")
    sheet_path = out / f"{names.free(SHEET) if sheet else SHEET}.png"
    n_called = Counter(_Names.key(source.stem) for source in sources)
    stems = {
        source: names.free(source.stem if n_called[_Names.key(source.stem)] == 1 else place)
        for source, place in _places(folders)
    }
    jobs = [
        Job(source, out / f"{stem}.png", names.drawn(out, stem, n_drawn))
        for source, stem in stems.items()
    ]
    return Plan(jobs, sheet_path, left_out, unreadable)


class _Names:
    """Names of files, each given out once."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def free(self, name: str) -> str:
        """The name, or the first of NAME-2, NAME-3, ... that nothing has."""
        found, number = name, 1
        while (key := self.key(found)) in self._taken:
            number += 1
            found = f"{name}-{number}"
        self._taken.add(key)
        return found

    def drawn(self, folder: Path, stem: str, n: int) -> tuple[Path, ...]:
        """Names of the faces that are drawn beside NAME.png."""
        numbers = range(1, n + 1)
        return tuple(folder / f"{self.free(f'{stem}-drawn-{number}')}.png" for number in numbers)

    @staticmethod
    def key(name: str) -> str:
        """One text for all names that may be the same file."""
        # Neither case nor how an accent is written tells files apart everywhere.
        return unicodedata.normalize("NFC", name).casefold()


def _places(folders: Mapping[Path, Path]) -> Iterator[tuple[Path, str]]:
    """Each recording, and its path within the named folder as one name: ``FOLDER-NAME``."""
    for source, named in folders.items():
        inside = source.relative_to(named).parts[:-1]
        yield source, "-".join((*inside, source.stem))


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
    """The file that is named, whatever its suffix, or all recordings in a folder."""
    if not _is_folder(path):
        return Recordings([path])
    found = recordings_in(path)
    if not found.files:
        held = f" ({len(found.others)} other files)" if found.others else ""
        remedy = "name a recording, or another folder"
        raise AudioError(path, f"a folder without recordings{held}", "at least one", remedy)
    return found


def carry_out(
    model: Model,
    jobs: Sequence[Job],
    wanted: Wanted,
    read: Callable[[Path], Speech] = read_speech,
) -> Generator[tuple[Job, Done | Voice2FaceError], None, None]:
    """Each job's outcome in order, while the next are under way.

    Args:
        model: Makes the faces.
        jobs: Each picture is written as soon as it is made.
        wanted: What is made of each recording.
        read: Reads a recording.

    Yields:
        A job and what came of it. A recording's error is an outcome; the model's own is raised.
    """

    def work(job: Job) -> Done | Voice2FaceError:
        try:
            return _made(model, job, wanted, read)
        except (AudioError, OutputError) as error:
            return error

    pool = ThreadPoolExecutor(os.cpu_count() or 1)
    pool.submit(model.read)  # beside the first decoding; what is wrong with it shows at first use
    try:
        yield from zip(jobs, pool.map(work, jobs), strict=True)
    finally:
        pool.shutdown(cancel_futures=True)  # on Ctrl-C, what is begun is ended and no more


def _made(model: Model, job: Job, wanted: Wanted, read: Callable[[Path], Speech]) -> Done:
    """The pictures of one recording, written."""
    for path in (job.target, *job.drawn):
        check_free(path, force=wanted.force)
    made = model.reconstruct_speech(read(job.source), speaker=wanted.speaker)
    pictures = [made.picture]
    if job.drawn:
        pictures += map(to_picture, made.faces(len(job.drawn)))
    shown = []
    for number, path in enumerate((job.target, *job.drawn)):
        person = f"person {number} drawn who might have this voice" if number else ""
        shown.append(write_picture(path, pictures[number], model, wanted.px, person, wanted.label))
    return Done(shown[0], shown[1:], made.seconds, made.speech_s, made.heard, made.speakers)


def write_sheet_of(path: Path, done: Sequence[tuple[Job, Done]], model: Model) -> None:
    """Write one picture of all faces: its recording's name under each, and what was heard.

    Raises:
        OutputError: It could not be written.
    """
    from voice2face.release.contact_sheet import contact_sheet

    count = Counter(job.source.name for job, _ in done)
    shown = []
    for job, made in done:
        twice = count[job.source.name] > 1
        name = "/".join(job.source.parts[-2:]) if twice else job.source.name
        heard = f"\n{made.heard}".replace(", ", "\n") if made.heard else ""
        shown.append((made.picture, f"{one_line(name)}{heard}"))
        shown += [(picture, f"drawn, {n}") for n, picture in enumerate(made.drawn, start=1)]
    per_voice = 1 + max(len(made.drawn) for _, made in done)
    sheet = contact_sheet(shown, model.config.name, per_voice if per_voice > 1 else None)
    write_bytes(path, png_bytes(sheet, provenance_of(model, f"{len(shown)} faces on one sheet")))
