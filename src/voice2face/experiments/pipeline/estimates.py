"""How long the steps of a reproduction will take.

The time of a training is that of its run so far, or of a few iterations that are measured now. The
time of an experiment is guessed from the number of faces that it makes, until it was asked once.
"""

import contextlib
import heapq
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from voice2face.corpus import Corpus
from voice2face.errors import Voice2FaceError
from voice2face.experiments.pipeline.plan import Records, State, Step
from voice2face.experiments.pipeline.request import Request, model_steps
from voice2face.runs.compare import read_runs
from voice2face.settings import Recipe, SpeakerRecipe, change, decode

if TYPE_CHECKING:
    from voice2face.training.recogniser.network import RecogniserRecipe

LEAST_STEPS, MEASURE_S = 2, 3.0  # of a training, after one that is not counted
EXPERIMENT_S = 20.0  # of an experiment that makes few faces
FACE_S = 0.03  # of the faces of a recording, as often as an experiment needs and compares them
REPORT_S = 60.0


class Steps(Protocol):
    """A training that can be stepped."""

    def step(self) -> object:
        """One iteration."""


@dataclass(frozen=True)
class Estimate:
    """How long a step will take.

    Attributes:
        seconds: Time that is left.
        how: Where the estimate comes from, in words.
    """

    seconds: float
    how: str


class Estimator:
    """Estimates of all steps; each kind of training is measured once.

    Args:
        request: What is to be reproduced.
        records: Records of its steps.
    """

    def __init__(self, request: Request, records: Records) -> None:
        self._request, self._records = request, records
        self._corpus = Corpus.open(request.corpus)
        self._measured: dict[str, float] = {}

    def estimate(self, step: Step, state: State) -> Estimate:
        """Estimate for one step; for one that is done, the time that it took."""
        record = self._records.read(step.name)
        seconds = record.seconds if record else 0.0
        if state == "done":
            return Estimate(seconds, "took")
        if state == "not asked for":
            return Estimate(0.0, "")
        if step.kind == "experiment":
            return Estimate(seconds, "as before") if seconds else self._asking()
        if step.kind == "report":
            return Estimate(REPORT_S, "a guess")
        return self._training(step, state)

    def _training(self, step: Step, state: State) -> Estimate:
        n_left, each = step.iterations, math.nan
        if step.kind == "recogniser":
            n_left = self._recogniser_recipe(step).iterations
        if step.kind in ("voice", "face") and state == "begun":
            with contextlib.suppress(Voice2FaceError):
                (run,), _ = read_runs(self._request.out / step.place)
                n_left, each = max(n_left - run.steps, 0), 1 / run.rate
        if not math.isnan(each):
            return Estimate(n_left * each, f"{n_left:,} iterations at its own pace")
        kind = f"{step.kind} {step.settings.get('variant', '')}"
        if kind not in self._measured:
            self._measured[kind] = seconds_of(self._trainee(step), self._request.device)
        each = self._measured[kind]
        return Estimate(n_left * each, f"{n_left:,} iterations of {each:.3g} s, measured")

    def _trainee(self, step: Step) -> Steps:
        if step.kind == "recogniser":
            return self._recogniser(step)
        return self._speaker(step) if step.kind == "voice" else self._face(step)

    def _speaker(self, step: Step) -> Steps:
        import numpy as np

        from voice2face.training.data.frames import CorpusFrames
        from voice2face.training.data.in_memory import VoiceBank
        from voice2face.training.speaker.train import SpeakerTrainee

        # Recordings that are set aside, or changed, alter the pace by less than it varies.
        whole = decode(step.settings["recipe"], SpeakerRecipe, "")
        recipe = change(whole, {"training.augment": []})
        voices = CorpusFrames(self._corpus).voices("train")
        people, labels = np.unique(voices.identity, return_inverse=True)
        bank = VoiceBank.of(voices.frames, labels.astype(np.int64))
        return SpeakerTrainee(bank, len(people), recipe, 0, self._request.device)

    def _recogniser_recipe(self, step: Step) -> "RecogniserRecipe":
        from voice2face.training.recogniser.train import recipe_for

        n_faces = self._corpus.info.counts["train"].faces
        return change(recipe_for(n_faces), step.settings["changes"])

    def _recogniser(self, step: Step) -> Steps:
        import numpy as np

        from voice2face.training.data.in_memory import FaceBank
        from voice2face.training.recogniser.train import RecogniserTrainee

        faces = self._corpus.faces("train")
        _, labels = np.unique(faces.identity, return_inverse=True)
        order = np.argsort(labels, kind="stable")
        bank = FaceBank.of(faces.pixels[order], labels[order].astype(np.int64))
        return RecogniserTrainee(bank, self._recogniser_recipe(step), 0, self._request.device)

    def _face(self, step: Step) -> Steps:
        from voice2face.networks.modules import VoiceEncoder
        from voice2face.training.data.frames import CorpusFrames
        from voice2face.training.data.streamed import open_data
        from voice2face.training.distributed import solo
        from voice2face.training.gan.samples import sample_voices
        from voice2face.training.gan.trainee import FaceTrainee

        recipe = decode(step.settings["recipe"], Recipe, "")
        settings = self._request.voice_recipe().voice_encoder
        team, pair_by = solo(self._request.device), recipe.training.pair_by
        frames = CorpusFrames(self._corpus)
        data = open_data(frames, pair_by, set_aside=recipe.training.set_aside, team=team)
        samples = sample_voices(frames, pair_by)
        return FaceTrainee(data, recipe, VoiceEncoder(settings), samples, 0, team)

    def _asking(self) -> Estimate:
        n_models = sum(len(names) for names in model_steps(self._request).values())
        counts = self._corpus.info.counts
        n_faces = n_models * (counts["test"].voices or counts["validation"].voices)
        return Estimate(EXPERIMENT_S + n_faces * FACE_S, f"a guess: {n_faces:,} faces")


def seconds_of(trainee: Steps, device: str = "cpu") -> float:
    """Time of one iteration, not counting the first."""
    import torch

    def wait() -> None:
        if torch.device(device).type == "cuda":
            torch.cuda.synchronize()

    trainee.step()
    wait()
    started, n_steps = time.perf_counter(), 0
    while n_steps < LEAST_STEPS or time.perf_counter() - started < MEASURE_S:
        trainee.step()
        n_steps += 1
    wait()
    return (time.perf_counter() - started) / n_steps


def total(
    steps: Sequence[Step], found: Mapping[str, State], seconds: Mapping[str, float], n_workers: int
) -> float:
    """Time until all steps are done, if each worker takes the first step that is ready.

    Args:
        steps: Steps in an order in which they can be done.
        found: State of each.
        seconds: Time of each.
        n_workers: Number of workers.
    """
    ended = {step.name: 0.0 for step in steps if found[step.name] in ("done", "not asked for")}
    waiting = [step for step in steps if step.name not in ended]
    free, now = n_workers, 0.0
    under_way: list[tuple[float, str]] = []
    while waiting or under_way:
        for step in list(waiting):
            if free and all(need in ended for need in step.needs):
                heapq.heappush(under_way, (now + seconds[step.name], step.name))
                waiting.remove(step)
                free -= 1
        now, name = heapq.heappop(under_way)
        ended[name] = now
        free += 1
    return now
