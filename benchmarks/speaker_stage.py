"""The speaker stage: iterations a second, against the loop that one would write first.

Target: 3 times the plain loop on a CPU, at full width and batch 128. The plain loop computes in
fp32, normalises and crops one recording after the other in Python, and steps with default Adam. It
does nothing that ours leaves out; ours normalises each recording once, when it is read, and has
weight decay, a schedule and the accuracy besides. Each loop has a process and a thread of its own,
as for a user, so that none inherits another's memory. All take a step in turn, with the same crop
length, drawn for each round as the recipe does. Processor time counts, which other programs on the
machine disturb least.
"""

import atexit
import itertools
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from benchmarks.harness import Figure, Result, figure, memory_mb
from benchmarks.inputs import Inputs
from benchmarks.made_corpus import Made, write_corpus
from voice2face.audio import normalise
from voice2face.corpus import Corpus
from voice2face.networks.modules import VoiceEncoder
from voice2face.settings import SpeakerRecipe, change
from voice2face.training.data.frames import CorpusFrames
from voice2face.training.data.in_memory import VoiceBank
from voice2face.training.speaker.train import SpeakerTrainee
from voice2face.training.speaker.versions import ChangedVoices

N_RECORDINGS, N_SPEAKERS = 400, 100
N_FRAMES = (400, 1240)  # 8.2 s in the mean, as in VoxCeleb1
N_ROUNDS, N_WARM_UP = 15, 3
TARGET = 3.0
AUGMENT = ["noise", "reverberation", "speed", "codec"]
FULL_CHANNELS = (64, 256, 384, 576, 864, 64)
GEMM = (4480, 1728, 864)  # rows, terms and columns of a product of the step's size
LOOPS: dict[str, dict[str, Any]] = {  # settings; the plain loop has none
    "plain loop": {},
    "bf16": {"precision": "bf16"},
    "fp32": {"precision": "fp32"},
    "bf16, augmented": {"precision": "bf16", "augment": AUGMENT},
}
DTYPES = {"bf16": torch.bfloat16, "fp32": torch.float32}

Step = Callable[[int], float]


@dataclass(frozen=True)
class Took:
    """What one step took.

    Attributes:
        cpu_s: On the processor, the kernel's share included.
        wall_s: By the clock.
        peak_mb: Most memory that the process has held so far, in 10^6 bytes.
        gmac_s: 10^9 multiply-adds a second of a matrix product right after the step; 0 of loops
            that are not compared with it.
    """

    cpu_s: float
    wall_s: float
    peak_mb: float
    gmac_s: float


@dataclass
class PlainLoop:
    """What one would write first."""

    log_mels: list[np.ndarray]
    labels: np.ndarray
    batch_size: int

    def __post_init__(self) -> None:
        torch.manual_seed(0)
        self.rng = np.random.default_rng(0)
        recipe = SpeakerRecipe()
        self.encoder = VoiceEncoder(recipe.voice_encoder).train()
        self.classifier = nn.Linear(recipe.voice_encoder.embedding_dim, N_SPEAKERS)
        parameters = [*self.encoder.parameters(), *self.classifier.parameters()]
        self.optimiser = torch.optim.Adam(parameters, recipe.training.learning_rate)

    def crop(self, number: int, n_frames: int) -> torch.Tensor:
        """One recording, normalised, a stretch of it: (n_mels, n_frames)."""
        features = normalise(np.asarray(self.log_mels[number], np.float32))
        start = self.rng.integers(max(1, len(features) - n_frames + 1))
        rows = np.arange(start, start + n_frames) % len(features)
        return torch.from_numpy(features[rows].T.copy())

    def step(self, n_frames: int) -> float:
        """One batch."""
        chosen = self.rng.integers(len(self.log_mels), size=self.batch_size)
        features = torch.stack([self.crop(int(number), n_frames) for number in chosen])
        logits = self.classifier(self.encoder(features))
        loss = F.cross_entropy(logits, torch.from_numpy(self.labels[chosen]))
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        return float(loss.item())


def stage(bank: VoiceBank, changed: ChangedVoices | None, **training: object) -> Step:
    """The stage's step at a crop length."""
    changes = {f"training.{name}": value for name, value in training.items()}
    recipe = change(SpeakerRecipe(), changes)
    trainee = SpeakerTrainee(bank, N_SPEAKERS, recipe, 0, "cpu", changed=changed)

    def step(n_frames: int) -> float:
        trainee.recipe = change(recipe, {"training.crop_frames": [n_frames, n_frames]})
        return float(trainee.step()["cross_entropy"].item())

    return step


def loop(name: str) -> Step:
    """The step of one of LOOPS, on made-up recordings that are the same for all."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(*N_FRAMES, size=N_RECORDINGS)
    log_mels = [rng.normal(8, 2, (n, 64)).astype(np.float16) for n in lengths]
    labels = np.arange(N_RECORDINGS) % N_SPEAKERS
    settings = LOOPS[name]
    if not settings:
        return PlainLoop(log_mels, labels, SpeakerRecipe().training.batch_size).step
    bank = VoiceBank.of(log_mels, labels)
    del log_mels
    return stage(bank, changed_voices() if "augment" in settings else None, **settings)


def changed_voices() -> ChangedVoices:
    """Four versions of as many recordings, in files; that they are noise makes no difference."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    names = tuple(f"p{number}" for number in range(N_RECORDINGS))
    corpus = Corpus.open(write_corpus(folder / "c", Made(names, names[:1], N_FRAMES)))
    versions = [CorpusFrames(corpus, folder=folder / f"{number}") for number in range(4)]
    return ChangedVoices(versions, versions[0].voices("train").clip.tolist(), "")


