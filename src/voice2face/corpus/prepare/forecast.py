"""From a sample of the files: how long, how many bytes and how much memory a corpus will take."""

import itertools
import random
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from math import sqrt
from pathlib import Path
from statistics import fmean, stdev

from voice2face.corpus.prepare.assemble import assemble, task_of
from voice2face.corpus.prepare.engines import Chunk, Results, pool
from voice2face.corpus.prepare.inputs import Input
from voice2face.corpus.prepare.journal import Journal
from voice2face.corpus.prepare.ledger import Ledger
from voice2face.corpus.prepare.run import Request
from voice2face.corpus.prepare.shards import MAX_BYTES
from voice2face.corpus.prepare.work import (
    Failed,
    Outcome,
    Recipe,
    Task,
    decode_outcomes,
    encode,
    process,
)
from voice2face.corpus.schema import Reader
from voice2face.errors import CorpusError

# Full buffers of all three splits, and a shard that is being turned into Parquet.
BUFFER_BYTES = 4 * MAX_BYTES
NORMAL_95 = 1.96


@dataclass(frozen=True)
class Sampled:
    """Estimates for all files of one reader, from a sample.

    Args:
        reader: How they are read.
        n_files: How many there are.
        n_sampled: How many of them were read.
        n_failed: How many of those cannot be used.
        file_s: Mean time for a file on one core, in seconds.
        error_s: Standard error of that mean.
        write_s: Mean time for what the writing process does with a file, in seconds.
        bytes_each: Mean of what the corpus stores of a file.
    """

    reader: Reader
    n_files: int
    n_sampled: int
    n_failed: int
    file_s: float
    error_s: float
    write_s: float
    bytes_each: float


@dataclass(frozen=True)
class Forecast:
    """What :func:`forecast` expects of a run.

    Args:
        samples: What the samples say, one for each reader.
        workers: Number of processes that it is for.
        start_s: Time that finding the files and starting a process took, in seconds.
        seconds: Expected duration of the run.
        seconds_low: Lower end of its 95 % interval, which knows of the sample's spread alone.
        seconds_high: Upper end.
        corpus_bytes: Expected size of the corpus.
        disk_bytes: Size of the corpus and of what lies beside it while it grows.
        worker_bytes: Largest memory of a process that reads files, as seen in the sample.
        parent_bytes: Memory of the process that writes, at most.
    """

    samples: tuple[Sampled, ...]
    workers: int
    start_s: float
    seconds: float
    seconds_low: float
    seconds_high: float
    corpus_bytes: int
    disk_bytes: int
    worker_bytes: int
    parent_bytes: int


def forecast(
    request: Request, workers: int, *, listing_s: float = 0.0, n_sample: int = 48, seed: int = 0
) -> Forecast:
    """Read a random sample of each kind of file, in a process of its own, and extrapolate.

    The time of the processes that read and of the one that writes is taken to be shared evenly by
    as many cores as there are workers, on this machine's disk.

    Args:
        request: What would be prepared.
        workers: Number of processes.
        listing_s: Time that it took to find the files.
        n_sample: Files of each kind that are read.
        seed: Seed of the sample.

    Raises:
        CorpusError: There is nothing to read.
    """
    by_reader: dict[Reader, list[Input]] = {}
    for item in request.inputs.usable:
        by_reader.setdefault(item.reader, []).append(item)
    if not by_reader:
        raise CorpusError("plan", "nothing to read", "recordings or pictures", "name a source")
    rng, started = random.Random(seed), time.monotonic()
    with pool(1) as executor:
        executor.submit(int).result()
        start_s = listing_s + time.monotonic() - started
        found = [_sample(executor, request, items, n_sample, rng) for items in by_reader.values()]
    samples = tuple(sampled for sampled, _ in found)
    write_s = sum(s.n_files * s.write_s for s in samples)
    work_s = max(sum(s.n_files * s.file_s for s in samples) / workers + write_s / workers, write_s)
    error_s = NORMAL_95 * sqrt(sum((s.n_files * s.error_s) ** 2 for s in samples)) / workers
    corpus_bytes = round(sum(s.n_files * s.bytes_each for s in samples))
    return Forecast(
        samples=samples,
        workers=workers,
        start_s=start_s,
        seconds=start_s + work_s,
        seconds_low=start_s + max(0.0, work_s - error_s),
        seconds_high=start_s + work_s + error_s,
        corpus_bytes=corpus_bytes,
        disk_bytes=corpus_bytes + min(BUFFER_BYTES, corpus_bytes),
        worker_bytes=max(peak for _, peak in found),
        parent_bytes=_peak_bytes() + min(BUFFER_BYTES, 4 * corpus_bytes),
    )


def _sample(
    executor: ProcessPoolExecutor,
    request: Request,
    items: Sequence[Input],
    n_sample: int,
    rng: random.Random,
) -> tuple[Sampled, int]:
    """What a sample of one reader's files says, and the memory of the process that read it."""
    chosen = rng.sample(items, min(n_sample, len(items)))
    tasks = [task_of(item, request.inputs) for item in chosen]
    # The first file pays for opening networks: it is read twice.
    future = executor.submit(_measure, [tasks[0], *tasks], request.job.recipe)
    try:
        times, encoded, peak = future.result()
    except BrokenProcessPool as error:
        raise CorpusError(
            "plan",
            f"the process that read {len(tasks)} of the files was killed",
            "files and memory that it survives",
            "choose others with --seed; prepare leaves out what crashes it",
        ) from error
    times, outcomes = times[1:], decode_outcomes(encoded)[1:]
    write_s, n_bytes = _write(request, chosen, outcomes)
    n = len(times)
    unknown = sqrt(1 - n / len(items))  # zero where the sample is the whole
    sampled = Sampled(
        reader=chosen[0].reader,
        n_files=len(items),
        n_sampled=n,
        n_failed=sum(isinstance(outcome, Failed) for outcome in outcomes),
        file_s=fmean(times),
        error_s=stdev(times) / sqrt(n) * unknown if n > 1 else fmean(times) * unknown,
        write_s=write_s / n,
        bytes_each=n_bytes / n,
    )
    return sampled, peak


def _measure(tasks: Sequence[Task], recipe: Recipe) -> tuple[list[float], bytes, int]:
    """Seconds and (encoded) outcome of each file, and this process' memory."""
    times, outcomes = [], []
    for task in tasks:
        started = time.perf_counter()
        outcomes.append(process(task, recipe))
        times.append(time.perf_counter() - started)
    return times, encode(outcomes), _peak_bytes()


def _write(
    request: Request, items: Sequence[Input], outcomes: Sequence[Outcome]
) -> tuple[float, int]:
    """Write what a sample gave, as a run does, but elsewhere: seconds and bytes."""
    part = replace(request.inputs, usable=list(items), skipped=[])
    ledger = Ledger(part, request.job.sources, max_skipped=1)
    left = iter(outcomes)

    def given(chunks: Iterable[Chunk], recipe: Recipe) -> Results:
        for chunk in chunks:
            yield chunk.number, tuple(itertools.islice(left, len(chunk.tasks)))

    with tempfile.TemporaryDirectory() as folder, Journal.open(Path(folder)) as journal:
        started = time.perf_counter()
        shards = assemble(
            Path(folder),
            part,
            request.job.recipe,
            journal=journal,
            ledger=ledger,
            engine=given,
            progress=lambda done, of: None,
        )
        return time.perf_counter() - started, sum(shard.bytes for shard in shards)


def _peak_bytes() -> int:
    """Largest memory of this process so far; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
