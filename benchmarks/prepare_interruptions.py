"""Runs of ``prepare`` that are killed, or find a full disk, another run, a damaged journal."""

import contextlib
import os
import random
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.prepare_runs import Watched, content, kill_group, need, prepare

# Shards of 16 rows, so that the run is also interrupted while it writes some.
PROGRAM = (
    sys.executable,
    "-c",
    "from voice2face.corpus.prepare import shards; shards.MAX_ROWS = 16\n"
    "from voice2face.__main__ import main; main()",
)
N_KILLS = 20
ROOM = (0.02, 0.2, 0.5, 0.9)  # of the corpus' size, where it does not fit by far
SECOND_RUN = (0.0, 0.2, 0.4)  # of the run's time after the first
SHARD = "corpus/voice-train-00000.parquet"
N_FLIPS = {"journal.sqlite": 8, "journal.sqlite-wal": 4, SHARD: 3}


@dataclass(frozen=True)
class Trial:
    """One attempt at making ``prepare`` fail.

    Args:
        fault: What was done to it.
        wanted: What should come of it.
        found: What came of it.
        handled: Is that the same?
    """

    fault: str
    wanted: str
    found: str
    handled: bool


class Interruptions:
    """The trials of one table.

    Args:
        table: What is prepared again and again.
        folder: Where; empty.
    """

    def __init__(self, table: Path, folder: Path) -> None:
        self._table, self._folder = table, folder
        whole = self._run(folder / "whole")
        self._reference, self._whole_s = content(folder / "whole"), whole.wall_s
        self._n_bytes = sum(map(len, self._reference.values()))

    def all(self, rng: random.Random) -> list[Trial]:
        """Every trial once."""
        return [*self.kills(rng), *self.full_disks(), *self.two_at_once(), *self.damages(rng)]

    def kills(self, rng: random.Random, n: int = N_KILLS) -> Iterator[Trial]:
        """SIGKILL to all processes of a run at random moments, then the same command again."""
        out, waiting, n_killed = self._folder / "killed", list[float](), 0
        while n_killed < n or waiting:
            moment_s = rng.uniform(0, self._whole_s) if n_killed < n else None
            run = self._run(out, kill_after_s=moment_s, allowed=(0, 2, -9))
            if run.status == -9 and moment_s is not None:
                n_killed += 1
                waiting.append(moment_s)
            if (out / "corpus.json").exists() and not _partial(out).exists():
                other = {name for name, _ in content(out).items() ^ self._reference.items()}
                same = not other
                found = f"other bytes: {', '.join(sorted(other))}" if other else "the same bytes"
                for moment_s in waiting:
                    after = f"killed after {moment_s:.2f} s, {found}"
                    yield Trial("SIGKILL at a random moment", "the same bytes", after, same)
                waiting = []
                shutil.rmtree(out)

    def full_disks(self) -> Iterator[Trial]:
        """Too little room, then enough, then the same command again."""
        for share in ROOM:
            n_bytes = round(share * self._n_bytes)
            with _little_room(self._folder / "disk", n_bytes) as (place, limit, make_room):
                out = place / "corpus"
                full = self._run(out, prepare_child=limit, allowed=(2,))
                kept = _partial(out).exists()
                make_room()
                self._run(out)
                same = content(out) == self._reference
            handled = _one_line(full) and kept and same
            found = f"{n_bytes / 1e6:.1f} MB: {full.errors.strip()[-120:]}; same bytes: {same}"
            yield Trial("full disk", "one line, work kept, the same bytes", found, handled)

    def two_at_once(self) -> Iterator[Trial]:
        """A second run of the same command while the first is at work."""
        for number, share in enumerate(SECOND_RUN):
            delay_s = share * self._whole_s
            out, second = self._folder / f"both-{number}", list[Watched]()

            def start_second(
                _: int,
                out: Path = out,
                start_s: float = time.perf_counter() + delay_s,
                second: list[Watched] = second,
            ) -> None:
                if not second and time.perf_counter() >= start_s:
                    second.append(self._run(out, allowed=(0, 2)))

            first = self._run(out, while_it_runs=start_second, allowed=(0, 2))
            same = content(out) == self._reference
            losers = [run for run in (first, *second) if run.errors.startswith("error: ")]
            handled = same and len(losers) == 1 and _one_line(losers[0])
            found = f"{len(losers)} refused: {losers[0].errors.strip()[-120:] if losers else ''}"
            yield Trial("two runs at once", "one is refused, the same bytes", found, handled)

    def damages(self, rng: random.Random) -> Iterator[Trial]:
        """What an interrupted run left is damaged; then the same command again."""
        left = self._folder / "left.partial"
        self._interrupt(self._folder / "left")
        for name, damage in _damages(rng):
            out = self._folder / "damaged"
            shutil.copytree(left, _partial(out))
            damage(_partial(out))
            run = self._run(out, allowed=(0, 2))
            found = "went on"
            if run.errors.startswith("error: "):
                found = f"refused: {run.errors.strip()[-120:]}"
                if _one_line(run):
                    self._run(out, "--restart")
            same = out.exists() and content(out) == self._reference
            found = f"{name}: {found}; same bytes: {same}"
            yield Trial(
                "damaged journal", "the same bytes, or refused until --restart", found, same
            )
            shutil.rmtree(out, ignore_errors=True)
            shutil.rmtree(_partial(out), ignore_errors=True)

    def _interrupt(self, out: Path) -> None:
        """Kill a run once some shards are written and more is in the journal."""

        def kill(process: int) -> None:
            corpus = _partial(out) / "corpus"
            if corpus.is_dir() and sum(1 for _ in corpus.glob("*.parquet")) >= 3:
                kill_group(process)

        self._run(out, while_it_runs=kill, allowed=(-9,))

    def _run(
        self, out: Path, *words: str, allowed: Sequence[int] = (0,), **options: object
    ) -> Watched:
        command = (self._table, out, "--workers", "2", "--max-skipped", "0.9", *words)
        return need(prepare(*command, program=PROGRAM, **options), *allowed)


