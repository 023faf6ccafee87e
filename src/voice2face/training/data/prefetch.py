"""Batches made by another thread while the step before runs."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import torch
from torch import Tensor

from voice2face.settings import Recipe
from voice2face.training.data.batch import Batch
from voice2face.training.data.cuda_streams import Mark, have_own, mark, take_over
from voice2face.training.data.source import FaceSource

# What is asked of the data: recipe, rank, world, and the state of the generator before.
Asked = tuple[Recipe, int, int, Tensor]
# A batch, the mark behind its making, and how it left the generator and the data.
Drawn = tuple[Batch, Mark | None, Tensor, dict[str, Any]]


class Ahead:
    """The same batches as the data's own, each drawn while the one before is used.

    What will be asked for is guessed: the same again, with the generator as this draw leaves it.
    After a wrong guess the data goes back to the state before it and the batch is drawn again: it
    only costs time. The state is that after the batches that were asked for.

    Args:
        data: Where batches come from; nothing else may draw from it.
        device: Where they are made.
    """

    def __init__(self, data: FaceSource, device: torch.device) -> None:
        self.data, self.labels, self.voices, self.faces = data, data.labels, data.voices, data.faces
        self.waited_s = 0.0
        self._state = data.state()
        self._guess: tuple[Asked, Future[Drawn]] | None = None
        self._device = device
        self._thread = ThreadPoolExecutor(1, "draw-ahead", initializer=have_own, initargs=(device,))

    def draw(self, recipe: Recipe, rng: torch.Generator, rank: int = 0, world: int = 1) -> Batch:
        """The next batch; see :meth:`FaceData.draw`.

        Raises:
            CorpusError: A shard is missing or damaged.
        """
        start = time.perf_counter()
        before = rng.get_state()
        drawn = self._guessed(recipe, rank, world, before)
        if drawn is None:
            self._take_back()
            drawn = self._thread.submit(self._draw, recipe, rank, world, before)
        batch, passed, after, self._state = drawn.result()
        take_over(vars(batch).values(), passed)
        rng.set_state(after)
        self._guess = (
            (recipe, rank, world, after),
            self._thread.submit(self._draw, recipe, rank, world, after),
        )
        self.waited_s += time.perf_counter() - start
        return batch

    def state(self) -> dict[str, Any]:
        """The data's, after the last batch that was asked for."""
        return self._state

    def load(self, state: dict[str, Any]) -> None:
        """Take up a state."""
        self._take_back()
        self.data.load(state)
        self._state = self.data.state()

    def close(self) -> None:
        """End the thread, and the data's."""
        self._thread.shutdown(cancel_futures=True)
        self._guess = None
        self.data.close()

    def _guessed(
        self, recipe: Recipe, rank: int, world: int, before: Tensor
    ) -> Future[Drawn] | None:
        """What is being drawn, if it is for these arguments."""
        if self._guess is None:
            return None
        (*asked, expected), drawn = self._guess
        is_right = asked == [recipe, rank, world] and torch.equal(expected, before)
        return drawn if is_right else None

    def _draw(self, recipe: Recipe, rank: int, world: int, before: Tensor) -> Drawn:
        rng = torch.Generator()
        rng.set_state(before)
        batch = self.data.draw(recipe, rng, rank, world)
        return batch, mark(self._device), rng.get_state(), self.data.state()

    def _take_back(self) -> None:
        if self._guess is not None:
            self._guess[1].exception()  # until the thread is done with it
            self.data.load(self._state)
            self._guess = None
