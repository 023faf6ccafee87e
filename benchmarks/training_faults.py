"""What goes wrong while a training is at work; target: all survived, 50 of 50 SIGKILLs in one run.

Survived means: nothing that was good is damaged, what fails says so in one line, and the same
command with ``--resume`` ends with the weights of an uninterrupted run, bit for bit (CPU, fp32).
Each run is a process forked from one that has loaded torch, so that the moments at which it is
killed fall into the training and not into the imports.
"""

import os
import random
import resource
import signal
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from benchmarks.harness import NotHereError, Result, figure
from benchmarks.inputs import Inputs

SEED = 0
N_KILLS = 50
N_STOPS = 5
LONG, SHORT = 2000, 100  # iterations of the run that is killed, and of the others
EVERY = 20  # iterations from one checkpoint to the next
WIDTH = 0.06
FACE_PX = 16
PATIENCE_S = 600
PRELOADED = ["voice2face.training.gan.train", "torch.utils.tensorboard", "torch._dynamo"]


@dataclass(frozen=True)
class Trial:
    """One attempt at making a training lose work: what was done, found, and whether it survived."""

    fault: str
    found: str
    survived: bool


def measure(inputs: Inputs) -> Result:
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise NotHereError("torch; install voice2face[train]") from error
    started = time.perf_counter()
    faults = Faults(inputs.folder / "training_faults")
    trials = list(faults.all(random.Random(SEED)))
    tried = Counter(trial.fault for trial in trials)
    survived = Counter(trial.fault for trial in trials if trial.survived)
    wanted = dict(tried) | {"SIGKILL at a random moment": N_KILLS}
    figures = tuple(figure(fault, [survived[fault]], at_least=n) for fault, n in wanted.items())
    about = {
        "table": [
            {
                "fault": fault,
                "tried": n,
                "survived": survived[fault],
                "not so": [t.found for t in trials if t.fault == fault and not t.survived],
            }
            for fault, n in tried.items()
        ],
        "networks": f"width {WIDTH}, faces of {FACE_PX} pixels, batch 4, fp32, one thread",
        "iterations": {"killed fifty times": LONG, "others": SHORT, "between checkpoints": EVERY},
        "seconds of the uninterrupted run": round(faults.long_s, 1),
        "steps done when killed": faults.killed_at,
        "seconds in all": round(time.perf_counter() - started, 1),
    }
    return Result("voice2face train face CORPUS OUT --resume", figures, about)


