"""From one file to what a corpus stores of it, in this process or in many."""

import contextlib
import hashlib
import itertools
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voice2face.corpus.inputs import Input
from voice2face.corpus.pictures import MAX_BYTES, PictureError, square_pixels
from voice2face.corpus.schema import Kind
from voice2face.corpus.tables import is_file
from voice2face.errors import AudioError, CorpusError
from voice2face.files import sha256_of
from voice2face.settings import FrontEnd

CHUNK: dict[Kind, int] = {"voice": 4, "face": 32}  # inputs that a process is sent at a time
# numpy's libraries would start as many threads as there are cores, in each process.
_THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Stored:
    """What a corpus keeps of a file.

    Args:
        payload: The binary column, laid out as ``schema.LAYOUT`` says.
        size: Frames of a log-mel spectrogram, or side of a face in pixels.
        sha256: Checksum of the file.
        seconds: Length of the recording; 0 for a picture.
        speech_s: Of it, voiced.
    """

    payload: bytes
    size: int
    sha256: str
    seconds: float = 0.0
    speech_s: float = 0.0


@dataclass(frozen=True)
class Failed:
    """Why a file cannot be used: ``reason`` is one of few, ``detail`` says all."""

    reason: str
    detail: str


@dataclass(frozen=True)
class Recipe:
    """How voices and faces are made."""

    front_end: FrontEnd
    face_px: int


Outcome = Stored | Failed


def process(kind: Kind, path: Path, recipe: Recipe) -> Outcome:
    """Read one recording or picture; what is wrong with the file is an outcome, not an error."""
    if not is_file(path):
        missing = "no such file" if not os.path.lexists(path) else "not a file that can be read"
        return Failed("missing file", missing)
    try:
        return _voice(path, recipe) if kind == "voice" else _face(path, recipe)
    except AudioError as error:
        reason = "too little speech" if "speech" in error.found else "unreadable recording"
        return Failed(reason, f"{error.found}; {error.wanted} wanted")
    except PictureError as error:
        return Failed(error.reason, error.detail)
    except OSError as error:
        return Failed("unreadable file", error.strerror or str(error))


def _voice(path: Path, recipe: Recipe) -> Stored:
    from voice2face.audio import extract

    features = extract(path, recipe.front_end)
    log_mel = np.ascontiguousarray(features.log_mel, "<f2")  # (frames, n_mels)
    seconds, speech_s = float(features.seconds), float(features.speech_s)
    return Stored(log_mel.tobytes(), len(log_mel), sha256_of(path), seconds, speech_s)


def _face(path: Path, recipe: Recipe) -> Stored:
    with path.open("rb") as stream:
        data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise PictureError("picture too large", f"more than {MAX_BYTES} bytes")
    pixels = square_pixels(data, recipe.face_px)
    return Stored(pixels.tobytes(), recipe.face_px, hashlib.sha256(data).hexdigest())


def process_all(
    inputs: Sequence[Input], recipe: Recipe, n_workers: int
) -> Generator[tuple[Input, Outcome], None, None]:
    """Read all inputs, in their order whatever the number of processes.

    Close the iterator (``contextlib.closing``) to stop the processes early. New processes import
    the caller's main module: a script needs its ``if __name__ == "__main__"``.

    Raises:
        CorpusError: A process died, of too little memory for example.
    """
    chunks = list(_chunks(inputs))
    if n_workers == 1 or len(chunks) < 2:
        yield from ((item, process(item.kind, item.path, recipe)) for item in inputs)
        return
    pending: deque[tuple[list[Input], Future[list[Outcome]]]] = deque()
    n_workers = min(n_workers, len(chunks))
    with _pool(n_workers) as pool:
        try:
            for chunk in chunks:
                work = [(item.kind, item.path) for item in chunk]
                pending.append((chunk, pool.submit(_process_chunk, work, recipe)))
                if len(pending) > 2 * n_workers:  # so that results never pile up
                    yield from _results(*pending.popleft())
            while pending:
                yield from _results(*pending.popleft())
        except BrokenProcessPool as error:
            raise CorpusError(
                "prepare",
                "one of its processes was killed",
                "enough memory for all of them",
                "use fewer workers",
            ) from error


def _chunks(inputs: Iterable[Input]) -> Iterator[list[Input]]:
    for kind, group in itertools.groupby(inputs, key=lambda item: item.kind):
        while chunk := list(itertools.islice(group, CHUNK[kind])):
            yield chunk


def _process_chunk(work: list[tuple[Kind, Path]], recipe: Recipe) -> list[Outcome]:
    return [process(kind, path, recipe) for kind, path in work]


def _results(
    chunk: list[Input], future: "Future[list[Outcome]]"
) -> Iterator[tuple[Input, Outcome]]:
    return zip(chunk, future.result(), strict=True)


@contextlib.contextmanager
def _pool(n_workers: int) -> Iterator[ProcessPoolExecutor]:
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(n_workers, context, initializer=_start_worker)
    limits = {name: "1" for name in _THREAD_LIMITS if name not in os.environ}
    os.environ.update(limits)  # the processes take it over when they start
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        for name in limits:
            del os.environ[name]


def _start_worker() -> None:
    """Leave Ctrl-C to the parent, which ends its workers in order."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
