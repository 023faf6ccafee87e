"""``OUT.partial``: where a corpus grows until it is whole, however often that is interrupted."""

import contextlib
import hashlib
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from voice2face.corpus.prepare.inputs import Inputs
from voice2face.corpus.prepare.journal import NAME as JOURNAL_NAME
from voice2face.corpus.prepare.journal import Journal
from voice2face.corpus.prepare.ledger import TooManyLostError
from voice2face.corpus.prepare.work import Recipe
from voice2face.corpus.schema import INFO_NAME, SourceInfo
from voice2face.errors import BusyError, CorpusError, OutputError, reason_of
from voice2face.files import writing
from voice2face.settings import Settings

WORTH_KEEPING_S = 30  # seconds of work, when a run must be called off


class Job(Settings, frozen=True, kw_only=True):
    """The request of a run: all that decides what the corpus holds."""

    program: str
    sources: tuple[SourceInfo, ...]
    preset: str
    recipe: Recipe
    detector: str | None
    split_rule: str
    files: str  # checksum of the files that the sources name: paths, sizes, times of change


@dataclass(frozen=True)
class Workplace:
    """A folder that this process alone works in.

    Args:
        folder: Becomes the corpus at the end.
        journal: What is done.
        finished: The corpus is whole already: the run was killed while it tidied up.
    """

    folder: Path
    journal: Journal
    finished: bool


def check_free(out: Path, restart: bool) -> None:
    """Refuse a place where something is, unless it is what an interrupted run left.

    Raises:
        OutputError: It is a file, a folder that is not empty, or cannot be looked at.
    """
    partial = _partial(out)
    try:
        if partial.exists() and not partial.is_dir():
            raise OutputError(partial, "is a file", "a folder for unfinished work", "remove it")
        if not out.exists() or (out.is_dir() and not any(out.iterdir())):
            return
        if not restart and (out / INFO_NAME).exists() and (partial / JOURNAL_NAME).exists():
            return  # perhaps killed while it tidied up: the journal will tell
    except OSError as error:
        raise OutputError(out, reason_of(error), "a folder", "choose another folder") from error
    raise _taken(out)


def check_outside(out: Path, sources: Iterable[Path]) -> None:
    """Refuse a place inside a folder that is read: the next run would find the corpus there.

    Raises:
        OutputError: It is.
    """
    for source in sources:
        if out.is_relative_to(source.resolve()):
            found = f"lies inside the source {source}"
            raise OutputError(out, found, "a place outside of it", "choose another folder")


@contextlib.contextmanager
def workplace(out: Path, job: Job, restart: bool) -> Iterator[Workplace]:
    """Open or make ``OUT.partial``; on success its content becomes ``out``, else it stays.

    A new run that soon ends because too much is left out leaves nothing.

    Args:
        out: The corpus.
        job: Unfinished work must have been asked for the same.
        restart: Throw unfinished work away.

    Raises:
        CorpusError: Unfinished work that was asked for something else, or that is damaged, or
            that another process is at.
        OutputError: Something could not be written.
    """
    partial, worthless, started = _partial(out), False, time.monotonic()
    with writing(out):
        partial.mkdir(parents=True, exist_ok=True)
        if restart:
            _clear(partial)
    try:
        with Journal.open(partial) as journal:
            known = _check_job(partial, journal, job)
            folder = partial / "corpus"
            whole = (out / INFO_NAME).exists()
            if whole and (folder.exists() or not known):
                worthless = not known
                raise _taken(out)
            if not whole:
                with writing(out):
                    folder.mkdir(exist_ok=True)
                    for half in folder.glob(".*"):  # being written when a run was killed
                        half.unlink()
            try:
                yield Workplace(folder, journal, finished=whole)
            except TooManyLostError:  # the next run will be of other files
                worthless = not known and time.monotonic() - started < WORTH_KEEPING_S
                raise
            if not whole:
                with writing(out):
                    if out.exists():
                        out.rmdir()  # fails if somebody has filled it since
                    folder.replace(out)
        worthless = True
    finally:
        if worthless:
            shutil.rmtree(partial, ignore_errors=True)


def _taken(out: Path) -> OutputError:
    found = "a corpus" if (out / INFO_NAME).exists() else "something else"
    return OutputError(
        out,
        f"holds {found} already" if out.is_dir() else "is a file",
        "a new or empty folder",
        "choose another folder or remove it",
    )


def listing_hash(inputs: Inputs) -> str:
    """Checksum of which files there are to read: their order, paths, sizes and times of change."""
    digest = hashlib.sha256()
    for item in inputs.usable:
        path = os.fsencode(inputs.roots[item.source] / item.path)
        try:
            found = os.stat(path)  # noqa: PTH116  (a path of bytes)
            state = f"{found.st_size} {found.st_mtime_ns}"
        except (OSError, ValueError):
            state = "missing"
        line = f"{item.reader} {item.identity} {item.name} {state} ".encode(
            "utf-8", "surrogateescape"
        )
        digest.update(line + path + b"\0")
    return digest.hexdigest()


def _partial(out: Path) -> Path:
    return out.with_name(f"{out.name}.partial")


def _clear(partial: Path) -> None:
    """Empty the folder, but not under the hands of another process."""
    try:
        with Journal.open(partial):
            shutil.rmtree(partial / "corpus", ignore_errors=True)
    except BusyError:
        raise
    except CorpusError:
        pass  # a damaged journal goes with the rest
    for file in partial.iterdir():
        if file.is_file():
            file.unlink()


def _check_job(partial: Path, journal: Journal, job: Job) -> bool:
    """Whether work of this kind has been begun before; if none has, it is now."""
    before = journal.job()
    if before is None:
        journal.begin(msgspec.json.encode(job))
        return False
    try:
        old = msgspec.json.decode(before, type=Job)
        names = {"files": "files (some were changed, added or removed)", "recipe": "settings"}
        differing = [n for n in Job.__struct_fields__ if getattr(old, n) != getattr(job, n)]
        found = ", ".join(names.get(name, name.replace("_", " ")) for name in differing)
    except msgspec.DecodeError:
        found = "version of the program"
    if found:
        raise CorpusError(
            partial,
            f"unfinished work with other {found}",
            "the same command",
            "give that again, or begin anew: --restart",
        )
    return True