def _partial(out: Path) -> Path:
    return out.with_name(f"{out.name}.partial")


def _one_line(run: Watched) -> bool:
    """Did a run end with a message of one line?"""
    lines = run.errors.strip().splitlines()
    return run.status == 2 and len(lines) == 1 and lines[0].startswith("error: ")


@contextlib.contextmanager
def _little_room(
    folder: Path, n_bytes: int
) -> Iterator[tuple[Path, Callable[[], None] | None, Callable[[], None]]]:
    """A folder with little room, what limits a process to it, and what makes more.

    A small disk in memory where we may mount one; else files must not grow.
    """
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={n_bytes}", "none", str(folder)]
    try:
        may = subprocess.run(mount, capture_output=True).returncode == 0
    except OSError:
        may = False
    try:
        if may:
            more = ["mount", "-o", "remount,size=1g", str(folder)]
            yield folder, None, lambda: subprocess.run(more, check=True) and None
        else:
            limits = (n_bytes, n_bytes)
            yield folder, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limits), lambda: None
    finally:
        if may:
            subprocess.run(["umount", str(folder)], check=True)
        shutil.rmtree(folder)


def _damages(rng: random.Random) -> Iterator[tuple[str, Callable[[Path], None]]]:
    journal, log = "journal.sqlite", "journal.sqlite-wal"
    yield "first page empty", lambda place: _overwrite(place / journal, 0, bytes(4096))
    yield "cut in half", lambda place: _cut(place / journal)
    yield "empty file", lambda place: os.truncate(place / journal, 0)
    yield "a text", lambda place: _text(place / journal)
    yield "log gone", lambda place: (place / log).unlink(missing_ok=True)
    yield "log cut in half", lambda place: _cut(place / log)
    for name, n in N_FLIPS.items():
        for _ in range(n):
            where = rng.random()
            said = f"{name}, a bit at {where:.1%}"
            yield said, lambda place, name=name, where=where: flip(place / name, where)
    yield "shard half written", lambda place: _text(place / "corpus" / ".0123.parquet")
    yield "shard cut in half", lambda place: _cut(place / SHARD)
    yield "shard gone", lambda place: (place / SHARD).unlink()


def flip(path: Path, where: float) -> None:
    """Turn one bit over, at a share of the file's length."""
    place = int(where * path.stat().st_size)
    with path.open("rb") as stream:
        stream.seek(place)
        (old,) = stream.read(1)
    _overwrite(path, place, bytes([old ^ 0x10]))


def _overwrite(path: Path, place: int, data: bytes) -> None:
    with path.open("r+b") as stream:
        stream.seek(place)
        stream.write(data)


def _cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _text(path: Path) -> None:
    path.write_text("Not a journal.\n" * 100)
