"""The loop that every training shares: steps, logs, samples, checkpoints, resume."""

import contextlib
import io
import math
import signal
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from voice2face.errors import OutputError, TrainingError
from voice2face.files import write_text
from voice2face.runs.readings import write_about
from voice2face.settings import Run, Settings, to_yaml
from voice2face.training import checkpoint
from voice2face.training.checkpoint import State, say
from voice2face.training.distributed import Team, solo
from voice2face.training.run_folder import Writer, alone, check_unused
from voice2face.training.run_log import RunLog
from voice2face.training.run_state import LossWatch, check_finite, check_same, digest, place_of


class Trainee(Protocol):
    """Networks, data and state of a training that the loop can run.

    One that also has an attribute ``waited_s``, the seconds spent waiting for data since the start,
    has its share shown.
    """

    def step(self) -> dict[str, Tensor]:
        """One iteration; its losses, each a scalar."""

    def state(self) -> State:
        """All that :meth:`load` needs to go on exactly."""

    def load(self, state: State) -> None:
        """Take up a state."""

    def show(self, step: int, out: Path) -> dict[str, float] | None:
        """Write samples of the present state and measure it; called in the leader's process alone.

        Returns:
            Readings by name; the one that ``Run.best_by`` names is better when higher.
        """


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
    team: Team | None = None,
) -> None:
    """Run to ``iterations``, from the last checkpoint if ``resume``.

    Args:
        trainee: Changed in place.
        out: Folder of the run: ``checkpoints/`` and ``tensorboard/`` are written.
        iterations: Steps in all, those before a resume included.
        run: What is written and when.
        recipe: Kept in the checkpoints and as ``recipe.yaml``.
        identity: What a resumed run must have in common with the one that stopped. Where it runs
            is not part of it: another device or number of processes is noted.
        resume: Go on with what is in ``out``; otherwise ``out`` must hold no checkpoint.
        quiet: No progress bar.
        team: The processes that train together; all call this alike. Without one, this one alone.

    Raises:
        OutputError: A checkpoint could not be written; the earlier ones are untouched.
        TrainingError: A number is not finite; a run is there already, or another one; another
            process of the team has ended.
        KeyboardInterrupt: The user or the system asked to stop; a checkpoint was written.
    """
    team = team or solo(getattr(trainee, "device", "cpu"))
    constant = {"identity": identity, "place": place_of(team), "recipe": to_yaml(recipe)}
    with contextlib.ExitStack() as stack:
        if team.is_leader:
            check_unused(out, resume)
            # Before the last checkpoint is read: a run that is ending may be writing one.
            stack.enter_context(alone(out, out / "checkpoints"))
        start = _begin(trainee, out, constant, team, resume)
        if start >= iterations:
            if team.is_leader:
                say(f"{out}: its {start} steps are done already, of {iterations}; nothing to train")
            return
        asked_to_stop = stack.enter_context(_stop_request())
        clerk = None
        if team.is_leader:
            clerk = _Clerk(trainee, out, run, constant, stack, team.device)
            write_text(out / "recipe.yaml", to_yaml(recipe))
            write_about(out, identity)
            clerk.log = stack.enter_context(RunLog(out, start, iterations, quiet))
        _steps(trainee, start, iterations, run, team, clerk, asked_to_stop)


def _steps(
    trainee: Trainee,
    start: int,
    iterations: int,
    run: Run,
    team: Team,
    clerk: "_Clerk | None",
    asked_to_stop: threading.Event,
) -> None:
    watch = LossWatch(team)
    # A look at the losses waits for the device, which costs nothing where the CPU is the device.
    always = team.device.type == "cpu"
    for step in range(start + 1, iterations + 1):
        watch.add(_step(trainee, step))
        if clerk is not None:
            clerk.log.advance()
        last = step == iterations
        logs = step % run.log_every == 0 or last
        shows = step % run.sample_every == 0 or last
        saves = step % run.checkpoint_every == 0 or last
        asked = asked_to_stop.is_set()
        if not (always or logs or shows or saves or (asked and team.world == 1)):
            continue
        losses = watch.look(step)
        stop = team.agree(asked)
        if clerk is not None:
            clerk.write(step, losses if logs else None, shows, saves or stop)
        if stop and not last:
            if clerk is not None:
                clerk.writer.wait()
            raise KeyboardInterrupt(f"stopped after step {step}; --resume goes on")


