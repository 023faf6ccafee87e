"""From inputs to shards: read, check, count and write, in one order, with a journal."""

import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from voice2face.corpus.prepare.engines import Chunk, Engine
from voice2face.corpus.prepare.inputs import Input, Inputs
from voice2face.corpus.prepare.journal import Journal, damaged, stored_of
from voice2face.corpus.prepare.ledger import Ledger
from voice2face.corpus.prepare.shards import ShardWriter
from voice2face.corpus.prepare.work import Failed, Outcome, Recipe, Stored, Task
from voice2face.corpus.schema import (
    FIGURES,
    KINDS,
    NAME_COLUMN,
    PAYLOAD,
    SHAPE,
    Reader,
    Shard,
)
from voice2face.files import stored_text

Progress = Callable[[int, int], None]

# Files that a process is sent at a time: about 0.1 to 1 s of work.
CHUNK: dict[Reader, int] = {
    "recording": 4,
    "log_mel": 64,
    "picture": 16,
    "aligned": 128,
    "video": 1,
}


def assemble(
    folder: Path,
    inputs: Inputs,
    recipe: Recipe,
    *,
    journal: Journal,
    ledger: Ledger,
    engine: Engine,
    progress: Progress,
) -> list[Shard]:
    """Read all inputs and write the shards of a corpus.

    What the journal has is not read again. The shards depend on the inputs and the recipe alone.

    Args:
        folder: Where the shards go.
        inputs: In the order in which they are to be stored.
        recipe: How voices and faces are made.
        journal: What is done already; grows.
        ledger: Takes the counts.
        engine: Reads the files.
        progress: Called with the inputs done and all inputs.

    Returns:
        The shards: voices first, each kind in the order in which they were filled.

    Raises:
        CorpusError: Too much is left out, or the journal is damaged.
        OutputError: Something could not be written.
    """
    n_mels, shapes = recipe.front_end.log_mel.n_mels, recipe.face_crop.keeps_shapes
    writers = {
        k: ShardWriter(folder, k, inputs.attributes[k], n_mels, shapes, journal) for k in KINDS
    }
    progress(0, len(inputs.usable))
    n_done = 0
    for number, items, outcomes in _outcomes(inputs, recipe, journal, engine):
        if items[0].kind == "face":
            writers["voice"].close()  # voices come first: theirs is memory to free
        places = {id(stored): place for place, stored in enumerate(stored_of(outcomes))}
        for item, outcome in zip(items, outcomes, strict=True):
            for row, stored in _rows(item, outcome, ledger):
                key = number, places[id(stored)]
                writers[item.kind].add(item.split, row, stored.n_bytes, key)
        n_done += len(items)
        progress(n_done, len(inputs.usable))
    for writer in writers.values():
        writer.close()
    return [shard for kind in KINDS for shard in writers[kind].shards]


def chunks(inputs: Inputs, ranges: Iterable[tuple[int, int, int]]) -> Iterator[Chunk]:
    """Chunks of tasks, each given by its number and its first and last (exclusive) input."""
    for number, start, stop in ranges:
        yield Chunk(number, tuple(task_of(item, inputs) for item in inputs.usable[start:stop]))


def task_of(item: Input, inputs: Inputs) -> Task:
    """The task of reading an input."""
    path = inputs.roots[item.source] / item.path
    return Task(item.reader, str(path).encode("utf-8", "surrogateescape"))


def _outcomes(
    inputs: Inputs, recipe: Recipe, journal: Journal, engine: Engine
) -> Iterator[tuple[int, Sequence[Input], Sequence[Outcome]]]:
    """Number, inputs and outcomes of all chunks in order: first those of the journal."""
    ranges = list(_ranges(inputs.usable))
    done = journal.numbers()
    todo = [entry for entry in ranges if entry[0] not in done]
    results = engine(chunks(inputs, todo), recipe)
    with contextlib.closing(results):
        for number, start, stop in ranges:
            if number in done:
                outcomes = journal.outcomes(number)
            else:
                _, outcomes = next(results)
                journal.add(number, outcomes)
            if len(outcomes) != stop - start:
                found = f"chunk {number} with {len(outcomes)} outcomes for {stop - start} files"
                raise damaged(Path("journal"), found)
            yield number, inputs.usable[start:stop], outcomes


def _ranges(usable: Sequence[Input]) -> Iterator[tuple[int, int, int]]:
    """Number, first and last (exclusive) input of each chunk: of one reader, a few files."""
    start = number = 0
    for reader, group in itertools.groupby(usable, key=lambda item: item.reader):
        end = start + sum(1 for _ in group)
        while start < end:
            stop = min(start + CHUNK[reader], end)
            yield number, start, stop
            start, number = stop, number + 1


def _rows(
    item: Input, outcome: Outcome, ledger: Ledger
) -> Iterator[tuple[dict[str, str | bytes | int | float | None], Stored]]:
    """Rows of the corpus that come of one input, counted."""
    if isinstance(outcome, Failed):
        ledger.leave_out(item, outcome)
    elif not outcome.stored:
        ledger.leave_out(item, Failed("nothing found", "neither voice nor face"))
    elif ledger.is_new(item, outcome.stored[0]):
        for place, stored in enumerate(outcome.stored, start=1):
            ledger.keep(item, stored)
            # A video gives several faces: CLIP#1, CLIP#2, ...
            name = f"{item.name}#{place}" if item.reader == "video" else item.name
            yield _row(item, name, stored), stored


def _row(item: Input, name: str, stored: Stored) -> dict[str, str | bytes | int | float | None]:
    voice = {"coding": stored.coding, "seconds": stored.seconds, "speech_s": stored.speech_s}
    face = {
        "px": stored.size,
        **dict(zip(FIGURES, stored.figures, strict=False)),
        **({SHAPE: stored.shape} if stored.shape else {}),
    }
    return {
        **item.attributes,
        **(voice if item.kind == "voice" else face),
        PAYLOAD[item.kind]: stored.payload,
        NAME_COLUMN[item.kind]: name,
        "identity": item.identity,
        "split": item.split,
        "source": item.source,
        "path": stored_text(item.path),
        "sha256": stored.sha256,
    }
