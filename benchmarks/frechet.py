"""How far the faces that models draw lie from people's, as sets, to the project's recogniser.

    python -m benchmarks.frechet OUT --data FOLDER [--model NAME...] [--five OUT]

OUT is where ``benchmarks.face_space`` keeps FairFace's normalised faces; FOLDER holds
``open/faces.csv`` and ``open/voices.csv``. The recogniser (``training.recogniser``) learns to tell
groups of gender, age and race from half of these faces, and no generator from it. Each model, a
name or a folder, and those that ``five_models.sh`` trained, draw faces for the readers whom no
model has heard; all are normalised as the real faces were. Writes ``results/frechet.json``: the
Fréchet distance of each to real faces that the recogniser has not seen, that of other real faces,
and what share of the others' the first model's is.
"""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from benchmarks.faces import ANYTHING, as_pictures
from benchmarks.harness import RESULTS, DataFolder, machine
from voice2face.arrays import Bools, Pictures, Texts, Vectors
from voice2face.audio.speech import Speech, read_speech
from voice2face.evaluation.embedders.face_set import FaceSet, detector
from voice2face.evaluation.embedders.fitted import open_embedder
from voice2face.evaluation.metrics.distances import frechet_distance
from voice2face.faces.normalise import Normalised, Normaliser
from voice2face.faces.opencv import resized
from voice2face.faces.pictures import PictureError
from voice2face.faces.settings import NormalisedFace
from voice2face.files import sha256_of, write_text
from voice2face.parts import read_arrays
from voice2face.release.inference import Model, load
from voice2face.settings import to_yaml
from voice2face.training.data.in_memory import FaceBank
from voice2face.training.face_space.tables import read_rows
from voice2face.training.loop import train
from voice2face.training.recogniser.export import export_recogniser
from voice2face.training.recogniser.measures import look
from voice2face.training.recogniser.network import RecogniserRecipe
from voice2face.training.recogniser.train import NETWORK, RUN, RecogniserTrainee

GEOMETRY, PX = "normalised", 64
OLDER = 40  # years: of two groups of age
RECIPE = RecogniserRecipe(iterations=600)
MODELS = ("face-space", "gan")
UNHEARD = "test-other"
ARRAYS = ("texture", "person", "shape")
N_DRAWS = 5  # of each recording
N_SETS = 20  # of other real faces, by lot


