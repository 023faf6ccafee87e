"""Recordings decoded in processes of their own, which the system ends when they take too much.

A decoder is a large program in C that reads what strangers send. Here it has no files to write,
and a ceiling of memory and time; what it would do beyond that ends it, and is one recording that
can't be read.
"""

import atexit
import contextlib
import multiprocessing
import os
import queue
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np

from voice2face.audio.decoder import MOST_WORDS, Answer, Request, decode_all
from voice2face.audio.load import clip_name
from voice2face.audio.resample import RATE_HZ
from voice2face.audio.speech import Speech, read_speech
from voice2face.ceilings import MIB
from voice2face.errors import AudioError, Note
from voice2face.files import bytes_on_disk

MEMORY_BYTES = 512 * MIB  # for one decoder, beyond what it has at its start
MEMORY_PER_BYTE, MOST_MEMORY_BYTES = 64, 16_384 * MIB  # for the samples of a long recording
CPU_S, CPU_S_PER_MB = 30.0, 4.0  # an hour of any codec takes less than 10 s
WALL = 2  # times as long on the clock, for machines that have other things to do
START_S = 60.0


class Decoders:
    """Processes that decode recordings; they start before there is anything to decode.

    Args:
        n: How many; as many recordings are decoded at once.
        start: ``spawn``: new programs, from anywhere. ``fork``: copies of this process, which are
            there at once; only where it has no threads yet. Where one has to be replaced, it is
            by a new program.
        seconds: Longest decoding of one recording; None: by the size of its file.
        cpu_s: Longest time on the processor for one recording; None: as long as ``seconds``.
    """

    def __init__(
        self,
        n: int,
        *,
        start: Literal["spawn", "fork"] = "spawn",
        seconds: float | None = None,
        cpu_s: float | None = None,
    ) -> None:
        self._limits = seconds, cpu_s
        self._closed = False
        self._all: set[_Decoder] = set()
        self._free: queue.LifoQueue[_Decoder] = queue.LifoQueue()
        for _ in range(n):
            self._add(start)
        atexit.register(self.close)  # before Python asks its processes to end, which they do not

    def __enter__(self) -> "Decoders":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read_speech(
        self,
        source: Path | bytes,
        *,
        max_s: float | None = None,
        first_s: float | None = None,
    ) -> Speech:
        """Read one recording whole, as :func:`voice2face.audio.speech.read_speech` does.

        Args:
            source: A file, or its content.
            max_s: A longer recording is refused.
            first_s: A longer recording is read up to here.

        Raises:
            AudioError: It cannot be read, is too long, or takes too much time or memory.
        """
        thing = clip_name(source) if isinstance(source, Path) else "recording"
        decoder = self._free.get()
        try:
            answer = decoder.ask(source, thing, self._request(source, max_s, first_s))
        except BaseException:
            self._replace(decoder)
            raise
        if decoder.is_spent:
            self._replace(decoder)
        else:
            self._free.put(decoder)
        if isinstance(answer, AudioError):
            raise answer
        return Speech(answer, RATE_HZ, thing)

    def _request(self, source: Path | bytes, max_s: float | None, first_s: float | None) -> Request:
        """What a process should read, and its ceilings of memory and time."""
        n_bytes = len(source) if isinstance(source, bytes) else bytes_on_disk(source)
        wall_s, cpu_s = self._limits
        if wall_s is None:
            cpu_s = CPU_S + CPU_S_PER_MB * n_bytes / 1e6 if cpu_s is None else cpu_s
            wall_s = WALL * cpu_s
        # The samples are kept whole: four copies at most of two bytes each.
        most_s = max_s if first_s is None else first_s
        longest_bytes = MEMORY_PER_BYTE * n_bytes if most_s is None else int(8 * RATE_HZ * most_s)
        return Request(
            path=None if isinstance(source, bytes) else os.fsencode(source),
            max_s=max_s,
            first_s=first_s,
            cpu_s=wall_s if cpu_s is None else min(cpu_s, wall_s),
            wall_s=wall_s,
            memory_bytes=min(MEMORY_BYTES + longest_bytes, MOST_MEMORY_BYTES),
        )

    def wait(self) -> None:
        """Wait until all have started: then the first recording takes no longer than the next."""
        for decoder in tuple(self._all):
            decoder.wait()

    def close(self) -> None:
        """End all of them at once; a recording that is being decoded is refused."""
        self._closed = True
        atexit.unregister(self.close)
        for decoder in tuple(self._all):
            decoder.end()

    def _replace(self, decoder: "_Decoder") -> None:
        decoder.end()
        self._all.discard(decoder)
        self._add("spawn")

    def _add(self, start: str) -> None:
        if self._closed:
            start = "none"
        decoder = _Decoder(start, [other.connection for other in self._all])
        self._all.add(decoder)
        self._free.put(decoder)


