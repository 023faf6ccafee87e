"""The steps of a reproduction: from a corpus to a report."""

import importlib.metadata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from voice2face import evaluation, experiments, report
from voice2face.assets.pretrained import REGISTRY, find
from voice2face.corpus import Corpus
from voice2face.errors import CorpusError
from voice2face.evaluation.embedders.fitted import open_embedder
from voice2face.experiments.other_corpus import open_other
from voice2face.experiments.pipeline.plan import Step, check, code_of
from voice2face.experiments.registry import EXPERIMENTS, chosen
from voice2face.networks.variants import VARIANTS, recipe, speaker_recipe
from voice2face.settings import Recipe, SpeakerRecipe, change

VOICE, RECOGNISER, REPORT = "voice encoder", "recogniser", "report"
RUNS, RESULTS, PAGES = "runs", "results", "report"
PLACES = {VOICE: f"{RUNS}/voice", RECOGNISER: "recogniser"}
REPORTED = tuple(name for name, variant in VARIANTS.items() if variant.number)  # the report's five
SET_ASIDE = 0.1  # of the training people's recordings, for the questions about known people
OF_OTHER = "generalisation"  # the experiment that another corpus is asked about in
DEFAULT_EMBEDDER, JUDGE = "face_reid_0095", "age_gender"
# Iterations of the speaker stage for one of the faces' where none are given: 10,000 for 50,000.
FACE_FOR_VOICE = 5


