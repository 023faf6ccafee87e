"""The speaker stage: iterations a second, against the loop that one would write first.

Target: 3 times the plain loop on a CPU, at full width and batch 128. The plain loop computes in
fp32, normalises and crops one recording after the other in Python, and steps with default Adam.
Both take the same crop length in each round, one thread, in turn; processor time counts, which
other programs on the machine disturb least.
"""

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from benchmarks.harness import Result, figure
from benchmarks.inputs import Inputs
from voice2face.audio import normalise
from voice2face.networks import VoiceEncoder
from voice2face.settings import LogMel, SpeakerRecipe, change
from voice2face.training.data import VoiceBank
from voice2face.training.speaker import SpeakerTrainee
from voice2face.training.voice_augmenter import Augmenter

N_RECORDINGS, N_SPEAKERS = 400, 100
N_FRAMES = (400, 1240)  # 8.2 s in the mean, as in VoxCeleb1
LENGTHS = (300, 425, 550, 675, 800)  # of the crops, one a round; the recipe's range and mean
N_GEMM = 10
TARGET = 3.0
AUGMENT = ["noise", "reverberation", "speed", "codec"]
DTYPES = {"bf16": torch.bfloat16, "fp32": torch.float32}
FULL_CHANNELS = (64, 256, 384, 576, 864, 64)


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


def stage(bank: VoiceBank, augmenter: Augmenter, **training: object) -> Callable[[int], object]:
    """The stage's step at a crop length."""
    changes = {f"training.{name}": value for name, value in training.items()}
    recipe = change(SpeakerRecipe(), changes)
    trainee = SpeakerTrainee(bank, N_SPEAKERS, recipe, 0, "cpu", augmenter=augmenter)

    def step(n_frames: int) -> float:
        trainee.recipe = change(recipe, {"training.crop_frames": [n_frames, n_frames]})
        return float(trainee.step()["cross_entropy"].item())

    return step


def multiply_adds(n_frames: int, batch_size: int) -> int:
    """Of forward pass and both gradients, but for the gradient of the features."""
    total, n_in = 0, n_frames
    for number, (before, after) in enumerate(itertools.pairwise(FULL_CHANNELS)):
        n_in = (n_in - 1) // 2 + 1
        total += 3 * before * after * n_in * (2 if number == 0 else 3)
    return total * batch_size


def matrix_rate(dtype: torch.dtype) -> float:
    """10^9 multiply–adds a second of one thread, the best of some products of the step's size."""
    left = torch.randn(4480, 1728).to(dtype)
    right = torch.randn(864, 1728).to(dtype)
    best = float("inf")
    for _ in range(N_GEMM):
        start = time.process_time()
        F.linear(left, right)
        best = min(best, time.process_time() - start)
    return 4480 * 1728 * 864 / best / 1e9


def measure(inputs: Inputs) -> Result:
    """Steps of each in turn, one round a crop length after a round to warm up."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _measure(SpeakerRecipe().training.batch_size)
    finally:
        torch.set_num_threads(n_threads)


def _measure(batch_size: int) -> Result:
    rng = np.random.default_rng(0)
    lengths = rng.integers(*N_FRAMES, size=N_RECORDINGS)
    log_mels = [rng.normal(8, 2, (n, 64)).astype(np.float16) for n in lengths]
    labels = np.arange(N_RECORDINGS) % N_SPEAKERS
    bank, augmenter = VoiceBank.of(log_mels, labels), Augmenter.of(log_mels, LogMel())
    steps: dict[str, Callable[[int], object]] = {
        "plain loop": PlainLoop(log_mels, labels, batch_size).step,
        "bf16": stage(bank, augmenter, precision="bf16"),
        "fp32": stage(bank, augmenter, precision="fp32"),
        "bf16, augmented": stage(bank, augmenter, precision="bf16", augment=AUGMENT),
    }
    cpu_s: dict[str, list[float]] = {name: [] for name in steps}
    wall_s: dict[str, list[float]] = {name: [] for name in steps}
    for step in steps.values():
        step(LENGTHS[0])
    for n_frames in LENGTHS:
        for name, step in steps.items():
            wall, cpu = time.perf_counter(), time.process_time()
            step(n_frames)
            cpu_s[name].append(time.process_time() - cpu)
            wall_s[name].append(time.perf_counter() - wall)
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
    figures += [figure(f"{name}: step, wall_s", times) for name, times in wall_s.items()]
    rates = {name: matrix_rate(dtype) for name, dtype in DTYPES.items()}
    work = [multiply_adds(n, batch_size) / 1e9 for n in LENGTHS]
    for name, rate in rates.items():
        shares = [w / t / rate for w, t in zip(work, cpu_s[name], strict=True)]
        figures.append(figure(f"{name}: share of the matrix rate", shares))
    about = {
        "batch_size": batch_size,
        "crop_frames": LENGTHS,
        "recordings": N_RECORDINGS,
        "threads": 1,
        "augmentation": AUGMENT,
        "matrix_rate_gmac_s": {name: round(rate, 1) for name, rate in rates.items()},
        "best_possible": round(rates["bf16"] / rates["fp32"], 2),
        "about_best_possible": "bf16 matrix rate over that of fp32: what the same multiply-adds "
        "would gain if both loops reached their rate",
    }
    return Result("voice2face train voice CORPUS OUT --precision bf16", tuple(figures), about)
