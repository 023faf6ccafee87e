"""How far the faces that models draw lie from people's, as sets, to the project's recogniser.

    python -m benchmarks.frechet OUT FACES.csv [MODEL...] [--name NAME]

OUT is where ``five_models.sh`` trained: normalised faces and models. FACES.csv has
columns face, gender, age and race. The recogniser (``training.recogniser``) is trained on the
corpus' training faces, to tell groups of gender, age and race; no generator learned from it. Each
model, a folder or a name, draws three faces for each recording of the corpus' test people; all are
normalised as the real faces were. Writes ``results/NAME.json``: the Fréchet distance of each to
held-out real faces, with that of other real faces beside it, and of the first model to the others'.
"""

import argparse
import json
from collections import Counter
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.faces import ANYTHING, N_DRAWS, as_pictures
from benchmarks.harness import RESULTS, machine
from voice2face.audio.speech import Speech
from voice2face.corpus import Corpus
from voice2face.evaluation.embedders.face_set import FaceSet, detector
from voice2face.evaluation.embedders.fitted import open_embedder
from voice2face.evaluation.metrics.distances import frechet_distance
from voice2face.faces.normalise import Normaliser
from voice2face.faces.pictures import PictureError
from voice2face.files import sha256_of, write_text
from voice2face.release.inference import Model, load
from voice2face.settings import NormalisedFace, to_yaml
from voice2face.training.data.in_memory import FaceBank
from voice2face.training.face_space.tables import read_rows
from voice2face.training.loop import train
from voice2face.training.recogniser.export import export_recogniser
from voice2face.training.recogniser.measures import look
from voice2face.training.recogniser.network import RecogniserRecipe
from voice2face.training.recogniser.train import NETWORK, RUN, RecogniserTrainee

GEOMETRY = "normalised"
OLDER = 40  # years: of two groups of age
RECIPE = RecogniserRecipe(iterations=1000)
SHIPPED = ("face-space", "gan")
N_SETS = 20  # random halves of the real faces, for what other real faces are apart

Pictures = npt.NDArray[np.uint8]
Vectors = npt.NDArray[np.float32]


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks.frechet", description=__doc__)
    options.add_argument("out", type=Path)
    options.add_argument("faces", type=Path)
    options.add_argument("models", nargs="*", default=SHIPPED)
    options.add_argument("--name", default="frechet")
    given = options.parse_args()
    corpus = Corpus.open(given.out / "open")
    network, accuracy = recogniser(corpus, given.faces, given.out / "recogniser")
    embedder = open_embedder(network)

    def features(textures: Pictures) -> Vectors:
        return embedder.embed(FaceSet.of_crops(textures, GEOMETRY))

    held_out = np.concatenate([corpus.faces(s).pixels for s in ("validation", "test")])
    real = features(held_out)
    speech = list(corpus.voices("test").speech)
    models = {
        **{name: load(name) for name in given.models},
        **{f.parent.name: Model(f) for f in sorted(given.out.glob("faces/*/model"))},
    }
    sets = {name: drawn(model, speech, corpus.info.face_px) for name, model in models.items()}
    n = min(len(real) // 2, *(len(textures) for textures, _ in sets.values()))
    of_models = {
        name: {
            "frechet": frechet_distance(some(features(textures), n), real),
            "refused": refused,
            "model": models[name].config.sha256,
        }
        for name, (textures, refused) in sets.items()
    }
    first, *others = (one["frechet"] for one in of_models.values())
    found = {
        "run_with": "python -m benchmarks.frechet OUT FACES.csv",
        "machine": machine(),
        "recogniser": {"sha256": sha256_of(network), "right_of_held_out_faces": accuracy},
        "real_faces": len(real),
        "faces_of_each": n,
        "other_real_faces": floor(real, n),
        "models": of_models,
        "first_over_others": [first / other for other in others],
    }
    write_text(RESULTS / f"{given.name}.json", json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


def recogniser(corpus: Corpus, table: Path, out: Path) -> tuple[Path, float]:
    """The recogniser's file, and how often it is right about held-out faces' groups."""
    looks = {row["face"]: look_of(row) for row in read_rows(table)}
    learned = corpus.faces("train")
    names, labels = np.unique([looks[name] for name in learned.identity], return_inverse=True)
    order = np.argsort(labels, kind="stable")
    bank = FaceBank.of(learned.pixels[order], labels[order].astype(np.int64))
    trainee = RecogniserTrainee(bank, RECIPE, seed=0)
    identity = {"recipe": to_yaml(RECIPE), "corpus": corpus.info.data_hash, "groups": str(names)}
    train(trainee, out, RECIPE.iterations, RUN, RECIPE, identity, resume=True, quiet=True)
    network = trainee.recogniser.cpu()
    export_recogniser(network, names.tolist(), GEOMETRY, out / NETWORK)
    held_out = corpus.faces("validation")
    told = names[look(network, held_out.pixels)[1].argmax(axis=1)]
    right = told == np.array([looks[name] for name in held_out.identity])
    return out / NETWORK, float(right.mean())


def look_of(face: dict[str, str]) -> str:
    """Group of a face: ``female East Asian, younger``."""
    years = int(face["age"].removeprefix("more than ")[:2])
    return f"{face['gender']} {face['race']}, {'older' if years >= OLDER else 'younger'}"


def drawn(model: Model, speech: list[Speech], px: int) -> tuple[Pictures, dict[str, int]]:
    """Faces that a model draws, normalised; and how many could not be, by reason."""
    faces = np.concatenate([model.draws(model.embed(one), N_DRAWS) for one in speech])
    normalise, detect = Normaliser(NormalisedFace(px=px, filters=ANYTHING)), detector()
    kept, refused = [], Counter[str]()
    for picture in as_pictures(np.clip(faces, -1, 1)):
        try:
            if not (found := detect(picture)):
                raise PictureError("no face", "none found")
            kept.append(normalise(picture, found[0]).texture)
        except PictureError as error:
            refused[error.reason] += 1
    return np.array(kept), dict(refused)


def some(features: Vectors, n: int) -> Vectors:
    """So many rows, by lot."""
    return features[np.random.default_rng(0).permutation(len(features))[:n]]


def floor(real: Vectors, n: int) -> float:
    """Of two disjoint sets of real faces, the mean distance of ``n`` to as many."""
    rng, apart = np.random.default_rng(0), []
    for _ in range(N_SETS):
        order = rng.permutation(len(real))
        apart.append(frechet_distance(real[order[:n]], real[order[n : 2 * n]]))
    return float(np.mean(apart))


if __name__ == "__main__":
    main()