class Faults:
    """The trials of the table.

    Args:
        folder: New; all is made there.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._corpus, self._encoder = _material(folder)
        os.environ["OMP_NUM_THREADS"] = "1"
        self._context = get_context("forkserver")
        self._context.set_forkserver_preload(PRELOADED)
        self._run(folder / "warm", SHORT)
        self._short = _weights(folder / "warm")
        self._n_bytes = _newest(folder / "warm").stat().st_size
        clock = time.perf_counter()
        self._run(folder / "one", 1)
        self._start_s = time.perf_counter() - clock
        clock = time.perf_counter()
        self._run(folder / "whole", LONG)
        self.long_s = time.perf_counter() - clock
        self._long = _weights(folder / "whole")
        self.killed_at: list[int] = []

    def all(self, rng: random.Random) -> Iterator[Trial]:
        """Every trial once."""
        yield from self.kills(rng)
        yield from self.stops(rng)
        yield from self.damages(rng)
        yield from self.full_disks()
        yield from self.unwritable()

    def kills(self, rng: random.Random) -> Iterator[Trial]:
        """SIGKILL at random moments of one run, each time resumed; then its end is compared."""
        out = self._folder / "killed"
        longest_s = self._start_s + 3 * self.long_s / N_KILLS
        while len(self.killed_at) < N_KILLS:
            # Earlier moments where the run is ahead: it must not end before the fiftieth.
            n, done = len(self.killed_at), self.killed_at[-1] if self.killed_at else 0
            ahead = done > 0.9 * LONG * n / N_KILLS
            process = self._start(out, LONG)
            process.join(rng.uniform(0, longest_s / 3 if ahead else longest_s))
            if process.exitcode is None:
                process.kill()
            process.join()
            if process.exitcode == 0:
                break
            if process.exitcode != -signal.SIGKILL:
                raise RuntimeError(f"ended with {process.exitcode}: {_said(out)}")
            numbered = sorted((out / "checkpoints").glob("0*.pt"))
            self.killed_at.append(int(numbered[-1].stem) if numbered else 0)
        self._run(out, LONG)
        same = _weights(out) == self._long
        left = [path.name for path in out.rglob(".*") if path.is_file()]
        for step in self.killed_at:
            found = f"after step {step}: same weights: {same}, left over: {left}"
            yield Trial("SIGKILL at a random moment", found, same and not left)

    def stops(self, rng: random.Random) -> Iterator[Trial]:
        """SIGTERM at a random moment after the first checkpoint."""
        for number in range(N_STOPS):
            out = self._folder / f"stopped-{number}"
            process = self._start(out, SHORT)
            _await(lambda out=out: any((out / "checkpoints").glob("0*.pt")), process)
            time.sleep(rng.uniform(0, 0.2))
            os.kill(process.pid or 0, signal.SIGTERM)
            process.join(PATIENCE_S)
            said = _said(out)
            stopped = process.exitcode == 130 and "stopped after step" in said
            yield self._judge("SIGTERM", out, stopped, f"{process.exitcode}: {said}")

    def damages(self, rng: random.Random) -> Iterator[Trial]:
        """The newest checkpoint of a stopped run is damaged in five ways."""
        for name, damage in _damages(rng).items():
            out = self._folder / f"damaged-{name.replace(' ', '-')}"
            self._run(out, SHORT // 2)
            damaged = _newest(out)
            damage(damaged)
            yield self._judge("damaged newest checkpoint", out, True, name, "damaged, kept as")

    def full_disks(self) -> Iterator[Trial]:
        """Files may not grow beyond a share of a checkpoint's size, from the start and later."""
        for share in (0.02, 0.5, 0.98):
            for before in (0, SHORT // 2):
                out = self._folder / f"full-{share}-{before}"
                if before:
                    self._run(out, before)
                process = self._start(out, SHORT, round(share * self._n_bytes))
                process.join(PATIENCE_S)
                handled = process.exitcode == 2 and _one_error(_said(out)) and _intact(out, before)
                found = f"{share:.0%} of a checkpoint, after {before} steps: {_said(out)}"
                yield self._judge("full disk", out, handled, found)

    def unwritable(self) -> Iterator[Trial]:
        """The folder of the checkpoints becomes one that can't be written, before and meanwhile."""
        for before in (True, False):
            out = self._folder / f"unwritable-{before}"
            folder, aside = out / "checkpoints", out / "aside"
            if before:
                self._run(out, SHORT // 2)
                process = None
            else:
                process = self._start(out, SHORT)
                _await(lambda folder=folder: any(folder.glob("0*.pt")), process)
            folder.rename(aside)
            folder.write_text("a file in its place")
            process = process or self._start(out, SHORT)
            process.join(PATIENCE_S)
            said = _said(out)
            folder.unlink()
            aside.rename(folder)
            handled = process.exitcode == 2 and _one_error(said) and _intact(out, EVERY)
            yield self._judge("unwritable folder", out, handled, f"{process.exitcode}: {said}")

    def _judge(self, fault: str, out: Path, handled: bool, found: str, says: str = "") -> Trial:
        """Resume without the fault, and compare the end."""
        self._run(out, SHORT)
        said = says in _said(out)
        same = _weights(out) == self._short
        found = f"{found[-300:]}; same weights: {same}, said so: {said}"
        return Trial(fault, found, handled and said and same)

    def _run(self, out: Path, iterations: int) -> None:
        process = self._start(out, iterations)
        process.join(PATIENCE_S)
        if process.exitcode != 0:
            raise RuntimeError(f"ended with {process.exitcode}: {_said(out)}")

    def _start(self, out: Path, iterations: int, n_bytes: int = 0) -> ForkServerProcess:
        arguments = (self._corpus, self._encoder, out, iterations, n_bytes)
        process = self._context.Process(target=_train, args=arguments)
        process.start()
        return process


def _train(corpus: Path, encoder: Path, out: Path, iterations: int, n_bytes: int) -> None:
    """What the command does, in a process of its own; its errors go to a file beside ``out``."""
    log = os.open(_log(out), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 2)
    from voice2face.errors import Voice2FaceError
    from voice2face.settings import Run
    from voice2face.training.gan.train import train_face

    if n_bytes:
        resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, n_bytes))
    run = Run(checkpoint_every=EVERY, sample_every=5 * EVERY, log_every=EVERY)
    recipe = _recipe(iterations)
    try:
        train_face(
            corpus, out, recipe, voice_encoder=encoder, seed=SEED, run=run, resume=True, quiet=True
        )
    except KeyboardInterrupt as error:
        print(error, file=sys.stderr)
        sys.exit(130)
    except Voice2FaceError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