def main(
    out: Path,
    data: DataFolder,
    model: Annotated[list[str] | None, typer.Option(help="Else those of the package.")] = None,
    five: Annotated[Path | None, typer.Option(help="Where five_models.sh trained.")] = None,
) -> None:
    faces, looks = real_faces(out, data / "open" / "faces.csv")
    learned, shown = np.arange(len(faces)) % 2 == 0, np.arange(len(faces)) % 4 == 1
    network, told = recogniser((faces, looks), learned, out / "recogniser")
    embedder = open_embedder(network)

    def features(textures: Pictures) -> Vectors:
        return embedder.embed(FaceSet.of_crops(textures, GEOMETRY))

    real, others = features(faces[shown]), features(faces[~learned & ~shown])
    voices = data / "open" / "voices.csv"
    speech = [
        read_speech(voices.parent / row["voice"])
        for row in read_rows(voices)
        if row["subset"] == UNHEARD
    ]
    trained = sorted(five.glob("faces/*/model")) if five else []
    models = {name: load(name) for name in model or MODELS}
    models |= {folder.parent.name: Model(folder) for folder in trained}
    sets = {name: drawn(model, speech, seed=0) for name, model in models.items()}
    n = min(len(others), *(len(textures) for textures, _ in sets.values()))
    of_models = {
        name: {
            "frechet": to_sets(features(textures), real, n),
            "by_another_seed": to_sets(features(drawn(models[name], speech, 1)[0]), real, n),
            "left_out": left_out,
            "model": models[name].config.sha256,
        }
        for name, (textures, left_out) in sets.items()
    }
    of_first, *of_others = (one["frechet"] for one in of_models.values())
    found = {
        "run_with": "python -m benchmarks.frechet OUT --data FOLDER",
        "machine": machine(),
        "recogniser": {
            "sha256": sha256_of(network),
            "groups": len(set(looks.tolist())),
            "right_of_unseen_faces": float((told == looks)[~learned].mean()),
        },
        "real_faces": len(real),
        "faces_of_each": n,
        "other_real_faces": to_sets(others, real, n),
        "models": of_models,
        "first_over_others": [of_first / other for other in of_others],
    }
    write_text(RESULTS / "frechet.json", json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


def real_faces(out: Path, table: Path) -> tuple[Pictures, Texts]:
    """FairFace's normalised faces, (n, PX, PX, 3), and the group of each."""
    kept, rows = read_arrays(out / "faces-normalised.npz"), read_rows(table)
    faces = np.stack(
        [
            resized(Normalised(texture, person, shape, {}).picture, PX)
            for texture, person, shape in zip(*(kept[name] for name in ARRAYS), strict=True)
        ]
    )
    return faces, np.array([look_of(rows[i]) for i in kept["row"]])


def look_of(face: dict[str, str]) -> str:
    """Group of a face: ``female East Asian, younger``."""
    years = int(face["age"].removeprefix("more than ")[:2])
    return f"{face['gender']} {face['race']}, {'older' if years >= OLDER else 'younger'}"


def recogniser(known: tuple[Pictures, Texts], learned: Bools, out: Path) -> tuple[Path, Texts]:
    """The recogniser's file, trained on some of the faces; and what it takes all for."""
    (faces, looks), identity = known, {"recipe": to_yaml(RECIPE)}
    names, labels = np.unique(looks, return_inverse=True)
    order = np.flatnonzero(learned)
    order = order[np.argsort(labels[order], kind="stable")]
    bank = FaceBank.of(faces[order], labels[order].astype(np.int64))
    trainee = RecogniserTrainee(bank, RECIPE, seed=0)
    train(trainee, out, RECIPE.iterations, RUN, RECIPE, identity, resume=True, quiet=True)
    network = trainee.recogniser.cpu()
    export_recogniser(network, names.tolist(), GEOMETRY, out / NETWORK)
    return out / NETWORK, names[look(network, faces)[1].argmax(axis=1)]


def drawn(model: Model, speech: list[Speech], seed: int) -> tuple[Pictures, dict[str, int]]:
    """Faces that a model draws, normalised; and how many could not be, by reason."""
    sets = (np.clip(model.draws(model.embed(one), N_DRAWS, seed), -1, 1) for one in speech)
    return normalised_again(picture for faces in sets for picture in as_pictures(faces))


def normalised_again(pictures: Iterable[Pictures]) -> tuple[Pictures, dict[str, int]]:
    """Faces in pictures, each (side, side, 3), normalised; how many could not be, by reason."""
    settings = NormalisedFace(px=PX, filters=ANYTHING)
    normalise, detect = Normaliser(settings), detector()
    kept, left_out = [], Counter[str]()
    for picture in pictures:
        large = resized(picture, max(len(picture), 4 * PX))  # where a detector finds a face
        try:
            if not (found := detect(large)):
                raise PictureError("no face", "none found")
            kept.append(normalise(large, found[0]).picture)
        except PictureError as error:
            left_out[error.reason] += 1
    return np.array(kept), dict(left_out)


def to_sets(features: Vectors, real: Vectors, n: int) -> float:
    """Mean distance to the real faces of ``n`` faces, drawn by lot a few times."""
    rng = np.random.default_rng(0)
    sets = [features[rng.permutation(len(features))[:n]] for _ in range(N_SETS)]
    return float(np.mean([frechet_distance(one, real) for one in sets]))


if __name__ == "__main__":
    typer.run(main)
