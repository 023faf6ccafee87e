"""Is a model worth judging? What it must have shown before any claim about it gets a verdict."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image

from voice2face.errors import MissingExtraError, ModelError, Voice2FaceError
from voice2face.evaluation.embedders.face_set import FaceSet, detector
from voice2face.experiments.systems import ModelSystem, System
from voice2face.faces import Detector
from voice2face.runs.compare import TrainingRun, read_runs

LEAST_SEEDS = 3  # trainings of the model: of fewer nobody knows how far they differ
LEAST_ITERATIONS = 1000  # below it no preset draws faces
NEARLY_ALL = 0.9  # share of pictures with a face, of the share among real ones
LEAST_REAL = 0.5  # share of real faces that the detector finds, or it can't judge this corpus
MOST_FACES = 60  # of each training that are looked at
LOOKED_PX = 128  # side to which they are enlarged for the detector

if TYPE_CHECKING:
    from voice2face.experiments.context import Context

Pictures = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Training:
    """What is known of one training of a model.

    Attributes:
        name: Name of the system.
        faces_found: Share of its pictures in which a face is found; NaN: not looked for.
        run: What its folder tells; None of a model that comes without.
        iterations: That it was trained for; 0: not known.
    """

    name: str
    faces_found: float
    run: TrainingRun | None
    iterations: int


@dataclass(frozen=True)
class Fitness:
    """What speaks for and against judging a model.

    Attributes:
        model: Its name in tables.
        trainings: Trainings of its seeds.
        real_found: Share of real faces that the detector finds; NaN: there is no detector.
    """

    model: str
    trainings: tuple[Training, ...] = ()
    real_found: float = np.nan

    @cached_property
    def reasons(self) -> tuple[str, ...]:
        """Why the model is not worth judging, a clause each; empty: it is."""
        return tuple(self._reasons())

    @property
    def said(self) -> list[str]:
        """The reasons as a sentence for the top of a page; empty for a model worth judging."""
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
    """Looks at each model once.

    Attributes:
        context: The models, and real faces beside them.
    """

    context: "Context"
    _known: dict[str, Fitness] = field(default_factory=dict)

    def __call__(self, model: str) -> Fitness:
        """What speaks for and against judging one of the models."""
        if model not in self._known:
            seeds = self.context.models[model]
            shares = [found_in(self._detector, self._pictures(one)) for one in seeds]
            trainings = tuple(
                Training(one.name, share, run := run_of(one), iterations_of(one, run))
                for one, share in zip(seeds, shares, strict=True)
            )
            self._known[model] = Fitness(model, trainings, self._real_found)
        return self._known[model]

    @cached_property
    def _detector(self) -> Detector | None:
        try:
            return detector()
        except (ModelError, MissingExtraError):
            return None

    @cached_property
    def _real_found(self) -> float:
        return found_in(self._detector, _some(self.context.faces(self.context.shown).pixels))

    def _pictures(self, system: System) -> Pictures:
        return _some(self.context.made(system, self.context.unseen()).pixels)


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


def run_of(system: System) -> TrainingRun | None:
    """The run that a model lies in; None of a released model alone."""
    if not isinstance(system, ModelSystem):
        return None
    try:
        runs, _ = read_runs(system.model.folder.resolve().parent)
    except Voice2FaceError:
        return None
    return runs[0] if len(runs) == 1 else None


def iterations_of(system: System, run: TrainingRun | None) -> int:
    """How long a model was trained; 0: nobody says."""
    if run is not None:
        return run.steps
    if not isinstance(system, ModelSystem):
        return 0
    told = system.model.config.provenance.get("iterations")
    return told if isinstance(told, int) else 0


def _some(pictures: Pictures) -> Pictures:
    """Some of them, evenly spaced."""
    rows = np.unique(np.linspace(0, len(pictures) - 1, MOST_FACES).astype(int))
    return pictures[rows] if len(pictures) else pictures
