"""Is a model worth judging? Only then a claim about it gets a verdict."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from voice2face.arrays import Pictures
from voice2face.errors import MissingExtraError, ModelError, Voice2FaceError
from voice2face.evaluation.embedders.face_set import FaceSet, detector
from voice2face.experiments.systems import ModelSystem, System
from voice2face.faces.detect import Detector
from voice2face.runs.compare import TrainingRun, read_runs

LEAST_SEEDS = 3  # trainings of a model; fewer do not show how far they differ
LEAST_ITERATIONS = 1000  # with fewer, no preset draws faces
NEARLY_ALL = 0.9  # least share of pictures with a face, relative to that of real faces
LEAST_REAL = 0.5  # if the detector finds fewer real faces, it can't judge this corpus
MOST_FACES = 60  # pictures of each training that are looked at
LOOKED_PX = 128  # side to which they are enlarged for the detector

if TYPE_CHECKING:
    from voice2face.experiments.context import Context


@dataclass(frozen=True)
class Training:
    """What is known of one training of a model.

    Attributes:
        name: Name of the system.
        faces_found: Share of its pictures in which a face is found; NaN if it was not looked for.
        run: Content of the folder of its run; None if there is none.
        iterations: Number of iterations; 0 if it is not known.
    """

    name: str
    faces_found: float
    run: TrainingRun | None
    iterations: int


@dataclass(frozen=True)
class Fitness:
    """What speaks for and against judging a model.

    Attributes:
        model: Name in tables.
        trainings: Trainings of its seeds.
        real_found: Share of real faces that the detector finds; NaN without a detector.
    """

    model: str
    trainings: tuple[Training, ...] = ()
    real_found: float = np.nan

    @cached_property
    def reasons(self) -> tuple[str, ...]:
        """Reasons why the model is not worth judging, a clause each; none if it is."""
        return tuple(self._reasons())

    @property
    def said(self) -> list[str]:
        """The reasons as a sentence for the top of a page; empty if there are none."""
        return [f"{self.model}: {'; '.join(self.reasons)}"] if self.reasons else []

    def _reasons(self) -> Iterator[str]:
        n_seeds = len(self.trainings)
        if n_seeds < LEAST_SEEDS:
            seeds = "seed" if n_seeds == 1 else "seeds"
            yield f"it was trained from {n_seeds} {seeds}, and {LEAST_SEEDS} or more are wanted"
        shares = [t.faces_found for t in self.trainings]
        if self.real_found >= LEAST_REAL and min(shares, default=1) < NEARLY_ALL * self.real_found:
            yield (
                f"a face is found in {min(shares):.0%} of its pictures, "
                f"and in {self.real_found:.0%} of the real ones"
            )
        known = [t for t in self.trainings if t.iterations]
        if short := [t for t in known if t.iterations < LEAST_ITERATIONS]:
            least = min(t.iterations for t in short)
            wanted = f"{LEAST_ITERATIONS:,} or more are wanted"
            yield f"it was trained for {least:,} iterations; {wanted}"
        runs = [t.run for t in self.trainings if t.run is not None]
        if any(not run.finished for run in runs):
            yield "a training of it was not carried to its end"
        if alarms := sorted({name for run in runs for name in run.alarms}):
            yield f"alarms rang at the end of its training: {', '.join(alarms)}"


@dataclass(eq=False)
class FitnessOf:
    """Fitness of each model; each is looked at once.

    Attributes:
        context: The models, and real faces beside them.
    """

    context: "Context"
    _known: dict[str, Fitness] = field(default_factory=dict)

    def __call__(self, model: str) -> Fitness:
        """Fitness of one of the models."""
        if model not in self._known:
            trainings = tuple(map(self._training, self.context.models[model]))
            self._known[model] = Fitness(model, trainings, self._real_found)
        return self._known[model]

    def _training(self, system: System) -> Training:
        """What the folder of a run, or else the released model, tells about a training."""
        pictures = _some(self.context.made(system, self.context.unseen()).pixels)
        run: TrainingRun | None = None
        iterations = 0
        if isinstance(system, ModelSystem):
            told = system.model.config.provenance.get("iterations")
            iterations = told if isinstance(told, int) else 0
            with contextlib.suppress(Voice2FaceError, ValueError):  # none, or not one
                (run,), _ = read_runs(system.model.folder.resolve().parent)
                iterations = run.steps
        return Training(system.name, found_in(self._detector, pictures), run, iterations)

    @cached_property
    def _detector(self) -> Detector | None:
        try:
            return detector()
        except (ModelError, MissingExtraError):
            return None

    @cached_property
    def _real_found(self) -> float:
        return found_in(self._detector, _some(self.context.faces(self.context.shown).pixels))


def found_in(detect: Detector | None, pictures: Pictures) -> float:
    """Share of pictures in which a face is found; NaN without a detector or a picture."""
    if detect is None or not len(pictures):
        return np.nan
    side = max(LOOKED_PX, pictures.shape[1])
    larger = [
        np.asarray(Image.fromarray(one).resize((side, side), Image.Resampling.BICUBIC))
        for one in pictures
    ]
    return len(FaceSet.of_pictures(larger, detect)[0]) / len(pictures)


def _some(pictures: Pictures) -> Pictures:
    """At most MOST_FACES pictures, evenly spaced."""
    rows = np.unique(np.linspace(0, len(pictures) - 1, MOST_FACES).astype(int))
    return pictures[rows] if len(pictures) else pictures
