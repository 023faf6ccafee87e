"""A run's folder: nothing of others in it, one run at a time, checkpoints in the background."""

import contextlib
import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch

from voice2face.corpus import Corpus
from voice2face.corpus.schema import INFO_NAME
from voice2face.errors import TrainingError
from voice2face.files import write_bytes
from voice2face.locks import locked
from voice2face.release.writing import check_replaceable
from voice2face.training.checkpoint import State, say, steps_done, tensors
from voice2face.training.data.cuda_streams import after, mark
from voice2face.training.distributed import ALONE, Team

CPU = torch.device("cpu")
TEMPORARY = re.compile(r"\.[0-9a-f]{16}(\.\w+)?")  # names of `files.atomic_write`
WAIT_S = 10.0  # for what is left of a run that was killed to end


def opened_corpus(folder: Path, out: Path, *, resume: bool = False, team: Team = ALONE) -> Corpus:
    """The corpus of a training, every shard compared with its checksum.

    Args:
        folder: The corpus.
        out: Folder of the run, which is looked at first; the model goes to ``out/model``.
        resume: A run may be there.
        team: The processes that train together; the leader looks whether a run is there.

    Raises:
        CorpusError: The corpus can't be read.
        OutputError: Something that is no model is in the model's place.
        TrainingError: A run or a corpus is there already.
    """
    check_replaceable(out / "model")
    if team.is_leader:
        check_unused(out, resume)
    return Corpus.open(folder, verify=True)


def check_unused(out: Path, resume: bool) -> None:
    """Refuse a folder that holds a run, unless that is to be resumed; to be asked before long work.

    Raises:
        TrainingError: It holds one, or a corpus, or is a file.
    """
    if out.is_file() or (out / INFO_NAME).is_file():
        found = "a file" if out.is_file() else "a corpus"
        raise TrainingError(out, found, "a folder of its own", "choose another OUT")
    steps = steps_done(out / "checkpoints")
    if steps is not None and not resume:
        raise TrainingError(
            out,
            f"holds a run of {steps} steps",
            "an empty folder",
            "--resume goes on with it, another folder starts afresh",
        )


@contextlib.contextmanager
def alone(out: Path, folder: Path) -> Iterator[None]:
    """Keep a run's folders for this process, remove leftovers, and see that they can be written.

    Args:
        out: Folder of the run.
        folder: Folder of its checkpoints.

    Raises:
        OutputError: A checkpoint could not be written there.
        TrainingError: Another run is at work there.
    """
    probe = folder / ".writable"
    write_bytes(probe, b"before hours of work, not after them")
    probe.unlink(missing_ok=True)
    descriptor = os.open(folder, os.O_RDONLY) if os.name == "posix" else -1
    try:
        if not locked(descriptor, wait_s=WAIT_S):
            found, wanted = "another run is at work there", "one at a time"
            raise TrainingError(out, found, wanted, "wait for its end")
        for place in (out, folder, out / "samples"):
            for left in place.glob(".*"):
                if TEMPORARY.fullmatch(left.name) and left.is_file():
                    left.unlink(missing_ok=True)
        yield
    finally:
        if descriptor >= 0:
            os.close(descriptor)


class Writer:
    """Writes one checkpoint after the other.

    A state on an accelerator is copied within its memory, then fetched and written in the
    background while training goes on. An error of that is raised at the next call.
    """

    def __init__(self, background: bool) -> None:
        self._pool = ThreadPoolExecutor(1) if background else None
        self._pending: Future[object] | None = None

    def write(self, call: Callable[[State], object], state: State) -> None:
        """Call with the state as it is now, after the one before is done.

        Raises:
            OutputError: One of the two could not be written.
        """
        self.wait()
        if self._pool is None:
            call(state)
        else:
            device = next((t.device for _, t in tensors(state) if t.is_cuda), CPU)
            copied, passed = _copied(state), mark(device)

            def fetch_and_call() -> None:
                with after(device, passed):
                    fetched = _fetched(copied)
                call(fetched)

            self._pending = self._pool.submit(fetch_and_call)

    def check(self) -> None:
        """Raise the error of a write that has failed meanwhile."""
        if self._pending is not None and self._pending.done():
            self.wait()

    def wait(self) -> None:
        """Until what is asked for is written."""
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.result()

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            self.wait()
        except Exception as error:
            if kind is None:
                raise
            say(str(error))  # what ended the run comes first
        finally:
            if self._pool is not None:
                self._pool.shutdown()


def _copied(state: State) -> Any:
    """Copies on the tensors' own devices, where there is room."""
    try:
        return _each(state, lambda tensor: tensor.detach().clone())
    except torch.OutOfMemoryError:
        return _each(state, lambda tensor: tensor.detach().to("cpu", copy=True))


def _fetched(state: State) -> Any:
    return _each(state, lambda tensor: tensor.to("cpu"))


def _each(state: Any, change: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    """A copy of a nested structure with all tensors changed."""
    if isinstance(state, torch.Tensor):
        return change(state)
    if isinstance(state, dict):
        return {key: _each(value, change) for key, value in state.items()}
    if isinstance(state, list | tuple):
        return type(state)(_each(value, change) for value in state)
    return state