def _recipe(iterations: int) -> Any:
    from voice2face.networks.variants import recipe
    from voice2face.settings import change

    changes = {
        "generator.face_px": FACE_PX,
        "critics.face_px": FACE_PX,
        "training.batch_size": 4,
        "training.precision": "fp32",  # the same weights, bit for bit
        "training.iterations": iterations,
        "training.ema_decay": 0.9,
        "training.crop_frames": [40, 60],
    }
    return change(recipe("baseline", width=WIDTH), changes)


def _material(folder: Path) -> tuple[Path, Path]:
    """A corpus of made-up people and a model whose voice encoder has random weights."""
    import torch

    from voice2face.audio.settings import FRONT_ENDS
    from voice2face.corpus.prepare import prepare
    from voice2face.faces.settings import FaceCrop
    from voice2face.networks.modules import Generator, VoiceEncoder
    from voice2face.release.network_parts import convolutional_part, deconvolutional_part
    from voice2face.release.writing import write_release
    from voice2face.settings import VoiceEncoderSettings
    from voice2face.synthetic import CohortSettings, write_cohort

    people = CohortSettings(
        n_identities=10, seed=7, clips_per_identity=2, faces_per_identity=3, face_px=FACE_PX
    )
    write_cohort(folder / "people", people)
    crop = FaceCrop(px=FACE_PX)
    prepare([folder / "people"], folder / "corpus", face_crop=crop, split="hash:60/20/20")
    torch.manual_seed(SEED)
    voice, recipe = VoiceEncoderSettings(width=WIDTH), _recipe(1)
    heard = convolutional_part(VoiceEncoder(voice), "clean", FRONT_ENDS["clean"])
    drawn = deconvolutional_part(Generator(recipe.generator), recipe.embedding)
    return folder / "corpus", write_release(folder / "encoder", "random weights", (heard, drawn))


def _weights(out: Path) -> tuple[bytes, bytes]:
    """Checksum of all tensors of a run's last checkpoint, and its model."""
    from voice2face.training import checkpoint
    from voice2face.training.run_state import digest

    found = checkpoint.load_last(out / "checkpoints")
    model = out / "model" / "generator.onnx"
    return digest(found[1]["trainee"]) if found else b"", model.read_bytes()


def _intact(out: Path, n_steps: int) -> bool:
    """Is there a whole checkpoint of so many steps or more, and none that is damaged?"""
    from voice2face.training import checkpoint

    found = checkpoint.load_last(out / "checkpoints")
    if any((out / "checkpoints").glob("*.damaged*")):
        return False
    return (found[0] if found else 0) >= n_steps


def _newest(out: Path) -> Path:
    return max((out / "checkpoints").glob("0*.pt"))


def _damages(rng: random.Random) -> dict[str, Callable[[Path], object]]:
    import torch

    def flip(path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            numbers = archive.read(max(archive.infolist(), key=lambda record: record.file_size))
        data = bytearray(path.read_bytes())
        data[data.index(numbers) + rng.randrange(len(numbers))] ^= 1 << rng.randrange(8)
        path.write_bytes(data)

    return {
        "cut short": lambda path: os.truncate(path, rng.randrange(path.stat().st_size)),
        "one bit turned": flip,
        "empty": lambda path: path.write_bytes(b""),
        "a text": lambda path: path.write_text("not a checkpoint\n" * 100),
        "another kind of file": lambda path: torch.save({"weights": torch.zeros(9)}, path),
    }


def _await(ready: Callable[[], bool], process: ForkServerProcess) -> None:
    while not ready():
        if process.exitcode is not None:
            raise RuntimeError(f"ended too early, with {process.exitcode}")
        time.sleep(0.005)


def _log(out: Path) -> Path:
    return out.with_name(f"{out.name}.log")


def _said(out: Path) -> str:
    return _log(out).read_text(errors="replace").strip()


def _one_error(said: str) -> bool:
    """Whether a run ends with one line of error, after notes alone."""
    *notes, last = said.splitlines() or [""]
    return last.startswith("error: ") and all(line.startswith("note: ") for line in notes)
