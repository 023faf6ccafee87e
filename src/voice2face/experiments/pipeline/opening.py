"""Opens what experiments work with: corpus, models, baselines, embedders and judge."""

from typing import Any

from voice2face.corpus import Corpus
from voice2face.errors import CorpusError
from voice2face.evaluation.baselines import make_baselines
from voice2face.evaluation.embedders.attributes import AgeGender
from voice2face.evaluation.embedders.fitted import Eigenfaces, Embedder, as_faces, open_embedder
from voice2face.evaluation.embedders.onnx_embedder import OnnxEmbedder
from voice2face.evaluation.training_people import TrainingFaces, TrainingVoices
from voice2face.experiments.context import Context
from voice2face.experiments.other_corpus import open_other
from voice2face.experiments.people import group_of
from voice2face.experiments.pipeline.request import (
    MODEL,
    NETWORK,
    PLACES,
    RECOGNISER,
    RESULTS,
    Request,
    model_place,
    model_steps,
)
from voice2face.experiments.pipeline.systems_of_others import open_systems, people_warnings
from voice2face.experiments.systems import BaselineSystem, ModelSystem, Silent, System
from voice2face.faces import GEOMETRIES


def open_context(request: Request) -> Context:
    """Corpus, models, baselines, embedders and judge.

    Raises:
        CorpusError: The corpus can't be read.
        ModelError: A model or a network can't be used.
    """
    corpus = Corpus.open(request.corpus)
    models = {
        variant: [
            ModelSystem.of(
                name if len(names) > 1 else variant,
                request.out / model_place(request, variant, number) / MODEL,
            )
            for number, name in enumerate(names)
        ]
        for variant, names in model_steps(request).items()
    }
    of_others, tables = open_systems(request.systems, corpus)
    context = Context(
        **_shared(request, corpus),
        models=models | of_others,
        tables=tables,
        baselines={},
        embedders=_embedders(request, corpus),
        other=None if request.other is None else open_other(corpus, request.other),
    )
    context.baselines, left_out = _baselines(context)
    asked = context.unseen().identity.tolist()
    systems = [one for seeds in (*models.values(), *of_others.values()) for one in seeds]
    context.notes = [*people_warnings(systems, asked), *pictures_missing(context), *left_out]
    return context


def _shared(request: Request, corpus: Corpus) -> dict[str, Any]:
    """Arguments of a context that are known before anything is trained."""
    return {
        "corpus": corpus,
        "judge": AgeGender(request.judge()),
        "recogniser": request.out / PLACES[RECOGNISER] / NETWORK,
        "held_out": request.face_recipe(request.variants[0]).training.set_aside,
        "out": request.out / RESULTS,
        "geometry": corpus.info.face_crop.geometry,
        "seed": request.seed,
        "n_resamples": request.n_resamples,
    }


def pictures_missing(context: Context) -> list[str]:
    """A sentence about each table that lacks pictures of recordings that are asked about."""
    unseen = context.unseen()
    shares = {name: int(table.has(unseen).sum()) for name, table in context.tables.items()}
    return [
        f"{name} has pictures of {n} of the {len(unseen)} recordings of people not trained on: it "
        "is left out of questions that ask about all of them"
        for name, n in shares.items()
        if n < len(unseen)
    ]


def silent_context(request: Request) -> Context:
    """What is known before anything is trained: names, attributes and lengths of recordings.

    It is enough to see which experiments can't be asked, and why.

    Raises:
        CorpusError: The corpus can't be read.
    """
    corpus = Corpus.open(request.corpus)
    stand_ins: dict[str, list[System]] = {
        variant: [Silent(name) for name in names] for variant, names in model_steps(request).items()
    }
    for name, _ in request.systems:
        stand_ins.setdefault(name, []).append(Silent(name))
    networks: dict[str, Any] = dict.fromkeys(request.networks())
    return Context(
        **_shared(request, corpus), models=stand_ins, baselines={}, embedders=networks, silent=True
    )


def _embedders(request: Request, corpus: Corpus) -> dict[str, Embedder]:
    """The recogniser, eigenfaces of the training people, and other networks."""
    geometry = GEOMETRIES[corpus.info.face_crop.geometry]
    eigenfaces = Eigenfaces.fit(as_faces(corpus.faces("train").pixels), geometry)
    recogniser = request.out / PLACES[RECOGNISER] / NETWORK
    found: list[Embedder] = [OnnxEmbedder(recogniser), eigenfaces]
    found += [open_embedder(name) for name in request.networks()]
    by_name = {embedder.name: embedder for embedder in found}
    if len(by_name) < len(found):
        names = ", ".join(embedder.name for embedder in found)
        raise CorpusError("--embedder", names, "different names", "rename a file")
    return by_name


def _baselines(context: Context) -> tuple[dict[str, BaselineSystem], list[str]]:
    """Baselines that the training data allow, and a sentence about the others.

    They know what was trained on, and nothing else.
    """
    hearing = context.models[context.main][0]
    assert isinstance(hearing, ModelSystem)
    heard, faces = context.heard(), context.faces("train")
    found, left_out = make_baselines(
        TrainingVoices(hearing.embed(heard), heard.identity, group_of(heard, "gender")),
        TrainingFaces(faces.pixels, faces.identity, group_of(faces, "gender")),
        seed=context.seed,
        model=lambda embeddings: hearing.faces(embeddings).pixels,
    )
    lacking = "; ".join(f"{name} ({why})" for name, why in left_out.items())
    systems = {name: BaselineSystem(name, hearing, one) for name, one in found.items()}
    return systems, [f"Baselines that this corpus does not allow: {lacking}"] if lacking else []