@dataclass(frozen=True)
class Request:
    """What is to be reproduced.

    Attributes:
        corpus: A prepared corpus.
        out: Folder of the work.
        variants: Of the models, in the order of tables.
        n_seeds: Models of each.
        seed: The first of them, and that of everything else that is random.
        preset: Of the models.
        width: Share of the channels of voice encoder, generator and critics.
        iterations: Of each model; None: the preset's.
        voice_iterations: Of the speaker stage; None: a fifth of the models'.
        face_changes: Settings of the models by path.
        voice_changes: Of the speaker stage.
        recogniser_changes: Of the recogniser.
        only: Experiments; None: all.
        embedders: Names or files of networks that compare faces; None: the one that is
            shipped.
        n_resamples: Behind each interval.
        device: Where trainings compute, as torch names it.
        other: Another prepared corpus, of whose people it is asked what is lost on them.
    """

    corpus: Path
    out: Path
    variants: tuple[str, ...] = REPORTED
    n_seeds: int = 1
    seed: int = 0
    preset: str = "released"
    width: float = 1.0
    iterations: int | None = None
    voice_iterations: int | None = None
    face_changes: tuple[tuple[str, Any], ...] = ()
    voice_changes: tuple[tuple[str, Any], ...] = ()
    recogniser_changes: tuple[tuple[str, Any], ...] = ()
    only: tuple[str, ...] | None = None
    embedders: tuple[str, ...] | None = None
    n_resamples: int = 10_000
    device: str = "cpu"
    other: Path | None = None

    def face_recipe(self, variant: str) -> Recipe:
        """That of a model.

        Raises:
            SettingsError: No such variant, preset or setting.
        """
        px = Corpus.open(self.corpus).info.face_px
        given = {"generator.face_px": px, "critics.face_px": px, "training.set_aside": SET_ASIDE}
        if self.iterations is not None:
            given["training.iterations"] = self.iterations
        return change(recipe(variant, self.preset, self.width), given | dict(self.face_changes))

    def voice_recipe(self) -> SpeakerRecipe:
        """That of the speaker stage.

        Raises:
            SettingsError: No such setting.
        """
        recipe_of_faces = self.face_recipe(self.variants[0])
        n_faces = recipe_of_faces.training.iterations
        given = {
            "voice_encoder.width": self.width,
            "training.iterations": self.voice_iterations or max(n_faces // FACE_FOR_VOICE, 1),
            "training.set_aside": recipe_of_faces.training.set_aside,
        }
        return change(speaker_recipe(self.preset), given | dict(self.voice_changes))

    def networks(self) -> tuple[str, ...]:
        """Names or files of networks that compare faces."""
        return (DEFAULT_EMBEDDER,) if self.embedders is None else self.embedders

    def judge(self) -> Path:
        """The network that judges age and gender."""
        return find(JUDGE)


def steps_of(request: Request) -> tuple[Step, ...]:
    """All steps in an order in which they can be done.

    Raises:
        CorpusError: The corpus can't be read, or has nobody to ask about; or the other one can't
            be asked about.
        ModelError: An embedder can't be used.
        SettingsError: A name or a setting that does not exist.
    """
    corpus = Corpus.open(request.corpus)
    _check_people(corpus)
    of_data = {"corpus": corpus.info.data_hash}
    voice = request.voice_recipe()
    steps = [
        Step(
            VOICE, "voice", (), of_data | {"recipe": _plain(voice), "seed": request.seed},
            PLACES[VOICE], voice.training.iterations,
        ),
        _recogniser(request, of_data),
        *_models(request, of_data),
    ]  # fmt: skip
    trained = tuple(step.name for step in steps)
    asked = set(chosen(EXPERIMENTS if request.only is None else request.only))
    to_ask = _to_ask(request, of_data)
    of_other = _other(request, corpus)
    asking = [
        Step(
            name, "experiment", trained,
            to_ask | {"experiment": name} | (of_other if name == OF_OTHER else {}),
            optional=name not in asked,
        )
        for name in EXPERIMENTS
    ]  # fmt: skip
    told = {"code": code_of(_folder(report)), "matplotlib": _version("matplotlib")}
    telling = Step(REPORT, "report", tuple(EXPERIMENTS), of_data | told)
    found = (*steps, *asking, telling)
    check(found)
    return found


def model_steps(request: Request) -> dict[str, list[str]]:
    """Names of the models' steps, one of each seed, by variant; more seeds change none of them."""
    seeds = range(request.seed, request.seed + request.n_seeds)
    return {variant: [f"{variant} {seed}" for seed in seeds] for variant in request.variants}


def model_place(request: Request, variant: str, number: int) -> str:
    """Folder of a model's run."""
    return f"{RUNS}/{variant}-{request.seed + number}"


def _models(request: Request, of_data: dict[str, Any]) -> list[Step]:
    steps = []
    names = model_steps(request)
    for number in range(request.n_seeds):  # one of each variant first
        for variant in request.variants:
            chosen_recipe = request.face_recipe(variant)
            training = chosen_recipe.training
            # With a constant rate nothing in a step depends on how many there will be.
            grows = training.schedule == "constant"
            settings = {
                "recipe": _plain(change(chosen_recipe, {"training.iterations": 1})),
                "variant": f"{variant}, {request.preset}",
                "seed": request.seed + number,
            }
            steps.append(
                Step(
                    names[variant][number], "face", (VOICE,), of_data | settings,
                    model_place(request, variant, number), training.iterations, grows,
                )
            )  # fmt: skip
    return steps


def _recogniser(request: Request, of_data: dict[str, Any]) -> Step:
    changes = dict(request.recogniser_changes)
    settings = of_data | {"changes": changes, "seed": request.seed}
    return Step(RECOGNISER, "recogniser", (), settings, PLACES[RECOGNISER])


def _to_ask(request: Request, of_data: dict[str, Any]) -> dict[str, Any]:
    """What decides an experiment's answer beside the models and the experiment."""
    networks = [open_embedder(name) for name in request.networks()]
    return of_data | {
        "models": model_steps(request),
        "embedders": {network.name: network.sha256 for network in networks},
        "judge": REGISTRY[JUDGE].sha256,
        "set aside": request.face_recipe(request.variants[0]).training.set_aside,
        "seed": request.seed,
        "resamples": request.n_resamples,
        "code": code_of(_folder(experiments), _folder(evaluation)),
    }


def _other(request: Request, corpus: Corpus) -> dict[str, Any]:
    """What the other corpus is, if one is given."""
    if request.other is None:
        return {}
    return {"other": open_other(corpus, request.other).info.data_hash}


def _check_people(corpus: Corpus) -> None:
    counts = corpus.info.counts
    others = [counts[split] for split in ("validation", "test")]
    lacking = [
        f"no {what} of people {whom}"
        for what, n, whom in (
            ("voices", counts["train"].voices, "to train on"),
            ("faces", counts["train"].faces, "to train on"),
            ("voices", sum(c.voices for c in others), "to ask about"),
            ("faces", sum(c.faces for c in others), "to ask about"),
        )
        if not n
    ]
    if lacking:
        raise CorpusError(
            corpus.path, ", ".join(lacking), "voices and faces in train, and in validation or test",
            "prepare it with another --split, or with more people",
        )  # fmt: skip


def _plain(settings: Any) -> dict[str, Any]:
    data: dict[str, Any] = msgspec.to_builtins(settings)
    return data


def _folder(package: Any) -> Path:
    return Path(package.__file__).parent


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