class _Clerk:
    """The leader's writing: logs, samples, checkpoints, the best of them."""

    log: RunLog

    def __init__(
        self,
        trainee: Trainee,
        out: Path,
        run: Run,
        constant: State,
        stack: contextlib.ExitStack,
        device: torch.device,
    ) -> None:
        self._trainee, self._out, self._run, self._constant = trainee, out, run, constant
        self._folder = out / "checkpoints"
        self.writer = stack.enter_context(Writer(background=device.type != "cpu"))
        self._best = checkpoint.load_best(self._folder, run.best_by)
        self._device, self._missed = device, False

    def write(self, step: int, losses: dict[str, float] | None, shows: bool, saves: bool) -> None:
        """All that is due after a step.

        Args:
            step: The step.
            losses: Its losses, if they are to be logged.
            shows: Write samples, and a checkpoint if it is the best so far.
            saves: Write a checkpoint.
        """
        self.writer.check()
        if losses is not None:
            self.log.losses(step, losses, getattr(self._trainee, "waited_s", None))
        better = self._show(step) if shows else None
        if not saves and better is None:
            return
        state = self._constant | {"trainee": self._trainee.state()}
        check_finite(state, step)
        self.writer.write(partial(self._save, step, better, saves), state)
        self._best = self._best if better is None else better

    def _save(self, step: int, better: float | None, saves: bool, state: State) -> None:
        if better is not None:
            checkpoint.save_best(self._folder, step, state, self._run.best_by, better)
        if saves:
            checkpoint.save(self._folder, step, state, self._run.keep_checkpoints)

    def _show(self, step: int) -> float | None:
        """Samples and readings; the value of the one that decides if it is the best so far."""
        devices = [self._device] if self._device.type == "cuda" else []
        try:
            with torch.random.fork_rng(devices):  # looking must not change what comes after
                readings = self._trainee.show(step, self._out) or {}
        except (OutputError, OSError) as error:  # a later checkpoint tells whether there is room
            say(f"step {step}: no samples ({error})")
            return None
        self.log.readings(step, readings)
        name = self._run.best_by
        asked = name and name != Run().best_by
        if readings and asked and name not in readings and not self._missed:
            self._missed = True
            there = ", ".join(readings)
            say(f"best_by {name}: no such reading, so no best checkpoint; {there} are")
        value = readings.get(name, math.nan)
        better = math.isfinite(value) and (self._best is None or value > self._best)
        return value if better else None


def _step(trainee: Trainee, step: int) -> dict[str, Tensor]:
    try:
        return trainee.step()
    except RuntimeError as error:  # torch has no one class for this on all devices
        if "alloc" not in str(error) and "out of memory" not in str(error):
            raise
        raise TrainingError(
            f"step {step}", "out of memory", "a step that fits", "lower --batch-size or --width"
        ) from error


def _begin(trainee: Trainee, out: Path, constant: State, team: Team, resume: bool) -> int:
    """Take up the last checkpoint, the leader's, in all processes; steps done."""
    data = b""
    if team.is_leader:
        found = _found(out, constant, resume)
        if found is not None and team.world == 1:
            trainee.load(found["trainee"])
            return int(found["step"])
        if found is not None:
            stream = io.BytesIO()
            torch.save(found, stream)
            data = stream.getvalue()
    data = team.share(data)
    start = 0
    if data:
        state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
        trainee.load(state["trainee"])
        start = int(state["step"])
    if team.world > 1:
        team.check_same_weights(digest(trainee.state()))
    return start


def _found(out: Path, constant: State, resume: bool) -> State | None:
    """State of the run in ``out``, if it may go on here."""
    check_unused(out, resume)
    found = checkpoint.load_last(out / "checkpoints")
    if found is None:
        return None
    _, state = found
    check_same(out, state["identity"], constant["identity"])
    before, here = state.get("place", {}), constant["place"]
    changed = [
        f"{name} {now} instead of {before.get(name, '?')}"
        for name, now in here.items()
        if now != before.get(name)
    ]
    if changed:
        say(f"{out}: goes on with {', '.join(changed)}: the same method, but not bit for bit")
    return state


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