def multiply_adds(n_frames: int, batch_size: int) -> int:
    """Multiply-adds of the forward pass and both gradients, without that of the features."""
    total, n_in = 0, n_frames
    for number, (before, after) in enumerate(itertools.pairwise(FULL_CHANNELS)):
        n_in = (n_in - 1) // 2 + 1
        total += 3 * before * after * n_in * (2 if number == 0 else 3)
    return total * batch_size


def work(name: str) -> None:
    """A process: steps of one loop, of as many frames as each line says, until there is no more."""
    torch.set_num_threads(1)
    step, dtype = loop(name), DTYPES.get(name)
    rows, terms, columns = GEMM
    left, right = (torch.randn(n, terms).to(dtype) for n in (rows, columns))
    for line in sys.stdin:
        wall, cpu = time.perf_counter(), time.process_time()
        step(int(line))
        cpu_s, wall_s = time.process_time() - cpu, time.perf_counter() - wall
        gmac_s = 0.0
        if dtype is not None:
            cpu = time.process_time()
            F.linear(left, right)
            gmac_s = rows * terms * columns / (time.process_time() - cpu) / 1e9
        print(json.dumps(asdict(Took(cpu_s, wall_s, memory_mb(), gmac_s))), flush=True)


def take_turns(lengths: Sequence[int]) -> dict[str, list[Took]]:
    """Steps of all loops, one of each a round; what they took, by loop."""
    command = [sys.executable, "-m", "benchmarks.speaker_stage"]
    pipe = subprocess.PIPE
    workers = {
        name: subprocess.Popen([*command, name], stdin=pipe, stdout=pipe, text=True)
        for name in LOOPS
    }
    took: dict[str, list[Took]] = {name: [] for name in LOOPS}
    try:
        for n_frames in lengths:
            for name, worker in workers.items():
                took[name].append(_ask(worker, n_frames))
        return took
    finally:
        for worker in workers.values():
            worker.kill()
            worker.communicate()


def _ask(worker: subprocess.Popen[str], n_frames: int) -> Took:
    assert worker.stdin is not None and worker.stdout is not None
    worker.stdin.write(f"{n_frames}\n")
    worker.stdin.flush()
    line = worker.stdout.readline()
    if not line:
        raise RuntimeError(f"a loop has ended with status {worker.wait()}")
    return Took(**json.loads(line))


def measure(inputs: Inputs) -> Result:
    """Rounds of one step each, after some to warm up."""
    recipe = SpeakerRecipe().training
    shortest, longest = recipe.crop_frames
    rng = np.random.default_rng(0)
    lengths = rng.integers(shortest, longest + 1, size=N_WARM_UP + N_ROUNDS).tolist()
    took = {name: steps[N_WARM_UP:] for name, steps in take_turns(lengths).items()}
    lengths = lengths[N_WARM_UP:]
    rates = {name: max(t.gmac_s for t in took[name]) for name in DTYPES}
    about = {
        "batch_size": recipe.batch_size,
        "crop_frames, by round": lengths,
        "recordings": N_RECORDINGS,
        "threads": 1,
        "augmentation": AUGMENT,
        "matrix_rate_gmac_s": {name: round(rate, 1) for name, rate in rates.items()},
        "best_possible": round(rates["bf16"] / rates["fp32"], 2),
        "about_best_possible": "bf16 matrix rate over that of fp32: what the same multiply-adds "
        "would gain if both loops reached their rate",
    }
    figures = _figures(took, [multiply_adds(n, recipe.batch_size) / 1e9 for n in lengths], rates)
    return Result("voice2face train voice CORPUS OUT --precision bf16", tuple(figures), about)


def _figures(
    took: dict[str, list[Took]], gmacs: Sequence[float], rates: dict[str, float]
) -> list[Figure]:
    cpu_s = {name: [t.cpu_s for t in steps] for name, steps in took.items()}
    plain = cpu_s["plain loop"]
    figures = [
        figure(
            f"{name}: times the plain loop",
            [a / b for a, b in zip(plain, times, strict=True)],
            **({"at_least": TARGET} if name == "bf16" else {}),
        )
        for name, times in cpu_s.items()
        if name != "plain loop"
    ]
    figures += [figure(f"{name}: step, cpu_s", times) for name, times in cpu_s.items()]
    figures += [figure(f"{name}: step, wall_s", [t.wall_s for t in took[name]]) for name in took]
    for name, rate in rates.items():
        shares = [work / t / rate for work, t in zip(gmacs, cpu_s[name], strict=True)]
        figures.append(figure(f"{name}: share of the matrix rate", shares))
    needed = [TARGET * work / t / rates["bf16"] for work, t in zip(gmacs, plain, strict=True)]
    figures.append(figure("bf16: share of the matrix rate that the target needs", needed))
    figures += [figure(f"{name}: peak_mb", [steps[-1].peak_mb]) for name, steps in took.items()]
    return figures


if __name__ == "__main__":
    work(sys.argv[1])
