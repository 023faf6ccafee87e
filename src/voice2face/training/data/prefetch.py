"""Batches made by another thread while the step before runs."""

import time
from collections.abc import Sized
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from voice2face.settings import Recipe
from voice2face.training.data.batch import Batch
from voice2face.training.data.cuda_streams import Mark, have_own, mark, take_over
from voice2face.training.data.source import FaceSource


@dataclass(frozen=True)
class _Drawn:
    """A batch, the mark behind its making, and how the generator and the data were left."""

    batch: Batch
    passed: Mark | None
    generator: Tensor
    state: dict[str, Any]


@dataclass(frozen=True)
class _Guess:
    """What is drawn ahead: for which arguments, from which state of the generator."""

    asked: tuple[Recipe, int, int]
    before: Tensor
    drawn: Future[_Drawn]


class Ahead:
    """The same batches as the data's own, each drawn while the one before is used.

    What will be asked for is guessed: the same again, with the generator as this draw leaves it.
    After a wrong guess the data is taken back and the batch drawn anew, so nothing but time hangs
    on the guess. The state is that after the batches that were asked for.

    Args:
        data: Where batches come from; nothing else may draw from it.
        device: Where they are made.
    """

    def __init__(self, data: FaceSource, device: torch.device) -> None:
        self.data, self.labels = data, data.labels
        self.waited_s = 0.0
        self._state = data.state()
        self._guess: _Guess | None = None
        self._device = device
        self._thread = ThreadPoolExecutor(1, "draw-ahead", initializer=have_own, initargs=(device,))

    @property
    def voices(self) -> Sized:
        """The data's."""
        return self.data.voices

    @property
    def faces(self) -> Sized:
        """The data's."""
        return self.data.faces

    def draw(self, recipe: Recipe, rng: torch.Generator, rank: int = 0, world: int = 1) -> Batch:
        """The next batch; see :meth:`FaceData.draw`.

        Raises:
            CorpusError: A shard is missing or damaged.
        """
        start = time.perf_counter()
        asked, before = (recipe, rank, world), rng.get_state()
        guess = self._guess
        if guess is None or guess.asked != asked or not torch.equal(guess.before, before):
            self._take_back()
            guess = self._begin(asked, before)
        drawn = guess.drawn.result()
        take_over(vars(drawn.batch).values(), drawn.passed)
        self._state = drawn.state
        rng.set_state(drawn.generator)
        self._guess = self._begin(asked, drawn.generator)
        self.waited_s += time.perf_counter() - start
        return drawn.batch

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

    def _begin(self, asked: tuple[Recipe, int, int], before: Tensor) -> _Guess:
        return _Guess(asked, before, self._thread.submit(self._draw, asked, before))

    def _draw(self, asked: tuple[Recipe, int, int], before: Tensor) -> _Drawn:
        rng = torch.Generator()
        rng.set_state(before)
        batch = self.data.draw(asked[0], rng, *asked[1:])
        return _Drawn(batch, mark(self._device), rng.get_state(), self.data.state())

    def _take_back(self) -> None:
        if self._guess is not None:
            self._guess.drawn.exception()  # until the thread is done with it
            self.data.load(self._state)
            self._guess = None
