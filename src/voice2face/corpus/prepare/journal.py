"""The journal of a run, from which a run that was killed goes on."""

import contextlib
import itertools
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from voice2face.corpus.prepare.work import Done, Outcome, Stored, decode_outcomes, encode
from voice2face.corpus.schema import Shard
from voice2face.errors import BusyError, CorpusError, OutputError

NAME = "journal.sqlite"
Key = tuple[int, int]  # number of a chunk, and place in it of something stored
_TABLES = """
CREATE TABLE IF NOT EXISTS job (content BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS chunk (number INTEGER PRIMARY KEY, outcomes BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS payload (chunk INTEGER, place INTEGER, content BLOB NOT NULL,
    PRIMARY KEY (chunk, place)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS shard (name TEXT PRIMARY KEY, content BLOB NOT NULL);
"""


class Journal:
    """The outcomes of all chunks that are done, and the shards that are written.

    An SQLite file: each entry is there whole or not at all, whenever the process is killed. It is
    locked for as long as it is open; the lock dies with the process. A payload is dropped once
    the shard that holds it is written, so that its size stays within that of a few shards.
    """

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        self._folder, self._connection = folder, connection

    @classmethod
    @contextlib.contextmanager
    def open(cls, folder: Path) -> Iterator["Journal"]:
        """Open the journal in a folder, or begin one, and keep others out.

        Raises:
            CorpusError: Another process has it open, or it is damaged.
            OutputError: It could not be written, now or later (a full disk, for example).
        """
        try:
            connection = sqlite3.connect(folder / NAME, timeout=0, isolation_level=None)
            with contextlib.closing(connection):
                # Large pages: payloads are of 10 to 100 kB. WAL: a killed process leaves a whole
                # file without a flush for each entry.
                for pragma in (
                    "locking_mode = EXCLUSIVE",
                    "page_size = 65536",
                    "journal_mode = WAL",
                ):
                    connection.execute(f"PRAGMA {pragma}")
                connection.execute("PRAGMA synchronous = NORMAL")
                connection.executescript(_TABLES)
                connection.execute("BEGIN IMMEDIATE")  # a reader alone would not hold the lock
                connection.execute("COMMIT")
                yield cls(folder, connection)
        except sqlite3.Error as error:
            raise _translated(folder, error) from error

    def job(self) -> bytes | None:
        """What the run was asked for; None if it has only just begun."""
        row = self._connection.execute("SELECT content FROM job").fetchone()
        return None if row is None else bytes(row[0])

    def begin(self, job: bytes) -> None:
        """Note what the run is asked for."""
        self._connection.execute("INSERT INTO job VALUES (?)", (job,))

    def add(self, number: int, outcomes: tuple[Outcome, ...]) -> None:
        """Note what came of a chunk."""
        light = _sealed(encode(_changed(outcomes, lambda s: replace(s, payload=None))))
        found = enumerate(stored_of(outcomes))
        payloads = ((number, n, _sealed(s.payload or b"")) for n, s in found)
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute("INSERT INTO chunk VALUES (?, ?)", (number, light))
        self._connection.executemany("INSERT INTO payload VALUES (?, ?, ?)", payloads)
        self._connection.execute("COMMIT")

    def numbers(self) -> set[int]:
        """Numbers of all chunks that are done."""
        return {number for (number,) in self._connection.execute("SELECT number FROM chunk")}

    def outcomes(self, number: int) -> tuple[Outcome, ...]:
        """What came of a chunk, with its payloads unless they are in shards already.

        Raises:
            CorpusError: The journal is damaged.
        """
        query = "SELECT outcomes FROM chunk WHERE number = ?"
        (light,) = self._connection.execute(query, (number,)).fetchone()
        query = "SELECT place, content FROM payload WHERE chunk = ?"
        rows = self._connection.execute(query, (number,)).fetchall()
        places = itertools.count()

        def with_payload(item: Stored) -> Stored:
            payload = payloads.get(next(places))
            if payload is not None and len(payload) != item.n_bytes:
                raise ValueError(f"{len(payload)} bytes instead of {item.n_bytes}")
            return replace(item, payload=payload)

        try:
            payloads = {place: _unsealed(content) for place, content in rows}
            return _changed(decode_outcomes(_unsealed(light)), with_payload)
        except (msgspec.DecodeError, ValueError) as error:
            raise damaged(self._folder, f"chunk {number}: {error}") from error

    def shards(self) -> dict[str, Shard]:
        """The shards that are written, by name.

        Raises:
            CorpusError: The journal is damaged.
        """
        rows = self._connection.execute("SELECT content FROM shard").fetchall()
        try:
            shards = [msgspec.msgpack.decode(_unsealed(c), type=Shard) for (c,) in rows]
        except (msgspec.DecodeError, ValueError) as error:
            raise damaged(self._folder, f"shards: {error}") from error
        return {shard.name: shard for shard in shards}

    def add_shard(self, shard: Shard, keys: Sequence[Key]) -> None:
        """Note that a shard is written, and drop the payloads of its rows."""
        content = _sealed(msgspec.msgpack.encode(shard))
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute("INSERT INTO shard VALUES (?, ?)", (shard.name, content))
        self._connection.executemany("DELETE FROM payload WHERE chunk = ? AND place = ?", keys)
        self._connection.execute("COMMIT")


def stored_of(outcomes: Iterable[Outcome]) -> Iterator[Stored]:
    """All that is stored of a chunk, in the order of its places."""
    return (s for outcome in outcomes if isinstance(outcome, Done) for s in outcome.stored)


def _sealed(data: bytes) -> bytes:
    """Data and its checksum: SQLite has none of its own."""
    return data + zlib.crc32(data).to_bytes(4, "big")


def _unsealed(data: bytes) -> bytes:
    if zlib.crc32(data[:-4]) != int.from_bytes(data[-4:], "big"):
        raise ValueError("checksum does not fit")
    return data[:-4]


def _changed(
    outcomes: Iterable[Outcome], change: Callable[[Stored], Stored]
) -> tuple[Outcome, ...]:
    return tuple(
        Done(tuple(map(change, outcome.stored))) if isinstance(outcome, Done) else outcome
        for outcome in outcomes
    )


def damaged(path: Path, found: str) -> CorpusError:
    """What to say of unfinished work that is not as it was written."""
    return CorpusError(path, f"damaged ({found})", "unfinished work", "begin anew: --restart")


def _translated(folder: Path, error: sqlite3.Error) -> CorpusError | OutputError:
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return BusyError(
            folder,
            "another process is at work there",
            "one run for each corpus",
            "wait for it, or choose another folder",
        )
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN")):
        return OutputError(
            folder,
            f"could not be written ({error})",
            "a writable place with room",
            "free some and run it again: it goes on where it was",
        )
    return damaged(folder, str(error))
