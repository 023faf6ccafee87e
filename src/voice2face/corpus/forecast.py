"""From a sample of the files: how long, how many bytes and how much memory a corpus will take."""

import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev

from voice2face.corpus.assemble import task_of
from voice2face.corpus.engines import pool
from voice2face.corpus.inputs import Input
from voice2face.corpus.prepare import Request
from voice2face.corpus.schema import Reader
from voice2face.corpus.shards import MAX_BYTES
from voice2face.corpus.work import Done, Recipe, Task, decode_outcomes, encode, process_chunk

ROW_BYTES = 120  # of a shard beside the payload: names, checksum, figures, compressed
# Full buffers of all three splits, and a shard that is being turned into Parquet.
BUFFER_BYTES = 6 * MAX_BYTES
NORMAL_95 = 1.96


@dataclass(frozen=True)
class Sampled:
    """What a sample says about all files of one reader.

    Args:
        reader: How they are read.
        n_files: How many there are.
        n_sampled: How many of them were read.
        n_failed: How many of those cannot be used.
        file_s: Mean time for a file on one core, in seconds.
        error_s: Standard error of that mean.
        bytes_each: Mean of what the corpus stores of a file.
    """

    reader: Reader
    n_files: int
    n_sampled: int
    n_failed: int
    file_s: float
    error_s: float
    bytes_each: float


@dataclass(frozen=True)
class Forecast:
    """What :func:`forecast` expects of a run.

    Args:
        samples: By reader.
        workers: Number of processes that it is for.
        listing_s: Time that finding the files took, in seconds.
        seconds: Expected duration of the run.
        seconds_low: Lower end of its 95 % interval, which knows of the sample's spread alone.
        seconds_high: Upper end.
        corpus_bytes: Expected size of the corpus.
        disk_bytes: Of the corpus and what lies beside it while it grows.
        worker_bytes: Largest memory of a process that reads files, as seen in the sample.
        parent_bytes: Memory of the process that writes, at most.
    """

    samples: tuple[Sampled, ...]
    workers: int
    listing_s: float
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

    Time is taken to be shared evenly by the workers, which holds for as many workers as there are
    cores, on this machine's disk.

    Args:
        request: What would be prepared.
        workers: Number of processes.
        listing_s: Time that it took to find the files.
        n_sample: Files of each kind that are read.
        seed: Of the sample.
    """
    rng = random.Random(seed)
    by_reader: dict[Reader, list[Input]] = {}
    for item in request.inputs.usable:
        by_reader.setdefault(item.reader, []).append(item)
    samples, worker_bytes = [], 0
    with pool(1) as process:
        for reader, items in by_reader.items():
            chosen = rng.sample(items, min(n_sample, len(items)))
            tasks = [task_of(item, request.inputs) for item in chosen]
            # The first file pays for opening networks: it is read twice.
            future = process.submit(_measure, [tasks[0], *tasks], request.job.recipe)
            times, sizes, peak = future.result()
            samples.append(_sampled(reader, len(items), times[1:], sizes[1:]))
            worker_bytes = max(worker_bytes, peak)
    compute_s = sum(s.n_files * s.file_s for s in samples) / workers
    error_s = NORMAL_95 * sqrt(sum((s.n_files * s.error_s) ** 2 for s in samples)) / workers
    corpus_bytes = round(sum(s.n_files * s.bytes_each for s in samples))
    return Forecast(
        samples=tuple(samples),
        workers=workers,
        listing_s=listing_s,
        seconds=listing_s + compute_s,
        seconds_low=listing_s + max(0.0, compute_s - error_s),
        seconds_high=listing_s + compute_s + error_s,
        corpus_bytes=corpus_bytes,
        disk_bytes=corpus_bytes + min(BUFFER_BYTES, corpus_bytes),
        worker_bytes=worker_bytes,
        parent_bytes=_peak_bytes() + min(BUFFER_BYTES, 4 * corpus_bytes),
    )


def _sampled(
    reader: Reader, n_files: int, times: Sequence[float], sizes: Sequence[int | None]
) -> Sampled:
    n = len(times)
    # Without the sample's own share of all files there is nothing to guess.
    unknown = sqrt(1 - n / n_files)
    return Sampled(
        reader=reader,
        n_files=n_files,
        n_sampled=n,
        n_failed=Counter(size is None for size in sizes)[True],
        file_s=fmean(times),
        error_s=stdev(times) / sqrt(n) * unknown if n > 1 else fmean(times),
        bytes_each=fmean(size or 0 for size in sizes),
    )


def _measure(tasks: Sequence[Task], recipe: Recipe) -> tuple[list[float], list[int | None], int]:
    """Seconds and stored bytes (None: cannot be used) of each file, and this process' memory."""
    times, sizes = [], []
    for task in tasks:
        started = time.perf_counter()
        outcome = decode_outcomes(process_chunk(encode([task]), recipe))[0]
        times.append(time.perf_counter() - started)
        stored = outcome.stored if isinstance(outcome, Done) else None
        sizes.append(None if stored is None else sum(s.n_bytes + ROW_BYTES for s in stored))
    return times, sizes, _peak_bytes()


def _peak_bytes() -> int:
    """Largest memory of this process so far; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
