"""Two processes that train as one, on two cores; target: 1.8 times one process on one core.

Samples a second of the whole step (batch drawn, losses looked at) of ``baseline`` at full width in
bf16. Both compute the same: batches of 128, of which each of the two takes 64. Beside it the two
with 128 each, and the two with 64 each that never speak to each other: what the machine allows,
whose cores share memory and caches. The processes are there all the time, one thread each, and take
turns. The clock is what counts; processor time says what it would be with no other program about.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
import typer
from torch.nn import Parameter

from benchmarks.harness import Figure, NotHereError, Result, figure, memory_mb, n_cores_here
from benchmarks.inputs import Inputs
from voice2face.networks.modules import VoiceEncoder
from voice2face.networks.variants import recipe
from voice2face.settings import VoiceEncoderSettings, change
from voice2face.training.data.in_memory import FaceBank, VoiceBank
from voice2face.training.data.source import FaceData
from voice2face.training.distributed import Team, team
from voice2face.training.gan.trainee import FaceTrainee
from voice2face.training.run_state import LossWatch

LEAST = 1.8
BATCH = 128
N_STEPS = 2  # a turn
N_FRAMES = (300, 430, 550, 680, 800)  # of the voices, one a round; the recipe's mean is 550
N_PEOPLE, N_VOICES, N_FACES = 500, 100, 500


@dataclass(frozen=True)
class Turn:
    """What one process is asked for: some steps on batches of its own, alone or as one of many."""

    batch: int
    together: bool
    frames: int
    steps: int


@dataclass(frozen=True)
class Took:
    """What they took in this process, per step: seconds, of the clock and of the processor.

    Attributes:
        wall_s: Time on the clock.
        cpu_s: Processor time.
        said_s: Time on the clock for messages, waiting for the others included.
        said_cpu_s: Processor time for messages.
        peak_mb: Most memory so far, in 10^6 bytes.
    """

    wall_s: float
    cpu_s: float
    said_s: float
    said_cpu_s: float
    peak_mb: float


Kinds = dict[str, tuple[int, Turn]]  # how many processes, and what each is asked for


def kinds_of(batch: int, frames: int, steps: int) -> Kinds:
    """All that take turns in a round."""
    half = batch // 2
    return {
        "one": (1, Turn(batch, True, frames, steps)),
        "two": (2, Turn(half, True, frames, steps)),
        "two that never speak": (2, Turn(half, False, frames, steps)),
        "two, twice the batch": (2, Turn(batch, True, frames, steps)),
    }


def measure(
    inputs: Inputs,
    width: float = 1.0,
    batch: int = BATCH,
    steps: int = N_STEPS,
    lengths: Sequence[int] = N_FRAMES,
) -> Result:
    """A round of turns for each length of the voices, after one to warm up."""
    if n_cores_here() < 2:
        raise NotHereError("two cores")
    rounds: list[dict[str, list[Took]]] = []
    peaks: dict[int, list[float]] = {}
    with contextlib.ExitStack() as stack:
        crews = {n: stack.enter_context(_crew(n, width, inputs.folder)) for n in (1, 2)}
        for n, turn in kinds_of(batch, max(lengths), 1).values():
            took = _take(crews[n], turn)
            peaks.setdefault(n, [one.peak_mb for one in took])  # before the larger batches
        for frames in lengths:
            kinds = kinds_of(batch, frames, steps)
            rounds.append({name: _take(crews[n], turn) for name, (n, turn) in kinds.items()})
    return Result(
        "torchrun --nproc-per-node 2 -m voice2face train face … --batch-size 64 --precision bf16",
        (*figures_of(rounds, batch), *_peaks(peaks)),
        {
            "step": f"baseline at width {width:g} in bf16, its data in memory, its losses looked "
            f"at; {batch} samples, or {batch // 2} in each of two",
            "frames of the voices, by round": list(lengths),
            "steps a turn": steps,
            "threads": "one each; the one is bound to one core, the two to two",
            "by processor time": "samples over the most processor time of a process",
        },
    )


def figures_of(rounds: list[dict[str, list[Took]]], batch: int) -> tuple[Figure, ...]:
    """What the turns of all rounds took, by kind, one a process."""
    kinds = kinds_of(batch, frames=1, steps=1)
    samples = {name: n * turn.batch for name, (n, turn) in kinds.items()}

    def rates(kind: str, clock: str) -> list[float]:
        # The slowest of them ends the step.
        return [samples[kind] / max(getattr(t, clock) for t in one[kind]) for one in rounds]

    def against_one(kind: str, clock: str) -> list[float]:
        return [a / b for a, b in zip(rates(kind, clock), rates("one", clock), strict=True)]

    two = [took for one in rounds for took in one["two"]]
    rivals = [kind for kind in samples if kind != "one"]
    return (
        figure("two / one, samples a second", against_one("two", "wall_s"), at_least=LEAST),
        *(figure(f"{kind} / one", against_one(kind, "wall_s")) for kind in rivals[1:]),
        *(figure(f"{k} / one, by processor time", against_one(k, "cpu_s")) for k in rivals),
        *(figure(f"{kind}, samples a second", rates(kind, "wall_s")) for kind in samples),
        *(figure(f"{k}, samples a processor s", rates(k, "cpu_s")) for k in samples),
        figure("two, messages, share of the clock", [t.said_s / t.wall_s for t in two]),
        figure("two, messages, share of processor", [t.said_cpu_s / t.cpu_s for t in two]),
        figure("two, messages, processor s a step", [t.said_cpu_s for t in two]),
    )


def _peaks(peaks: dict[int, list[float]]) -> tuple[Figure, ...]:
    names = {1: "one, peak_mb", 2: "two, peak_mb of each"}
    return tuple(figure(names[n], of_each) for n, of_each in peaks.items())


@dataclass(frozen=True)
class _Worker:
    process: "subprocess.Popen[str]"
    log: Path

    def ask(self, turn: Turn) -> None:
        assert self.process.stdin is not None
        print(json.dumps(asdict(turn)), file=self.process.stdin, flush=True)

    def answer(self) -> Took:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            tail = self.log.read_text(errors="replace")[-2000:]
            raise RuntimeError(f"a process of the training has ended:\n{tail}")
        return Took(**json.loads(line))


@contextlib.contextmanager
def _crew(world: int, width: float, folder: Path) -> Iterator[list[_Worker]]:
    """Processes that train as one when they are asked to; as torchrun would start them."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    workers: list[_Worker] = []
    words = [sys.executable, "-m", "benchmarks.training_scaling", str(width)]
    try:
        for rank in range(world):
            log = folder / f"scaling-{world}-{rank}.log"
            place = {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(world)}
            where = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "OMP_NUM_THREADS": "1"}
            with log.open("w") as errors:
                process = subprocess.Popen(
                    words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                    env=dict(os.environ) | place | where, text=True,
                )  # fmt: skip
            workers.append(_Worker(process, log))
        yield workers
    finally:
        for worker in workers:
            worker.process.kill()
            worker.process.communicate()


