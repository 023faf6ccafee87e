"""The steps of a reproduction: from a corpus to a report."""

import importlib.metadata
from typing import Any

import msgspec

from voice2face.assets.pretrained import REGISTRY
from voice2face.corpus import Corpus
from voice2face.errors import CorpusError
from voice2face.evaluation.embedders.fitted import open_embedder
from voice2face.experiments.other_corpus import open_other
from voice2face.experiments.pipeline.code import code_of
from voice2face.experiments.pipeline.plan import Step
from voice2face.experiments.pipeline.request import (
    JUDGE,
    PLACES,
    RECOGNISER,
    REPORT,
    VOICE,
    Request,
    model_place,
    model_steps,
)
from voice2face.experiments.pipeline.systems_of_others import checksums_of
from voice2face.experiments.questions import generalisation
from voice2face.experiments.registry import EXPERIMENTS, chosen
from voice2face.settings import Recipe, SpeakerRecipe, change

# Modules where the work of a step begins; it is done again if anything that they import changed.
TRAINING = {
    "voice": "voice2face.training.speaker.train",
    "recogniser": "voice2face.training.recogniser.train",
    "face": "voice2face.training.gan.train",
}
OPENING, REPORTING = "voice2face.experiments.pipeline.opening", "voice2face.report.write"
OF_OTHER = generalisation.EXPERIMENT.name  # the experiment that asks about another corpus


def steps_of(request: Request) -> tuple[Step, ...]:
    """All steps in an order in which they can be done.

    Raises:
        CorpusError: The corpus can't be read or lacks people, or the other corpus can't be used.
        ModelError: An embedder can't be used.
        SettingsError: A name or a setting does not exist.
    """
    corpus = Corpus.open(request.corpus)
    _check_people(corpus)
    of_data = {"corpus": corpus.info.data_hash}
    voice = request.voice_recipe()
    of_recogniser = {"changes": dict(request.recogniser_changes), "seed": request.seed}
    steps = [
        Step(
            VOICE, "voice", (),
            of_data | {"recipe": _plain(voice), "seed": request.seed} | _code(TRAINING["voice"]),
            PLACES[VOICE], voice.training.iterations, defaults={"recipe": _plain(SpeakerRecipe())},
        ),
        Step(
            RECOGNISER, "recogniser", (), of_data | of_recogniser | _code(TRAINING["recogniser"]),
            PLACES[RECOGNISER],
        ),
        *_models(request, of_data),
    ]  # fmt: skip
    trained = tuple(step.name for step in steps)
    asked = set(chosen(EXPERIMENTS if request.only is None else request.only))
    to_ask, of_other = of_data | _to_ask(request), {}
    if request.other is not None:
        of_other = {"other": open_other(corpus, request.other).info.data_hash}
    asking = [
        Step(
            name, "experiment", trained,
            to_ask | {"experiment": name} | (of_other if name == OF_OTHER else {})
            | _code(OPENING, experiment.run.__module__),
            optional=name not in asked, defaults={"systems": {}},
        )
        for name, experiment in EXPERIMENTS.items()
    ]  # fmt: skip
    told = _code(REPORTING) | {"matplotlib": importlib.metadata.version("matplotlib")}
    return (*steps, *asking, Step(REPORT, "report", tuple(EXPERIMENTS), of_data | told))


def _models(request: Request, of_data: dict[str, Any]) -> list[Step]:
    steps = []
    names = model_steps(request)
    for number in range(request.n_seeds):  # one of each variant first
        for variant in request.variants:
            chosen_recipe = request.face_recipe(variant)
            training = chosen_recipe.training
            # With a constant learning rate no iteration depends on how many follow.
            grows = training.schedule == "constant"
            settings = {
                "recipe": _plain(change(chosen_recipe, {"training.iterations": 1})),
                "variant": f"{variant}, {request.preset}",
                "seed": request.seed + number,
            } | _code(TRAINING["face"])
            steps.append(
                Step(
                    names[variant][number], "face", (VOICE,), of_data | settings,
                    model_place(request, variant, number), training.iterations, grows,
                    defaults={"recipe": _plain(Recipe())},
                )
            )  # fmt: skip
    return steps


def _to_ask(request: Request) -> dict[str, Any]:
    """What decides the answers of all experiments, beside the corpus and the models."""
    networks = [open_embedder(name) for name in request.networks()]
    return {
        "models": model_steps(request),
        "embedders": {network.name: network.sha256 for network in networks},
        "judge": REGISTRY[JUDGE].sha256,
        "set aside": request.face_recipe(request.variants[0]).training.set_aside,
        "seed": request.seed,
        "resamples": request.n_resamples,
        "systems": checksums_of(request.systems),
    }


def _check_people(corpus: Corpus) -> None:
    """Refuse a corpus without people to train on, or without people to ask about."""
    counts = corpus.info.counts
    train, others = counts["train"], [counts["validation"], counts["test"]]
    n_others = sum(c.voices for c in others), sum(c.faces for c in others)
    if not all((train.voices, train.faces, *n_others)):
        raise CorpusError(
            corpus.path,
            f"{train.voices} voices and {train.faces} faces to train on, {n_others[0]} voices and "
            f"{n_others[1]} faces in validation and test",
            "some of each", "prepare it with another --split, or with more people",
        )  # fmt: skip


def _plain(settings: Any) -> dict[str, Any]:
    """Settings as they are read from a JSON file."""
    data: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(settings))
    return data


def _code(*modules: str) -> dict[str, str]:
    return {"code": code_of(*modules)}
