"""The loop that every training shares: steps, logs, samples, checkpoints, resume."""

import contextlib
import math
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor
from tqdm import tqdm

from voice2face.errors import OutputError, TrainingError
from voice2face.files import write_text
from voice2face.settings import Run, Settings, to_yaml
from voice2face.training import checkpoint
from voice2face.training.checkpoint import State

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


class Trainee(Protocol):
    """What the loop trains."""

    def step(self) -> dict[str, Tensor]:
        """One iteration; its losses, each a scalar."""

    def state(self) -> State:
        """All that :meth:`load` needs to go on exactly."""

    def load(self, state: State) -> None:
        """Take up a state."""

    def show(self, writer: "SummaryWriter", step: int, out: Path) -> None:
        """Write samples or measures of the present state."""


def train(
    trainee: Trainee,
    out: Path,
    iterations: int,
    run: Run,
    recipe: Settings,
    identity: dict[str, str],
    *,
    resume: bool,
    quiet: bool = False,
) -> None:
    """Run to ``iterations``, from the last checkpoint if ``resume``.

    Args:
        trainee: Changed in place.
        out: Folder of the run: ``checkpoints/`` and ``tensorboard/`` are written.
        iterations: Steps in all, those before a resume included.
        run: What is written and when.
        recipe: Kept in the checkpoints and as ``recipe.yaml``.
        identity: What a resumed run must have in common with the one that stopped.
        resume: Go on with what is in ``out``; otherwise ``out`` must hold no checkpoint.
        quiet: No progress bar.

    Raises:
        TrainingError: A loss is not finite; a run is there already, or another one.
        KeyboardInterrupt: The user or the system asked to stop; a checkpoint was written.
    """
    from torch.utils.tensorboard import SummaryWriter

    folder = out / "checkpoints"
    start = _begin(trainee, folder, identity, resume)
    write_text(out / "recipe.yaml", to_yaml(recipe))
    bar = tqdm(total=iterations, initial=start, disable=quiet or None, unit="it", smoothing=0.05)
    try:
        writer = SummaryWriter(str(out / "tensorboard"), purge_step=start)
    except Exception as error:  # a full disk shows as one of several kinds
        raise OutputError(
            out / "tensorboard", f"could not be written ({error})", "room", "free some"
        ) from error
    with _stop_request() as asked_to_stop, contextlib.closing(bar), contextlib.closing(writer):
        for step in range(start + 1, iterations + 1):
            losses = _finite(_step(trainee, step), step)
            bar.update()
            if step % run.log_every == 0 or step == iterations:
                bar.set_postfix({name: f"{value:.3f}" for name, value in losses.items()})
                for name, value in losses.items():
                    writer.add_scalar(f"loss/{name}", value, step)
            stop = asked_to_stop.is_set()
            if step % run.sample_every == 0 or step == iterations:
                trainee.show(writer, step, out)
            if step % run.checkpoint_every == 0 or step == iterations or stop:
                state = {
                    "identity": identity,
                    "recipe": to_yaml(recipe),
                    "trainee": trainee.state(),
                }
                checkpoint.save(folder, step, state, run.keep_checkpoints)
            if stop and step < iterations:
                raise KeyboardInterrupt(f"stopped after step {step}; --resume goes on")


def _step(trainee: Trainee, step: int) -> dict[str, Tensor]:
    try:
        return trainee.step()
    except RuntimeError as error:  # torch has no one class for this on all devices
        if "alloc" not in str(error) and "out of memory" not in str(error):
            raise
        raise TrainingError(
            f"step {step}", "out of memory", "a step that fits", "lower --batch-size or --width"
        ) from error


def _begin(trainee: Trainee, folder: Path, identity: dict[str, str], resume: bool) -> int:
    found = checkpoint.load_last(folder)
    if found is None:
        return 0
    step, state = found
    if not resume:
        raise TrainingError(
            folder.parent,
            f"holds a run of {step} steps",
            "an empty folder",
            "--resume goes on with it, another folder starts afresh",
        )
    for name, now in identity.items():
        before = state["identity"].get(name)
        if before != now:
            raise TrainingError(
                folder.parent,
                f"was started with another {name} ({_short(before)})",
                f"the same to go on exactly ({_short(now)} is asked for)",
                "repeat the command that started it, or use another folder",
            )
    trainee.load(state["trainee"])
    return step


def _short(text: object) -> str:
    words = str(text)
    return words if len(words) <= 40 else words[:37] + "..."


def _finite(losses: dict[str, Tensor], step: int) -> dict[str, float]:
    values = torch.stack([loss.detach().float() for loss in losses.values()]).tolist()
    named = dict(zip(losses, values, strict=True))
    if not all(map(math.isfinite, values)):
        terms = ", ".join(f"{name} {value:.4g}" for name, value in named.items())
        raise TrainingError(
            f"step {step}",
            f"a loss is not finite ({terms})",
            "finite numbers",
            "lower the learning rate or use --precision fp32; earlier checkpoints are untouched",
        )
    return named


@contextlib.contextmanager
def _stop_request() -> Iterator[threading.Event]:
    """An event set by Ctrl-C or SIGTERM, so that a step is never left half done."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked  # only the main thread may change what a signal does
        return
    before = {s: signal.signal(s, lambda *_: asked.set()) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