def _take(workers: list[_Worker], turn: Turn) -> list[Took]:
    for worker in workers:
        worker.ask(turn)
    return [worker.answer() for worker in workers]


@dataclass(frozen=True)
class _Timed(Team):
    """A team that notes how long its messages take: seconds of the clock, of this thread."""

    said: list[tuple[float, float]] = field(default_factory=list)

    def mean_gradients(self, parameters: Iterable[Parameter]) -> None:
        with self._noted():
            super().mean_gradients(parameters)

    def mean(self, values: torch.Tensor) -> torch.Tensor:
        with self._noted():
            return super().mean(values)

    def agree(self, flag: bool) -> bool:
        with self._noted():
            return super().agree(flag)

    @contextlib.contextmanager
    def _noted(self) -> Iterator[None]:
        wall, cpu = time.perf_counter(), time.thread_time()
        yield
        self.said.append((time.perf_counter() - wall, time.thread_time() - cpu))


def take(trainee: FaceTrainee, crew: Team, turn: Turn) -> Took:
    """Steps as the loop of a run takes them, from when all are ready."""
    one = Team(0, 1, crew.device)
    own = _Timed(crew.rank, crew.world, crew.device) if turn.together else one
    changes = {"batch_size": turn.batch, "crop_frames": [turn.frames, turn.frames]}
    trainee.recipe = change(trainee.recipe, {f"training.{k}": v for k, v in changes.items()})
    trainee.team, watch = own, LossWatch(own)
    crew.barrier()
    wall, cpu, own_cpu = time.perf_counter(), time.process_time(), time.thread_time()
    for step in range(turn.steps):
        watch.add(trainee.step())
        watch.look(step)
        own.agree(False)
    wall_s, cpu_s = time.perf_counter() - wall, time.process_time() - cpu
    others_s = cpu_s - (time.thread_time() - own_cpu)  # of the threads that send and add up
    said = own.said if isinstance(own, _Timed) else []
    said_s, said_cpu_s = sum(w for w, _ in said), sum(c for _, c in said) + others_s
    n = turn.steps
    return Took(wall_s / n, cpu_s / n, said_s / n, said_cpu_s / n, memory_mb())


def make_trainee(width: float, crew: Team) -> FaceTrainee:
    """A training of random weights on noise."""
    rng = np.random.default_rng(0)
    log_mels = [
        rng.normal(8, 2, (n, 64)).astype(np.float16) for n in rng.integers(400, 1200, N_VOICES)
    ]
    pixels = rng.integers(0, 256, (N_FACES, 64, 64, 3), np.uint8)
    whose = [np.arange(n) % N_PEOPLE for n in (N_VOICES, N_FACES)]
    voices, faces = VoiceBank.of(log_mels, whose[0]), FaceBank.of(pixels, whose[1])
    data = FaceData(voices, faces, [str(n) for n in range(N_PEOPLE)])
    settings = VoiceEncoderSettings(width=width)
    chosen = change(recipe("baseline", width=width), {"training.precision": "bf16"})
    samples = VoiceBank.of(log_mels[:1], np.zeros(1, np.int64))
    return FaceTrainee(data, chosen, VoiceEncoder(settings), samples, 0, crew)


def main(width: float) -> None:
    """One of the processes: reads a line with what is asked, writes a line with what it took."""
    torch.set_num_threads(1)
    world = int(os.environ["WORLD_SIZE"])
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:world])
    with team("cpu") as crew:
        trainee = make_trainee(width, crew)
        for line in sys.stdin:
            took = take(trainee, crew, Turn(**json.loads(line)))
            print(json.dumps(asdict(took)), flush=True)


if __name__ == "__main__":
    typer.run(main)
