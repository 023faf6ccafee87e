"""What a run tells while it is at work: a line in the terminal, and TensorBoard."""

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from tqdm import tqdm

from voice2face.errors import OutputError
from voice2face.runs.readings import LOSSES, READINGS, append_losses, drop_after
from voice2face.training.checkpoint import say


class RunLog:
    """Progress of one run: rate, losses, time left, share of the time spent waiting for data.

    When TensorBoard's files can't be written any more (a full disk), that is said once and the run
    goes on without them: whether it can go on is for its checkpoints to decide.

    Args:
        out: Folder of the run; ``tensorboard/`` is written.
        start: Steps done before.
        iterations: Steps in all.
        quiet: No line in the terminal.

    Raises:
        OutputError: TensorBoard's files can't be written from the start.
    """

    def __init__(self, out: Path, start: int, iterations: int, quiet: bool) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._place = out / "tensorboard"
        self._writer: SummaryWriter | None
        try:
            self._writer = SummaryWriter(str(self._place), purge_step=start)
        except Exception as error:  # a full disk shows as one of several kinds
            raise OutputError(
                self._place, f"could not be written ({error})", "room", "free some"
            ) from error
        for name in (LOSSES, READINGS):
            drop_after(out / name, start)
        self._losses: Path | None = out / LOSSES
        self._bar = tqdm(
            total=iterations, initial=start, disable=quiet or None, unit="it", smoothing=0.05
        )
        self._step, self._clock, self._waited_s = start, time.perf_counter(), 0.0

    def advance(self) -> None:
        """One more step is done."""
        self._bar.update()

    def losses(self, step: int, losses: Mapping[str, float], waited_s: float | None) -> None:
        """Tell the losses of a step.

        Args:
            step: The step.
            losses: Name and value.
            waited_s: Spent waiting for data since the start; None where it is not known.
        """
        shown = {name: f"{value:.3f}" for name, value in losses.items()}
        try:
            if self._losses is not None:
                append_losses(self._losses, step, losses)
        except OutputError as error:
            say(f"{error}; the run goes on without it")
            self._losses = None
        now = time.perf_counter()
        took_s = max(now - self._clock, 1e-9)
        scalars = {f"loss/{name}": value for name, value in losses.items()}
        scalars["speed/iterations_per_s"] = (step - self._step) / took_s
        if waited_s is not None:
            share = min(1.0, max(0.0, waited_s - self._waited_s) / took_s)
            scalars["speed/waiting_for_data"] = share
            shown["waiting"] = f"{share:.0%}"
            self._waited_s = waited_s
        self._tell(step, scalars)
        self._step, self._clock = step, now
        self._bar.set_postfix(shown)

    def readings(self, step: int, readings: Mapping[str, float]) -> None:
        """Tell what a snapshot measures."""
        self._tell(step, {f"reading/{name}": value for name, value in readings.items()})

    def _tell(self, step: int, scalars: Mapping[str, float], *, last: bool = False) -> None:
        """Pass numbers on to TensorBoard, until that fails once."""
        if self._writer is None:
            return
        try:
            for name, value in scalars.items():
                self._writer.add_scalar(name, value, step)
            if last:
                self._writer.close()
        except Exception as error:  # a full disk shows as one of several kinds
            with contextlib.suppress(Exception):
                self._writer.close()
            self._writer = None
            place = self._place
            say(f"{place}: could not be written ({error}); the run goes on without TensorBoard")

    def __enter__(self) -> "RunLog":
        self._quieted = contextlib.ExitStack()
        self._quieted.enter_context(_no_traceback_of_writers())
        return self

    def __exit__(self, *_: object) -> None:
        with self._quieted:
            self._bar.close()
            self._tell(self._step, {}, last=True)


@contextlib.contextmanager
def _no_traceback_of_writers() -> Iterator[None]:
    """TensorBoard's thread dies of a full disk with a traceback, beside the error that we catch."""
    before = threading.excepthook

    def hook(failed: threading.ExceptHookArgs) -> None:
        if not type(failed.thread).__module__.startswith("tensorboard."):
            before(failed)

    threading.excepthook = hook
    try:
        yield
    finally:
        threading.excepthook = before
