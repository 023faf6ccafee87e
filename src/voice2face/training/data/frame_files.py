"""The cache of frames of recordings: where it lies, and how large it may grow."""

import contextlib
import math
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from voice2face.arrays import Float16s, Int64s
from voice2face.errors import OutputError, SettingsError
from voice2face.files import atomic_write
from voice2face.locks import locked

FOLDER_VARIABLE = "VOICE2FACE_CACHE"
LIMIT_VARIABLE = "VOICE2FACE_CACHE_GB"
MOST_GB = 50.0
SUFFIX = ".frames"
USED = "last-used"  # a file whose time says when frames were last read


def frames_folder() -> Path:
    """The folder that ``VOICE2FACE_CACHE`` names, or the user's place for such files.

    Raises:
        OutputError: The system does not say where that is.
    """
    if named := os.environ.get(FOLDER_VARIABLE):
        return Path(named)
    base = Path(os.environ.get("XDG_CACHE_HOME") or "")
    try:
        if not base.is_absolute():  # the specification: others are to be ignored
            base = Path.home() / ".cache"
    except RuntimeError as error:  # no home
        remedy = f"set {FOLDER_VARIABLE} to a folder"
        raise OutputError("cache of frames", str(error), "a home folder", remedy) from error
    return base / "voice2face" / "frames"


def limit_bytes() -> int:
    """Space that all frames may take: ``VOICE2FACE_CACHE_GB``, or 50 GB.

    Raises:
        SettingsError: The variable is no number.
    """
    text = os.environ.get(LIMIT_VARIABLE, str(MOST_GB))
    try:
        return int(float(text) * 1e9)
    except (ValueError, OverflowError) as error:
        raise SettingsError(LIMIT_VARIABLE, text, "a number of gigabytes", "set it") from error


def write_frames(path: Path, lengths: Int64s, frames: Float16s) -> None:
    """Write the frames of a shard's recordings, whole.

    Args:
        path: The file.
        lengths: Frames of each recording, shape (recordings,).
        frames: Frames of all recordings, end to end, shape (frames, frame_dim).

    Raises:
        OutputError: It could not be written.
    """
    from safetensors.numpy import save_file

    try:
        with atomic_write(path) as temporary:
            save_file({"lengths": lengths, "frames": frames}, temporary)
    except OutputError as error:
        raise _no_place(path, error.found) from error


class FrameFile:
    """The frames of a shard's recordings, open for reading.

    Args:
        path: The file.
        n_rows: Recordings of the shard.
        dim: Numbers of a frame.

    Raises:
        OSError: It is not there, or not such a file.
    """

    def __init__(self, path: Path, n_rows: int, dim: int) -> None:
        from safetensors import SafetensorError, safe_open

        try:
            file: Any = safe_open(path, framework="numpy")  # its methods have no types
            frames = file.get_slice("frames")
            self.lengths: Int64s = file.get_tensor("lengths")
        except SafetensorError as error:
            raise OSError(f"{path}: {error}") from error
        self._file = file
        shape, n_frames = tuple(frames.get_shape()), int(self.lengths.sum())
        if self.lengths.shape != (n_rows,) or shape != (n_frames, dim):
            raise OSError(f"{path}: frames of shape {shape} for {n_rows} recordings")
        self._starts = np.cumsum([0, *self.lengths])

    def rows(self, start: int, stop: int) -> list[Float16s]:
        """Frames of the recordings ``start`` to ``stop`` (exclusive), each (frames, frame_dim)."""
        first, last = int(self._starts[start]), int(self._starts[stop])
        block = self._file.get_slice("frames")[first:last]
        return np.split(block, self._starts[start + 1 : stop] - first)

    def stretch(self, row: int, where: float, n_frames: int) -> Float16s | None:
        """Some frames of one recording, which is repeated if it is shorter.

        Args:
            row: Number of the recording.
            where: Share of what its length allows, at which they begin.
            n_frames: How many.

        Returns:
            Shape (n_frames, frame_dim); None where the recording has no frames.
        """
        start, length = int(self._starts[row]), int(self.lengths[row])
        if length == 0:
            return None
        first = int(where * (max(length - n_frames, 0) + 1))
        wanted = self._file.get_slice("frames")
        if length >= n_frames:
            stretch: Float16s = wanted[start + first : start + first + n_frames]
            return stretch
        whole: Float16s = wanted[start : start + length]
        return whole[np.arange(n_frames) % length]


@contextlib.contextmanager
def claimed(path: Path, *, wait: bool) -> Iterator[bool]:
    """Claim a file that other processes may be writing: whether this process may write it.

    The claim ends with the process, however it ends. Where the system knows no such claims, two
    processes may do the same work.

    Args:
        path: The file to be written.
        wait: Wait until no other process works on it.

    Raises:
        OutputError: Nothing can be written there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        opened = path.with_suffix(".lock").open("w")
    except OSError as error:
        reason = error.strerror or str(error)
        raise _no_place(path, f"could not be written ({reason})") from error
    with opened as lock:
        yield locked(lock.fileno(), wait_s=math.inf if wait else 0.0)


def _no_place(path: Path, found: str) -> OutputError:
    remedy = f"set {FOLDER_VARIABLE} to a folder with room"
    return OutputError(path, found, "a place to keep frames in", remedy)


def mark_used(folder: Path) -> None:
    """Note that frames of a folder are in use."""
    with contextlib.suppress(OSError):
        (folder / USED).touch()


def make_room(root: Path, needed: int, keep: Path) -> None:
    """Remove the frames of corpora that were not read for longest, until there is room.

    What is removed while a training reads it is computed again when it is asked for.

    Args:
        root: The folder of all.
        needed: Bytes that are to be written.
        keep: The folder that they go to.
    """
    found = [folder for folder in root.glob("*") if folder.is_dir() and folder != keep]
    sizes = {folder: _size(folder) for folder in found}
    total = sum(sizes.values()) + _size(keep) + needed
    for folder in sorted(found, key=_last_used):
        if total <= limit_bytes():
            return
        shutil.rmtree(folder, ignore_errors=True)
        total -= sizes[folder]


def _size(folder: Path) -> int:
    total = 0
    for path in folder.glob(f"*{SUFFIX}"):
        with contextlib.suppress(OSError):
            total += path.stat().st_size
    return total


def _last_used(folder: Path) -> float:
    try:
        return (folder / USED).stat().st_mtime
    except OSError:
        return time.time()  # another process has only just begun it
