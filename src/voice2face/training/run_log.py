"""What a run tells while it is at work: a line in the terminal, and TensorBoard."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tqdm import tqdm

from voice2face.errors import OutputError
from voice2face.runs.readings import LOSSES, READINGS, append_losses, drop_after
from voice2face.training.checkpoint import say

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


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
        try:
            writer = SummaryWriter(str(self._place), purge_step=start)
        except Exception as error:  # a full disk shows as one of several kinds
            raise OutputError(
                self._place, f"could not be written ({error})", "room", "free some"
            ) from error
        self._writer = _Careful(writer, self._give_up)
        for name in (LOSSES, READINGS):
            drop_after(out / name, start)
        self._losses: Path | None = out / LOSSES
        self._bar = tqdm(
            total=iterations, initial=start, disable=quiet or None, unit="it", smoothing=0.05
        )
        self._step, self._clock, self._waited_s = start, time.perf_counter(), 0.0

    @property
    def writer(self) -> "SummaryWriter":
        """TensorBoard's, whose methods do nothing once it can't be written."""
        return cast("SummaryWriter", self._writer)

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
        self._keep(step, losses)
        for name, value in losses.items():
            self.writer.add_scalar(f"loss/{name}", value, step)
        now = time.perf_counter()
        took_s = max(now - self._clock, 1e-9)
        self.writer.add_scalar("speed/iterations_per_s", (step - self._step) / took_s, step)
        if waited_s is not None:
            share = min(1.0, max(0.0, waited_s - self._waited_s) / took_s)
            self.writer.add_scalar("speed/waiting_for_data", share, step)
            shown["waiting"] = f"{share:.0%}"
            self._waited_s = waited_s
        self._step, self._clock = step, now
        self._bar.set_postfix(shown)

    def _keep(self, step: int, losses: Mapping[str, float]) -> None:
        if self._losses is None:
            return
        try:
            append_losses(self._losses, step, losses)
        except OutputError as error:
            say(f"{error}; the run goes on without it")
            self._losses = None

    def readings(self, step: int, readings: Mapping[str, float]) -> None:
        """Tell what a snapshot measures."""
        for name, value in readings.items():
            self.writer.add_scalar(f"reading/{name}", value, step)

    def _give_up(self, error: Exception) -> None:
        say(f"{self._place}: could not be written ({error}); the run goes on without TensorBoard")

    def __enter__(self) -> "RunLog":
        self._quieted = contextlib.ExitStack()
        self._quieted.enter_context(_no_traceback_of_writers())
        return self

    def __exit__(self, *_: object) -> None:
        with self._quieted:
            self._bar.close()
            self.writer.close()


class _Careful:
    """A writer's methods, until one of them fails; from then on they do nothing."""

    def __init__(self, writer: object, give_up: Callable[[Exception], None]) -> None:
        self._writer: object | None = writer
        self._give_up = give_up

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            if self._writer is None:
                return None
            try:
                return getattr(self._writer, name)(*arguments, **options)
            except (TypeError, AttributeError, ValueError):
                raise  # the caller's mistake
            except Exception as error:  # a full disk shows as one of several kinds
                writer, self._writer = self._writer, None
                with contextlib.suppress(Exception):
                    cast("SummaryWriter", writer).close()
                self._give_up(error)

        return call


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
