"""What experiments of a reproduction work with: its models, baselines and judges, opened."""

import json
from pathlib import Path

from voice2face.corpus import Corpus
from voice2face.errors import CorpusError
from voice2face.evaluation.baselines import BASELINES, make_baselines
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
from voice2face.files import write_text

BASELINES_FILE = "baselines.json"


def open_context(request: Request) -> Context:
    """Corpus, models, baselines, embedders and judge; writes down which baselines are left out.

    Raises:
        CorpusError: The corpus can't be read.
        ModelError: A model or a network can't be used.
        OutputError: Something could not be written.
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
    geometry = corpus.info.face_crop.geometry
    recogniser = request.out / PLACES[RECOGNISER] / NETWORK
    of_others, tables = open_systems(request.systems, corpus)
    context = Context(
        corpus=corpus,
        models=models | of_others,
        tables=tables,
        baselines={},
        embedders=_embedders(request, corpus, recogniser),
        judge=AgeGender(request.judge()),
        recogniser=recogniser,
        held_out=request.face_recipe(request.variants[0]).training.set_aside,
        out=request.out / RESULTS,
        geometry=geometry,
        seed=request.seed,
        n_resamples=request.n_resamples,
        other=None if request.other is None else open_other(corpus, request.other),
    )
    context.baselines = _baselines(context, request)
    asked = context.unseen().identity.tolist()
    systems = [one for seeds in (*models.values(), *of_others.values()) for one in seeds]
    context.notes = [*people_warnings(systems, asked), *pictures_missing(context)]
    return context


def pictures_missing(context: Context) -> list[str]:
    """A sentence for each table of pictures that lacks some recordings that are asked about."""
    unseen = context.unseen()
    shares = {name: int(table.has(unseen).sum()) for name, table in context.tables.items()}
    return [
        f"{name} has pictures of {n} of the {len(unseen)} recordings of people not trained on: it "
        "is left out of questions that ask about all of them"
        for name, n in shares.items()
        if n < len(unseen)
    ]


def silent_context(request: Request) -> Context:
    """What can be known before anything is trained or heard: names, attributes and lengths.

    Experiments say by it why they can't be asked; its recordings are silent stand-ins.

    Raises:
        CorpusError: The corpus can't be read.
    """
    corpus = Corpus.open(request.corpus)
    stand_ins: dict[str, list[System]] = {
        variant: [Silent(name) for name in names] for variant, names in model_steps(request).items()
    }
    for name, _ in request.systems:
        stand_ins.setdefault(name, []).append(Silent(name))
    return Context(
        corpus=corpus,
        models=stand_ins,
        baselines={},
        embedders=dict.fromkeys(request.networks()),  # type: ignore[arg-type]
        judge=AgeGender(request.judge()),
        recogniser=request.out / PLACES[RECOGNISER] / NETWORK,
        held_out=request.face_recipe(request.variants[0]).training.set_aside,
        out=request.out / RESULTS,
        silent=True,
    )


def _embedders(request: Request, corpus: Corpus, recogniser: Path) -> dict[str, Embedder]:
    """The recogniser, eigenfaces of the training people, and networks of others."""
    geometry = GEOMETRIES[corpus.info.face_crop.geometry]
    eigenfaces = Eigenfaces.fit(as_faces(corpus.faces("train").pixels), geometry)
    found: list[Embedder] = [OnnxEmbedder(recogniser), eigenfaces]
    found += [open_embedder(name) for name in request.networks()]
    by_name = {embedder.name: embedder for embedder in found}
    if len(by_name) < len(found):
        names = ", ".join(embedder.name for embedder in found)
        raise CorpusError("--embedder", names, "different names", "rename a file")
    return by_name


def _baselines(context: Context, request: Request) -> dict[str, BaselineSystem]:
    """Those that the training data allow; they know what was trained on, and nothing else."""
    hearing = context.models[context.main][0]
    assert isinstance(hearing, ModelSystem)
    heard, faces = context.heard(), context.faces("train")
    found, left_out = make_baselines(
        TrainingVoices(hearing.embed(heard), heard.identity, group_of(heard, "gender")),
        TrainingFaces(faces.pixels, faces.identity, group_of(faces, "gender")),
        seed=request.seed,
        model=lambda embeddings: hearing.faces(embeddings).pixels,
    )
    write_text(context.out / BASELINES_FILE, json.dumps({"left_out": left_out}, indent=1) + "\n")
    return {
        name: BaselineSystem(name, BASELINES[name], hearing, baseline)
        for name, baseline in found.items()
    }