class _Decoder:
    """One decoding process, as its owner sees it."""

    def __init__(self, start: str, others: list[Connection]) -> None:
        self.is_spent = False
        self._is_ready = False
        self._is_late = False
        self._ending = threading.Lock()
        context: Any = multiprocessing.get_context("spawn" if start == "none" else start)
        self.connection, theirs = context.Pipe()
        # A copy of this process has what belongs to the others as well; a new program has not.
        inherited = [self.connection, *others] if start == "fork" else []
        self._process = context.Process(
            target=decode_all, args=(theirs, inherited), daemon=True, name="decoder"
        )
        if start != "none":
            self._process.start()
        theirs.close()

    def ask(self, source: Path | bytes, thing: str, request: Request) -> np.ndarray | AudioError:
        """The samples of a recording, or what is wrong with it.

        Raises:
            AudioError: The process was ended; it can't be asked again.
        """
        try:
            self.wait()
            timer = threading.Timer(request.wall_s, self._give_up)
            timer.daemon = True
            timer.start()
            try:
                return self._answer(request, source, thing)
            finally:
                timer.cancel()
        except (EOFError, OSError, ValueError, msgspec.DecodeError) as error:
            raise self._why(thing, request) from error

    def end(self) -> None:
        """Kill it, and wait until it is gone; two threads may do so at once."""
        with self._ending:
            if self._process.pid is not None:
                self._process.kill()
                self._process.join(5)
            self.connection.close()

    def _give_up(self) -> None:
        self._is_late = True
        self._process.kill()

    def wait(self) -> None:
        """Wait until it has started.

        Raises:
            EOFError: It does not.
        """
        if self._is_ready:
            return
        if self._process.pid is None or not self.connection.poll(START_S):
            raise EOFError
        self.connection.recv_bytes(MOST_WORDS)
        self._is_ready = True

    def _answer(
        self, request: Request, source: Path | bytes, thing: str
    ) -> np.ndarray | AudioError:
        self.connection.send_bytes(msgspec.msgpack.encode(request))
        if isinstance(source, bytes):
            self.connection.send_bytes(source)
        words = self.connection.recv_bytes(MOST_WORDS)
        answer = msgspec.msgpack.decode(words, type=Answer)
        self.is_spent = answer.spent
        for note in answer.notes:
            warnings.warn(note, Note, stacklevel=2)
        if answer.error is not None:
            return AudioError(thing, *answer.error)
        return np.frombuffer(self.connection.recv_bytes(), np.int16)

    def _why(self, thing: str, request: Request) -> AudioError:
        if self._process.pid is not None:
            self._process.join(1)
        code = self._process.exitcode or 0
        found = "its decoder was ended"
        if self._is_late or -code == _signal("SIGALRM"):
            found = f"it takes more than {round(request.wall_s, 1):g} s to decode"
        elif code and -code == _signal("SIGXCPU"):
            found = f"it takes more than {round(request.cpu_s, 1):g} s of a processor to decode"
        return AudioError(thing, found, "an ordinary audio file", "convert it to WAV")


def _signal(name: str) -> int:
    return int(getattr(signal, name, 0))  # Windows has neither of them


@contextlib.contextmanager
def reader(n: int) -> Iterator[Callable[[Path], Speech]]:
    """A function that reads recordings, in other processes where these start at once.

    Args:
        n: Recordings that there are.

    Yields:
        Reads one of them, as :func:`voice2face.audio.speech.read_speech` does; several threads may
        call it at once.
    """
    if not sys.platform.startswith("linux") or threading.active_count() > 1:
        yield read_speech
        return
    with Decoders(min(n, os.cpu_count() or 1), start="fork") as decoders:
        yield decoders.read_speech
