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
from voice2face.experiments.pipeline.plan import Step, check
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

# Where the work of a step begins: it is done again when what these import has changed.
TRAINING = {
    "voice": "voice2face.training.speaker.train",
    "recogniser": "voice2face.training.recogniser.train",
    "face": "voice2face.training.gan.train",
}
OPENING, REPORTING = "voice2face.experiments.pipeline.opening", "voice2face.report.write"
OF_OTHER = generalisation.EXPERIMENT.name  # the experiment that another corpus is asked about in


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
            VOICE, "voice", (),
            of_data | {"recipe": _plain(voice), "seed": request.seed} | _code(TRAINING["voice"]),
            PLACES[VOICE], voice.training.iterations, defaults={"recipe": _plain(SpeakerRecipe())},
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
            to_ask | {"experiment": name} | (of_other if name == OF_OTHER else {})
            | _code(OPENING, experiment.run.__module__),
            optional=name not in asked, defaults={"systems": {}},
        )
        for name, experiment in EXPERIMENTS.items()
    ]  # fmt: skip
    told = _code(REPORTING) | {"matplotlib": _version("matplotlib")}
    telling = Step(REPORT, "report", tuple(EXPERIMENTS), of_data | told)
    found = (*steps, *asking, telling)
    check(found)
    return found


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
            } | _code(TRAINING["face"])
            steps.append(
                Step(
                    names[variant][number], "face", (VOICE,), of_data | settings,
                    model_place(request, variant, number), training.iterations, grows,
                    defaults={"recipe": _plain(Recipe())},
                )
            )  # fmt: skip
    return steps


def _recogniser(request: Request, of_data: dict[str, Any]) -> Step:
    changes = dict(request.recogniser_changes)
    settings = of_data | {"changes": changes, "seed": request.seed}
    settings |= _code(TRAINING["recogniser"])
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
        "systems": checksums_of(request.systems),
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


def _code(*modules: str) -> dict[str, str]:
    return {"code": code_of(*modules)}


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
