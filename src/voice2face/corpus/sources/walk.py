"""All files below a folder, in an order that is the same on every machine."""

import hashlib
import os
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from voice2face.corpus.schema import Reader
from voice2face.corpus.sources.found import (
    COMPANIONS,
    HIDDEN,
    OUTSIDE,
    Skip,
    suffix_of,
)
from voice2face.errors import CorpusError, reason_of
from voice2face.files import stored_text
from voice2face.media import Medium, medium_inside

_HIDDEN = frozenset({"Thumbs.db", "desktop.ini", "__MACOSX"})
_NOTES = ".align .ass .csv .htm .html .json .lab .log .md .pdf .rst .srt .textgrid .tsv .txt .vtt"
# A suffix that stands for all of what is inside.
_ENDING_OF: dict[Medium | None, str] = {"sound": ".wav", "video": ".mp4", "picture": ".png"}
_COMPANIONS = frozenset((_NOTES + " .xml .yaml .yml").split())


class Walk:
    """Goes through folders below one root and notes all that is no input.

    What a file is, its suffix says; where that is none that is known, its first bytes do.

    Names are sorted by their bytes; the files of a folder come before its subfolders. Symbolic
    links are followed where they stay below the root; a folder that has been read already, by a
    link to it, is not read again. Hidden files and companions (transcripts, notes) are counted in
    one line each kind. A link to a file is a file; one to a folder is none.

    Args:
        root: The folder; it may be a link itself.
    """

    def __init__(self, root: Path) -> None:
        self.root = str(root)
        self.n_files = 0
        self._real = os.path.realpath(root)
        self._sha256 = hashlib.sha256()
        self._left_out: list[Skip] = []
        self._hidden: list[str] = []
        self._companions: Counter[str] = Counter()

    def files(self, folder: str, readers: Mapping[str, Reader]) -> Iterator[tuple[str, Reader]]:
        """Paths (relative to the root) of the files that a layout reads, and how to read them.

        Args:
            folder: Relative to the root; '' is the root itself.
            readers: How files are read, by suffix in small letters.

        Raises:
            CorpusError: The folder itself cannot be read, or is a link that leads out of the root.
        """
        self._check_start(folder)
        entered: dict[tuple[int, int], str] = {}  # device and file number -> path
        stack = [folder]
        while stack:
            path = stack.pop()
            try:
                about = os.stat(self._full(path))  # noqa: PTH116
                first = entered.setdefault((about.st_dev, about.st_ino), path)
                if first != path:
                    detail = f"the folder {stored_text(first) or '.'} once more, by a link"
                    self._leave_out("folder", path, "repeated", detail, n_files=0)
                    continue
                with os.scandir(self._full(path)) as entries:
                    found = sorted(entries, key=lambda entry: os.fsencode(entry.name))
            except OSError as error:
                self._leave_out("folder", path, "unreadable folder", reason_of(error), n_files=0)
                continue
            prefix = f"{path}/" if path else ""
            folders: list[str] = []
            for entry in found:
                reader = self._look_at(prefix + entry.name, entry, readers, folders)
                if reader is not None:
                    yield prefix + entry.name, reader
            stack += reversed(folders)

    def note_outside(self, used: Collection[str]) -> None:
        """Note what lies beside the files and folders that a layout reads."""
        above = {""} | {path.rpartition("/")[0] for path in used}
        for folder in sorted(above):
            for name in sorted(os.listdir(self._full(folder)), key=os.fsencode):  # noqa: PTH208
                path = f"{folder}/{name}" if folder else name
                is_folder = Path(self._full(path)).is_dir()
                if path in used or path in above:
                    continue
                if _is_hidden(name):
                    self._hidden.append(path)
                elif not is_folder and suffix_of(name) in _COMPANIONS:
                    self._companions[suffix_of(name)] += 1
                else:
                    detail = f"of this layout are {', '.join(sorted(used))}"
                    kind = "folder" if is_folder else "file"
                    self._leave_out(kind, path, OUTSIDE, detail, self._n_files(path))

    def count(self, data: bytes) -> None:
        """Let the checksum depend on the content of a file, too."""
        self._sha256.update(hashlib.sha256(data).digest())

    @property
    def sha256(self) -> str:
        """Checksum of all paths and sizes so far, in order."""
        return self._sha256.hexdigest()

    @property
    def left_out(self) -> list[Skip]:
        """What was found and is no input."""
        result = list(self._left_out)
        if self._hidden:
            detail = f"{len(self._hidden)}, the first {stored_text(self._hidden[0])[:200]}"
            n_files = sum(map(self._n_files, self._hidden))
            result.append(Skip("file", None, ".", HIDDEN, detail, n_files))
        for suffix, n in sorted(self._companions.items()):
            result.append(Skip("file", None, ".", COMPANIONS, f"{n} {suffix}", n))
        return result

    def _full(self, path: str) -> str:
        return f"{self.root}/{path}" if path else self.root

    def _check_start(self, folder: str) -> None:
        start = self._full(folder)
        if not self._is_inside(os.path.realpath(start)):
            raise CorpusError(
                start,
                "a link out of the folder",
                "a folder inside",
                "name the folder that it leads to, or move it here",
            )
        try:
            os.scandir(start).close()
        except OSError as error:
            raise CorpusError(
                start, reason_of(error), "a folder that can be read", "correct its permissions"
            ) from error

    def _look_at(
        self,
        path: str,
        entry: "os.DirEntry[str]",
        readers: Mapping[str, Reader],
        folders: list[str],
    ) -> Reader | None:
        """Reader of a file that is an input; a folder is added to ``folders``."""
        if _is_hidden(entry.name):
            self._hidden.append(path)
            return None
        try:
            if entry.is_symlink() and not self._is_inside(os.path.realpath(entry.path)):
                n_files = 1 - entry.is_dir()
                detail = "it is not followed"
                self._leave_out("file", path, "link out of the folder", detail, n_files)
            elif entry.is_dir():
                folders.append(path)
            elif entry.is_file():
                return self._reader(path, entry.stat().st_size, readers)
            elif entry.is_symlink():
                self._leave_out("file", path, "missing file", "a link to nothing")
            else:
                self._leave_out("file", path, "unknown file", "neither file nor folder")
        except OSError as error:
            self._leave_out("file", path, "unreadable file", reason_of(error))
        return None

    def _reader(self, path: str, n_bytes: int, readers: Mapping[str, Reader]) -> Reader | None:
        suffix = suffix_of(path)
        reader = readers.get(suffix)
        if reader is None and suffix not in _COMPANIONS:
            reader = readers.get(_ENDING_OF.get(medium_inside(self._full(path)), ""))
        if reader is not None:
            self.n_files += 1
            self._sha256.update(b"%s\0%d\0" % (os.fsencode(path), n_bytes))
        elif suffix in _COMPANIONS:
            self._companions[suffix] += 1
        else:
            detail = f"suffix {stored_text(suffix)[:40]!r}" if suffix else "no suffix"
            self._leave_out("file", path, "unknown file", detail)
        return reader

    def _is_inside(self, real: str) -> bool:
        return real == self._real or real.startswith(self._real.rstrip(os.sep) + os.sep)

    def _leave_out(self, kind: str, path: str, reason: str, detail: str, n_files: int = 1) -> None:
        where = stored_text(path) or "."
        self._left_out.append(Skip(kind, None, where, reason, detail, n_files))

    def _n_files(self, path: str) -> int:
        """Files below a folder that is not read; 1 for a file, 0 for a link to a folder."""
        full = self._full(path)
        if not os.path.isdir(full):  # noqa: PTH112
            return 1
        if os.path.islink(full):  # noqa: PTH114
            return 0
        return sum(len(names) for _, _, names in os.walk(full))


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name in _HIDDEN
