"""What is tried with hostile files: a command, watched, and what is asked of its end."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness import PROGRAM, one_thread
from voice2face.errors import CONTROLS

LOOK_EVERY_S = 0.02
GIVE_UP_S = 240.0


@dataclass(frozen=True)
class Ceiling:
    """What a kind of file may take, of all processes together."""

    seconds: float
    mb: float


# Decoding has a minute of processor time for a small file; all else is refused at sight.
KINDS = {
    "recordings, by the command line": Ceiling(200, 900),
    "recordings, videos and pictures, prepared": Ceiling(300, 3500),
    "models": Ceiling(60, 2500),
    "configuration": Ceiling(60, 400),
    "tables": Ceiling(60, 1500),
    "corpora": Ceiling(60, 1500),
    "names on the terminal": Ceiling(60, 400),
    "places that can't be written": Ceiling(60, 600),
    "recordings, by upload": Ceiling(60, 1700),
}


@dataclass(frozen=True)
class Trial:
    """One attempt.

    Attributes:
        kind: One of ``KINDS``.
        name: What was tried.
        held: Nothing came of it but what should.
        found: What came of it, in a line.
        wall_s: How long it took.
        peak_mb: Most memory of all processes together, shared pages counted once.
    """

    kind: str
    name: str
    held: bool
    found: str
    wall_s: float
    peak_mb: float


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    status: int
    said: str
    wall_s: float
    peak_mb: float


def attempt(
    kind: str,
    name: str,
    words: Sequence[str | Path],
    *,
    secret: bytes = b"",
    status: int = 2,
    also: Callable[[Ended], str] = lambda _: "",
    child: Callable[[], None] | None = None,
) -> Trial:
    """Run a command of the program on something hostile.

    Args:
        kind: One of ``KINDS``.
        name: What is tried.
        words: The command.
        secret: What nothing that it says may hold.
        status: Exit status that is wanted.
        also: Further looks at its end: what is wrong, empty for nothing.
        child: Called in the new process before the program is started.
    """
    ended = run(words, child)
    lines = [line for line in ended.said.splitlines() if line.strip()]
    last = lines[-1][:200] if lines else ""
    ceiling = KINDS[kind]
    problems = [
        f"status {ended.status}" if ended.status != status else "",
        "a traceback" if "Traceback" in ended.said else "",
        "a secret" if secret and secret in ended.said.encode(errors="replace") else "",
        "a control character" if CONTROLS.search(ended.said.replace("\n", "")) else "",
        f"{ended.wall_s:.0f} s" if ended.wall_s > ceiling.seconds else "",
        f"{ended.peak_mb:.0f} MB" if ended.peak_mb > ceiling.mb else "",
        also(ended),
    ]
    wrong = ", ".join(filter(None, problems))
    found = f"{wrong}: {last}" if wrong else last
    shown = re.sub(r"/\S*/", "", found)  # where it lay is of no interest
    return Trial(kind, name, not wrong, shown, round(ended.wall_s, 2), round(ended.peak_mb, 1))


def run(words: Sequence[str | Path], child: Callable[[], None] | None = None) -> Ended:
    """Run the program and look at the memory of its processes until it ends."""
    began = time.perf_counter()
    with subprocess.Popen(
        [*PROGRAM, *map(str, words)], env=one_thread(), text=True, errors="backslashreplace",
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=True, preexec_fn=child,
    ) as process:  # fmt: skip
        peak_mb = 0.0
        while True:
            peak_mb = max(peak_mb, shared_memory_mb(process.pid))
            try:
                said, _ = process.communicate(timeout=LOOK_EVERY_S)
                break
            except subprocess.TimeoutExpired:
                if time.perf_counter() - began > GIVE_UP_S:
                    os.killpg(process.pid, signal.SIGKILL)
    return Ended(process.returncode, said, time.perf_counter() - began, peak_mb)


def shared_memory_mb(leader: int) -> float:
    """Memory of all processes of a session, in 10^6 bytes; pages that they share count once."""
    total = 0.0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            about = (process / "stat").read_text().rpartition(")")[2].split()
            if int(about[3]) == leader:
                rollup = (process / "smaps_rollup").read_text()
                total += int(re.findall(r"^Pss:\s+(\d+) kB", rollup, re.M)[0]) * 1024 / 1e6
        except (OSError, IndexError):  # it has just ended
            continue
    return total
