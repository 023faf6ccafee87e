"""A corpus of four times the memory it may take, streamed, against the same corpus in memory.

Target: 0.9 of the steps a second, within the memory. The steps are those of ``baseline`` at a
quarter of the width on batches of 32, as in ``learning``. Each run is a process of
its own; the shards are not in the disk cache when it starts.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import torch

from benchmarks.harness import Result, figure, memory_mb
from benchmarks.inputs import Inputs
from benchmarks.made_corpus import Made, write_corpus
from voice2face.corpus import Corpus
from voice2face.corpus.schema import arrow
from voice2face.networks.modules import VoiceEncoder
from voice2face.networks.variants import recipe
from voice2face.settings import Recipe, VoiceEncoderSettings, change
from voice2face.training.data.frames import CorpusFrames
from voice2face.training.data.pairing import Pairing
from voice2face.training.data.source import FaceData
from voice2face.training.data.streamed import FaceStream, open_data
from voice2face.training.gan.steps import FaceNetworks, iteration, make_optimisers

MEMORY_BYTES = 400_000_000
TIMES = 4
N_ROUNDS, N_STEPS = 3, 80
N_PEOPLE, FRAMES = 1400, (600, 1000)
LEAST_RATE = 0.9
WIDTH, BATCH = 0.25, 32


def measure(inputs: Inputs, n_rounds: int = N_ROUNDS, n_steps: int = N_STEPS) -> Result:
    folder = _corpus(inputs.folder / "streamed")
    n_bytes = Pairing.of(_frames(folder), "identity").n_bytes
    if n_bytes < TIMES * MEMORY_BYTES:
        raise RuntimeError(f"a corpus of {n_bytes} bytes, {TIMES * MEMORY_BYTES} wanted")
    rounds = [
        {kind: _run(kind, folder, n_steps) for kind in ("memory", "stream")}
        for _ in range(n_rounds)
    ]

    def all_of(kind: str, name: str) -> list[float]:
        return [one[kind][name] for one in rounds]

    ratios = [one["stream"]["rate"] / one["memory"]["rate"] for one in rounds]
    figures = (
        figure("steps a second, streamed against in memory", ratios, at_least=LEAST_RATE),
        figure("in memory, steps a second", all_of("memory", "rate")),
        figure("streamed, steps a second", all_of("stream", "rate")),
        figure("in memory, share of time in draw", all_of("memory", "draw_share")),
        figure("streamed, share of time in draw", all_of("stream", "draw_share")),
        figure("streamed, share of time waiting for shards", all_of("stream", "waited_share")),
        figure(
            "streamed, MB beside the step",
            all_of("stream", "grown_mb"),
            at_most=MEMORY_BYTES / 1e6,
        ),
        figure("streamed, seconds to the first batch", all_of("stream", "first_s")),
        figure("in memory, seconds to load", all_of("memory", "load_s")),
        figure("in memory, MB beside the step", all_of("memory", "grown_mb")),
        figure(
            "in memory, peak of loading / size of corpus",
            [mb * 1e6 / n_bytes for mb in all_of("memory", "grown_mb")],
            at_most=1.2,
        ),
    )
    about = {
        "corpus": f"{n_bytes / 1e6:.0f} MB: {10 * N_PEOPLE} voices of {FRAMES} frames and as "
        "many faces of 64 px",
        "memory limit": f"{MEMORY_BYTES / 1e6:.0f} MB",
        "step": f"baseline at width {WIDTH}, batches of {BATCH}, {n_steps} steps a run",
        "row groups in memory": rounds[0]["stream"]["windows"],
    }
    return Result("voice2face train face (its steps and its data alone)", figures, about)


def _corpus(folder: Path) -> Path:
    names = tuple(f"p{i // 10:05}" for i in range(10 * N_PEOPLE))
    return folder if folder.exists() else write_corpus(folder, Made(names, names, FRAMES))


def _frames(folder: Path) -> CorpusFrames:
    return CorpusFrames(Corpus.open(folder), folder=folder.with_name(f"{folder.name}-frames"))


def _run(kind: str, folder: Path, n_steps: int) -> dict[str, Any]:
    for path in (*folder.glob("*.parquet"), *_frames(folder).folder.glob("*.frames")):
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    words = [sys.executable, "-m", "benchmarks.training_data", kind, str(folder), str(n_steps)]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def train(kind: str, folder: Path, n_steps: int) -> dict[str, Any]:
    """Load or open the corpus and take steps; what it took."""
    arrow()
    chosen = change(recipe("baseline", width=WIDTH), {"training.batch_size": BATCH})
    torch.manual_seed(0)
    encoder = VoiceEncoder(VoiceEncoderSettings(width=WIDTH))
    networks = FaceNetworks.make(chosen, encoder, N_PEOPLE)
    optimisers = make_optimisers(networks, chosen)
    _warm_up(folder, networks, optimisers, chosen)
    before, clock = memory_mb(), time.perf_counter()
    corpus, limit = _frames(folder), MEMORY_BYTES if kind == "stream" else 1 << 40
    data = open_data(corpus, "identity", memory_bytes=limit)
    load_s = time.perf_counter() - clock
    rng = torch.Generator().manual_seed(0)
    clock = time.perf_counter()
    batch = data.draw(chosen, rng)
    first_s, draw_s = time.perf_counter() - clock, 0.0
    waited_s = data.waited_s if isinstance(data, FaceStream) else 0.0
    start = time.perf_counter()
    for _ in range(n_steps):
        clock = time.perf_counter()
        batch = data.draw(chosen, rng).to(torch.device("cpu"))
        draw_s += time.perf_counter() - clock
        losses = iteration(networks, optimisers, batch, chosen)
        torch.stack([loss.detach() for loss in losses.values()]).tolist()
    taken_s = time.perf_counter() - start
    stream = data if isinstance(data, FaceStream) else None
    return {
        "rate": n_steps / taken_s,
        "draw_share": draw_s / taken_s,
        "waited_share": (stream.waited_s - waited_s) / taken_s if stream else 0.0,
        "load_s": load_s,
        "first_s": first_s,
        "grown_mb": memory_mb() - before,
        "windows": [pool.order.window for pool in (stream.voices, stream.faces)] if stream else [],
    }


def _warm_up(folder: Path, networks: FaceNetworks, optimisers: Any, chosen: Recipe) -> None:
    """Steps on one batch of the same size, so that their memory is there before the corpus'."""
    tiny = folder / "tiny"
    names = tuple(f"p{i}" for i in range(BATCH))
    if not tiny.exists():
        write_corpus(tiny, Made(names, names, (1000, 1000)))
    longest = change(chosen, {"training.crop_frames": [800, 800]})
    frames = _frames(tiny)
    data = FaceData.read(frames, Pairing.of(frames, "identity"))
    batch = data.draw(longest, torch.Generator()).to(torch.device("cpu"))
    for _ in range(2):
        iteration(networks, optimisers, batch, chosen)


if __name__ == "__main__":
    print(json.dumps(train(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))))
