"""How long the steps of a reproduction will take: from what is done, else from a few steps of each.

Trainings are measured on this machine with nothing else at work; experiments are guessed from the
number of faces that they make.
"""

import contextlib
import heapq
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from voice2face.corpus import Corpus
from voice2face.errors import Voice2FaceError
from voice2face.experiments.pipeline.plan import Records, State, Step
from voice2face.experiments.pipeline.request import Request, model_steps
from voice2face.runs.compare import read_runs
from voice2face.settings import Recipe, SpeakerRecipe, change, decode

LEAST_STEPS, MEASURE_S = 2, 3.0  # of a training, after one that is not counted
EXPERIMENT_S = 20.0  # of one that makes few faces
PASSES = 3  # how often an experiment makes all unseen people's faces, about
REPORT_S = 60.0


class Steps(Protocol):
    """A training that can be stepped."""

    def step(self) -> object:
        """One iteration."""


@dataclass(frozen=True)
class Estimate:
    """How long a step will take.

    Attributes:
        seconds: From where it stands.
        how: It is known, in words.
    """

    seconds: float
    how: str


class Estimator:
    """Measures each kind of training once.

    Args:
        request: What is to be reproduced.
        records: What is known of its steps.
    """

    def __init__(self, request: Request, records: Records) -> None:
        self._request, self._records = request, records
        self._corpus = Corpus.open(request.corpus)
        self._measured: dict[str, float] = {}

    def estimate(self, step: Step, state: State) -> Estimate:
        """That of one step; of one that is done, what it took."""
        record = self._records.read(step.name)
        if state == "done":
            return Estimate(record.seconds if record else 0.0, "took")
        if state == "not asked for":
            return Estimate(0.0, "")
        if step.kind == "experiment":
            known = record is not None and record.seconds > 0
            return Estimate(record.seconds, "as before") if known and record else self._asking()
        if step.kind == "report":
            return Estimate(REPORT_S, "a guess")
        return self._training(step, state)

    def _training(self, step: Step, state: State) -> Estimate:
        n_left, each = self._iterations(step), math.nan
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

    def _iterations(self, step: Step) -> int:
        if step.kind != "recogniser":
            return step.iterations
        from voice2face.training.recogniser.train import recipe_for

        n_faces = self._corpus.info.counts["train"].faces
        return change(recipe_for(n_faces), step.settings["changes"]).iterations

    def _trainee(self, step: Step) -> Steps:
        makers: dict[str, Callable[[Step], Steps]] = {
            "voice": self._speaker, "recogniser": self._recogniser, "face": self._face,
        }  # fmt: skip
        return makers[step.kind](step)

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

    def _recogniser(self, step: Step) -> Steps:
        import numpy as np

        from voice2face.training.data.in_memory import FaceBank
        from voice2face.training.recogniser.train import RecogniserTrainee, recipe_for

        faces = self._corpus.faces("train")
        _, labels = np.unique(faces.identity, return_inverse=True)
        order = np.argsort(labels, kind="stable")
        bank = FaceBank.of(faces.pixels[order], labels[order].astype(np.int64))
        recipe = change(recipe_for(len(bank)), step.settings["changes"])
        return RecogniserTrainee(bank, recipe, 0, self._request.device)

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
        asked = counts["test"].voices or counts["validation"].voices
        each = self._seconds_a_face()
        n_faces = PASSES * n_models * asked
        return Estimate(EXPERIMENT_S + n_faces * each, f"a guess: {n_faces:,} faces")

    def _seconds_a_face(self) -> float:
        """Of a generator of this width, in torch, which is about as fast as what is released."""
        if "made face" not in self._measured:
            import torch

            from voice2face.networks.modules import Generator

            recipe = self._request.face_recipe(self._request.variants[0])
            generator = Generator(recipe.generator).eval()
            n = 16
            vectors = torch.zeros(n, recipe.generator.embedding_dim)
            with torch.inference_mode():
                generator(vectors)
                started = time.perf_counter()
                generator(vectors)
            self._measured["made face"] = (time.perf_counter() - started) / n
        return self._measured["made face"]


def seconds_of(trainee: Steps, device: str = "cpu") -> float:
    """Time of one iteration, the first left out."""
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
    """Of all that is to be done by so many at once, each taking the first step that is ready.

    Args:
        steps: In an order in which they can be done.
        found: Where each stands.
        seconds: Of each.
        n_workers: At once.
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
