"""An iteration that is launched as a whole: a CUDA graph of all of it after the encoder.

To launch its several hundred kernels one by one takes a CPU about as long as a large card needs to
compute them. A graph holds them with the addresses of their memory and is launched as one. So the
input of a step is copied to the same place each time, no Python code may decide anything within it,
and the learning rate is that at the capture. The voice encoder, whose input has another length each
time, stays outside.
"""

import contextlib
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from voice2face.settings import Recipe
from voice2face.training.checkpoint import say
from voice2face.training.data.batch import Batch
from voice2face.training.distributed import Team
from voice2face.training.gan.stability import set_learning_rates
from voice2face.training.gan.steps import FaceNetworks, Optimisers, both_steps, hear, iteration

WARM_UP = 3  # steps before the capture: libraries make their workspaces, optimisers their state

Losses = dict[str, Tensor]
Replay = Callable[[], None]
# Captures a call: gives its result, which each replay overwrites, and the replay.
Recorder = Callable[[Callable[[], Losses]], tuple[Losses, Replay]]


class Captured:
    """Iterations, from the fourth on by replay; the numbers are those of ``steps.iteration``.

    Steps that differ from the others (a gradient penalty that is due, a rate that warms up) are
    taken as usual. So are all if the capture fails, which is said.

    Args:
        networks: On their device.
        optimisers: One a network, each with a kernel of its own ("fused").
        recipe: Recipe of one learning rate, but for the warm-up.
        record: Captures.
    """

    def __init__(
        self, networks: FaceNetworks, optimisers: Optimisers, recipe: Recipe, record: Recorder
    ) -> None:
        self._networks, self._optimisers, self._recipe = networks, optimisers, recipe
        self._record: Recorder | None = record
        self._n_before = 0
        self._given: tuple[Batch, Tensor] | None = None
        self._losses: Losses = {}
        self._replay: Replay | None = None

    @classmethod
    def of(
        cls, networks: FaceNetworks, optimisers: Optimisers, recipe: Recipe, team: Team
    ) -> "Captured | None":
        """For a training; None, with a note, where its steps can't be captured."""
        reason = why_not(recipe, team)
        if reason:
            say(f"not captured, the run goes on without: {reason}")
            return None
        return cls(networks, optimisers, recipe, Stream(team.device))

    @property
    def is_captured(self) -> bool:
        """Whether there is a graph."""
        return self._replay is not None

    def iteration(self, batch: Batch, step: int) -> Losses:
        """One iteration; arguments and result as those of ``steps.iteration``."""
        if self._record is None or self._differs(step):
            return iteration(self._networks, self._optimisers, batch, self._recipe, step)
        embedding = hear(self._networks, batch, self._recipe)
        if self._replay is None:
            self._n_before += 1
            set_learning_rates(self._optimisers.values(), self._recipe.training, step)
            if self._n_before <= WARM_UP or not self._capture(batch, embedding, step):
                return self._both_steps(batch, embedding, step)
        assert self._given is not None and self._replay is not None
        given, given_embedding = self._given
        given_embedding.copy_(embedding)
        for name in ("faces", "voice_labels", "face_labels"):
            getattr(given, name).copy_(getattr(batch, name))
        self._replay()
        values = torch.stack(list(self._losses.values()))  # a copy: the next replay overwrites them
        return dict(zip(self._losses, values.unbind(), strict=True))

    def _differs(self, step: int) -> bool:
        training = self._recipe.training
        return step < training.warmup or bool(training.r1 and step % training.r1_every == 0)

    def _both_steps(self, batch: Batch, embedding: Tensor, step: int) -> Losses:
        return both_steps(self._networks, self._optimisers, batch, embedding, self._recipe, step)

    def _capture(self, batch: Batch, embedding: Tensor, step: int) -> bool:
        assert self._record is not None
        given, given_embedding = _copied(batch), embedding.clone()
        try:
            with _capturable(self._optimisers):
                self._losses, self._replay = self._record(
                    lambda: self._both_steps(given, given_embedding, step)
                )
        except RuntimeError as error:  # which all errors of CUDA are
            self._record = None
            say(f"not captured, the run goes on without: {str(error).splitlines()[0][:160]}")
            return False
        self._given = given, given_embedding
        return True


def why_not(recipe: Recipe, team: Team) -> str:
    """Why the steps of a training can't be captured; empty if they can."""
    if team.device.type != "cuda":
        return f"graphs are of CUDA, and this is {team.device.type}"
    if team.world > 1:
        return "several processes train together"
    if recipe.training.schedule != "constant":
        return f"the learning rate changes ({recipe.training.schedule})"
    return ""


class Stream:
    """Records on a stream of its own, as capture requires."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]

    def __call__(self, call: Callable[[], Losses]) -> tuple[Losses, Replay]:
        """Capture what a call launches; nothing of it is computed."""
        graph = torch.cuda.CUDAGraph()
        self._stream.wait_stream(torch.cuda.current_stream(self._device))
        # Other threads, that write and read ahead, may use the card meanwhile.
        capture = torch.cuda.graph(graph, stream=self._stream, capture_error_mode="thread_local")
        try:
            # The outer context for a failed capture, which would leave its stream the present one.
            with torch.cuda.stream(self._stream), capture:
                losses = call()
        except RuntimeError:
            # The generator takes itself to be captured still; a copy of its state does not.
            own = torch.cuda.default_generators[self._stream.device_index]
            own.graphsafe_set_state(own.clone_state())
            raise
        torch.cuda.current_stream(self._device).wait_stream(self._stream)
        return losses, graph.replay


@contextlib.contextmanager
def _capturable(optimisers: Optimisers) -> Iterator[None]:
    """Optimisers with the flag that capture needs, and that they warn of at any other step."""
    groups = [group for optimiser in optimisers.values() for group in optimiser.param_groups]
    for group in groups:
        group["capturable"] = True
    try:
        yield
    finally:
        for group in groups:
            group["capturable"] = False


def _copied(batch: Batch) -> Batch:
    """What the graph reads of a batch, in memory of its own."""
    labels = batch.voice_labels.clone(), batch.face_labels.clone()
    return Batch(batch.voices, labels[0], batch.faces.clone(), labels[1], batch.noise)
