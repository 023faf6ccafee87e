"""``rivals`` on made-up people: how close to the best possible does each system come?"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from benchmarks.rivals_training import Training, trained
from voice2face.corpus import Corpus
from voice2face.corpus.prepare import prepare
from voice2face.evaluation.baselines import make_baselines
from voice2face.evaluation.embedders.face_set import FaceSet
from voice2face.evaluation.embedders.fitted import (
    Eigenfaces,
    LinearAttributes,
    as_faces,
    open_embedder,
)
from voice2face.evaluation.metrics.matching import match
from voice2face.evaluation.training_people import TrainingFaces, TrainingVoices
from voice2face.evaluation.trials.trials import Items, make_trials
from voice2face.experiments.comparing import MOST_PEOPLE, items_of
from voice2face.experiments.context import Context
from voice2face.experiments.oracle import shared_numbers
from voice2face.experiments.questions.known_truth import BOUND, HERE, ORACLE, TASKS, add_corpus
from voice2face.experiments.summary import Cell, Summary
from voice2face.experiments.systems import BaselineSystem, ModelSystem
from voice2face.faces import GEOMETRIES
from voice2face.files import write_text
from voice2face.release.inference import Model
from voice2face.synthetic import CohortSettings, write_cohort

COUPLINGS = (0.85,)
COHORT = CohortSettings(n_identities=300, seed=11, clips_per_identity=1, faces_per_identity=1)
SPLIT = "hash:75/5/20"
GE2E = ("--voice-encoder", "ge2e")
# What a face is read by there; the matcher takes the same as a network.
READER = "eigenfaces"
TRAININGS = tuple(  # those that take no more than a minute
    Training(name, "people", ("--generator", kind, *GE2E), "rival")
    for name, kind in (("linear", "linear"), ("Speech2Face's route", "speech2face"))
)


def known_truth(out: Path, couplings: Sequence[float], without: Sequence[str]) -> dict[str, Any]:
    """Rows of each coupling; what is done in OUT is not done again."""
    wanted = [one for one in TRAININGS if one.name not in without]
    found = {}
    for coupling in couplings:
        done = out / f"{coupling:g}-{'-'.join(one.name for one in wanted)}.json".replace(" ", "")
        if not done.is_file():
            rows = answer(out / f"coupling-{coupling:g}", coupling, wanted)
            write_text(done, json.dumps(rows, indent=1) + "\n")
        found[f"{coupling:g}"] = json.loads(done.read_text())
    return found


def answer(folder: Path, coupling: float, wanted: Sequence[Training]) -> list[dict[str, Any]]:
    """Train on one cohort, and ask about people who were not trained on."""
    corpus_folder = cohort_corpus(folder, coupling)
    corpus = Corpus.open(corpus_folder)
    learned = corpus.faces("train")
    pixels = as_faces(learned.pixels)
    seen = shared_numbers(learned.attributes, "seen")
    assert seen is not None  # all cohorts have them
    eigen = Eigenfaces.fit(pixels)
    reader = write_network(eigen, folder / f"{READER}.onnx")
    models = {
        one.name: [ModelSystem.of(one.name, trained(one, corpus_folder, folder, 0)[0])]
        for one in wanted
    }
    matching = Training(
        "direct matching", "people", ("--embedder", str(reader.resolve())), "direct",
        stage="matching",
    )  # fmt: skip
    matcher = Model(trained(matching, corpus_folder, folder, 0)[0])
    embedders = {e.name: e for e in (LinearAttributes.fit(pixels, seen), eigen)}
    context = Context(
        corpus, models, {}, embedders, None, None, 0.0, folder, corpus.info.face_crop.geometry
    )
    context.baselines = baselines(context, next(iter(models.values()))[0])
    summary = Summary(context, "rivals")
    add_corpus(summary, context.unseen(), coupling)
    add_direct(summary, matcher, reader)
    known = {BOUND, ORACLE, "direct matching", *models, *context.baselines}
    kept = [row for row in summary.rows if row.system in known and not row.against]
    return [msgspec.to_builtins(row) for row in kept]


def cohort_corpus(folder: Path, coupling: float) -> Path:
    """People, and the corpus of them; what was cut off is completed."""
    corpus = folder / "corpus"
    if not (corpus / "corpus.json").is_file():
        write_cohort(folder / "people", msgspec.structs.replace(COHORT, coupling=coupling))
        prepare([folder / "people" / "cohort.csv"], corpus, split=SPLIT, workers=1)
    return corpus


def baselines(context: Context, hearing: ModelSystem) -> dict[str, BaselineSystem]:
    """The trivial ones, by the ear of a model."""
    learned, heard = context.corpus.faces("train"), context.heard()
    rivals, _ = make_baselines(
        TrainingVoices(hearing.embed(heard), heard.identity, heard.labels("gender")),
        TrainingFaces.of(learned),
        model=lambda embeddings: hearing.faces(embeddings).pixels,
    )
    return {n: BaselineSystem(n, hearing, rival) for n, rival in rivals.items()}


def add_direct(summary: Summary, model: Model, reader: Path) -> None:
    """The matcher on the trials of all others."""
    context = summary.context
    speech = context.unseen().of_some_people(MOST_PEOPLE, context.seed)
    faces = context.faces(context.asked)
    faces = faces.only(np.isin(faces.identity, speech.identity))
    hearing = ModelSystem("direct matching", model)
    voices = model.matcher.voices(hearing.embed(speech))
    crops = FaceSet.of_crops(faces.pixels, context.geometry)
    real = model.matcher.faces(open_embedder(reader).embed(crops))
    for task, (protocol, _, strata) in TASKS.items():
        if protocol == "1:2":
            probes = Items(speech.clip, speech.identity)
            trials = make_trials(probes, items_of(faces), protocol="1:2", strata=strata)
            scored = match(voices, real, trials, by_person=True, centre=True)
            for embedder in context.embedders:
                summary.scored(Cell(task, HERE, embedder, 0.5), {"direct matching": scored})


def write_network(eigen: Eigenfaces, path: Path) -> Path:
    """Eigenfaces as a network, for commands that take one: (n, 3, px, px) in [-1, 1] → (n, k)."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    px, kind = eigen.px, TensorProto.FLOAT
    constants = [
        numpy_helper.from_array(np.asarray(value, np.float32), name)
        for name, value in (("axes", eigen.axes), ("offset", -eigen.mean @ eigen.axes))
    ]
    nodes = [
        helper.make_node("Flatten", ["input"], ["flat"]),
        helper.make_node("MatMul", ["flat", "axes"], ["told"]),
        helper.make_node("Add", ["told", "offset"], ["output"]),
    ]
    ends = [
        helper.make_tensor_value_info("input", kind, ["n", 3, px, px]),
        helper.make_tensor_value_info("output", kind, ["n", eigen.dim]),
    ]
    graph = helper.make_graph(nodes, READER, ends[:1], ends[1:], constants)
    opset = helper.make_opsetid("", 17)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=9), path)
    about = {
        "size": px, "align": GEOMETRIES["released"].tolist(), "channels": "rgb",
        "mean": [127.5] * 3, "std": [127.5] * 3,
    }  # fmt: skip
    path.with_suffix(".json").write_text(json.dumps(about))
    return path
