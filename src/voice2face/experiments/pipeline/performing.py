"""What is done in each step: the functions that the commands call, too."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from voice2face.corpus import Corpus
from voice2face.evaluation.results import Result, read_result, write_result
from voice2face.experiments.context import Context
from voice2face.experiments.pipeline.opening import open_context
from voice2face.experiments.pipeline.plan import Outputs, Step
from voice2face.experiments.pipeline.request import (
    MODEL,
    PAGES,
    PLACES,
    RESULTS,
    VOICE,
    Request,
)
from voice2face.experiments.registry import EXPERIMENTS
from voice2face.release.model_folder import CONFIG, read_config
from voice2face.settings import Recipe, SpeakerRecipe, change, decode

Given = Mapping[str, Outputs]


class Performer:
    """Does steps; what experiments work with is kept from one to the next.

    Args:
        request: What is to be reproduced.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self._at_hand: tuple[str, Context] | None = None

    def __call__(self, step: Step, given: Given) -> list[Path]:
        """Do a step.

        Args:
            step: The step; those that it needs are done.
            given: Outputs of the steps that it needs, by name.

        Returns:
            The files that it gave.

        Raises:
            Voice2FaceError: It could not be done.
            KeyboardInterrupt: The user stopped it.
        """
        ways: dict[str, Callable[[Step, Given], list[Path]]] = {
            "voice": self._voice,
            "recogniser": self._recogniser,
            "face": self._face,
            "experiment": self._experiment,
            "report": self._report,
        }
        return ways[step.kind](step, given)

    def _voice(self, step: Step, given: Given) -> list[Path]:
        from voice2face.training.speaker.train import train_speaker

        out = self._run_folder(step)
        recipe = decode(step.settings["recipe"], SpeakerRecipe, "")
        train_speaker(
            self._request.corpus, out, recipe, seed=step.settings["seed"],
            device=self._request.device, resume=True, quiet=True,
        )  # fmt: skip
        return _parts(out / MODEL)

    def _recogniser(self, step: Step, given: Given) -> list[Path]:
        from voice2face.training.recogniser.train import recipe_for, train_recogniser

        out = self._run_folder(step)
        recipe = None
        if step.settings["changes"]:
            n_faces = Corpus.open(self._request.corpus).info.counts["train"].faces
            recipe = change(recipe_for(n_faces), step.settings["changes"])
        path = train_recogniser(
            self._request.corpus, out, recipe, seed=step.settings["seed"],
            device=self._request.device, resume=True, quiet=True,
        )  # fmt: skip
        return [path, path.with_suffix(".json")]

    def _face(self, step: Step, given: Given) -> list[Path]:
        from voice2face.training.gan.train import train_face

        out = self._run_folder(step)
        recipe = decode(step.settings["recipe"], Recipe, "")
        recipe = change(recipe, {"training.iterations": step.iterations})
        train_face(
            self._request.corpus, out, recipe,
            voice_encoder=self._request.out / PLACES[VOICE] / MODEL,
            variant=step.settings["variant"], seed=step.settings["seed"],
            device=self._request.device, resume=True, quiet=True,
        )  # fmt: skip
        return _parts(out / MODEL)

    def _experiment(self, step: Step, given: Given) -> list[Path]:
        experiment = EXPERIMENTS[step.settings["experiment"]]
        result = experiment.answer(self._context(given))
        path = _result_file(self._request, experiment.name)
        write_result(path, result)
        return [path, *(path.with_name(grid.file) for grid in result.grids)]

    def _report(self, step: Step, given: Given) -> list[Path]:
        from voice2face.report import write_report

        results = [
            read_result(_result_file(self._request, name)) for name in EXPERIMENTS if name in given
        ]
        page = write_report(
            results, self._request.out / PAGES, title_of(self._request),
            about_of(self._request, results), pictures=self._request.out / RESULTS,
        )  # fmt: skip
        return [page, page.with_name("report.md")]

    def _run_folder(self, step: Step) -> Path:
        """Folder of a training; a model that an earlier run wrote is removed from it."""
        out = self._request.out / step.place
        for folder in (out / MODEL, *out.glob(f".{MODEL}.*")):  # the latter half written
            shutil.rmtree(folder, ignore_errors=True)
        return out

    def _context(self, given: Given) -> Context:
        made_from = repr(sorted((name, sorted(files.items())) for name, files in given.items()))
        if self._at_hand is None or self._at_hand[0] != made_from:
            self._at_hand = made_from, open_context(self._request)
        return self._at_hand[1]


def title_of(request: Request) -> str:
    """Heading of the page."""
    return f"Faces from voices, reproduced on {request.corpus.resolve().name}"


def about_of(request: Request, results: list[Result]) -> str:
    """What was trained on what, in a few sentences."""
    info = Corpus.open(request.corpus).info
    learned = info.counts["train"]
    others = [info.counts["validation"], info.counts["test"]]
    recipe = request.face_recipe(request.variants[0])
    training = recipe.training
    lines = [
        f"The corpus ({', '.join(info.source_names)}) holds {info.counts['all'].identities} people;"
        f" the models learned from {learned.identities} of them ({learned.voices} recordings, "
        f"{learned.faces} faces of {info.face_px} pixels), but for {training.set_aside:.0%} of the "
        f"recordings, which nothing here was trained on. {sum(c.identities for c in others)} "
        f"people were kept out of all training.",
        f"{len(request.variants)} models ({', '.join(request.variants)}), {request.n_seeds} of "
        f"each, preset {request.preset}, at {recipe.generator.width:g} of the full width, "
        f"{training.iterations:,} iterations of batch {training.batch_size}, voices and faces "
        f"paired by {training.pair_by}. The voice encoder was trained on the same people for "
        f"{request.voice_recipe().training.iterations:,} iterations.",
    ]
    return "\n\n".join(lines)


def _result_file(request: Request, experiment: str) -> Path:
    return request.out / RESULTS / f"{experiment}.json"


def _parts(model: Path) -> list[Path]:
    """Files of a released model that later steps read."""
    return [model / name for name in (CONFIG, *read_config(model).sha256)]
