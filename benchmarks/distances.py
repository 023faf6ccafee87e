"""What is found of copies of training faces, and how often intervals of distances hold the truth.

    python -m benchmarks.distances CORPUS

Copies are training faces of the corpus, changed; beside them stand real faces of its validation
split and the mean face. Intervals are of simulated sets whose true distance is known.
"""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from PIL import Image, ImageFilter

from benchmarks.harness import RESULTS, machine
from voice2face.corpus import Corpus
from voice2face.evaluation.baselines import mean_face
from voice2face.evaluation.metrics.distances import diversity, kernel_distance
from voice2face.evaluation.metrics.pixels import memorisation
from voice2face.evaluation.training_people import TrainingFaces
from voice2face.files import write_text

N_ASKED = 200
N_SETS = 200  # of a simulation
SETTINGS = ((40, 8, 0.0), (40, 8, 0.5), (100, 8, 0.5), (100, 32, 0.3), (200, 64, 0.2))
SPREAD = 0.5  # of simulated made faces: their true diversity


def main(
    folder: Annotated[Path, typer.Argument(metavar="CORPUS")],
    out: Path = RESULTS / "distances.json",
) -> None:
    corpus = Corpus.open(folder)
    answer = {
        "copies": copies(corpus),
        "intervals_that_hold_the_truth": list(simulations()),
        "command": "python -m benchmarks.distances CORPUS",
        "corpus": corpus.info.data_hash,
        "machine": machine(),
    }
    write_text(out, json.dumps(answer, indent=2) + "\n")
    print(json.dumps(answer, indent=2))


def copies(corpus: Corpus) -> dict[str, object]:
    """Mean distance over that of unseen faces, median lead, share whose original was found."""
    training, unseen = corpus.faces("train"), corpus.faces("validation").pixels[:N_ASKED]
    originals = training.pixels[:N_ASKED]
    reference = memorisation(unseen, training.pixels)
    asked = {"unseen real faces": unseen}
    asked["mean face"] = mean_face(TrainingFaces.of(training))(np.zeros((1, 1)))
    asked |= {name: np.stack([change(x) for x in originals]) for name, change in changes().items()}
    rows = {}
    for name, faces in asked.items():
        found = memorisation(faces, training.pixels)
        rows[name] = {
            "distance": round(float(found.distance.mean() / reference.distance.mean()), 3),
            "lead": round(float(np.median(found.lead)), 3),
        }
        if name in changes():
            rows[name]["original_found"] = float((found.index == np.arange(len(faces))).mean())
    return {"training_faces": len(training), "asked": N_ASKED, "rows": rows}


def changes() -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """What is done to a picture, (px, px, 3), uint8."""
    rng = np.random.default_rng(0)

    def jpeg(face: np.ndarray) -> np.ndarray:
        stream = io.BytesIO()
        Image.fromarray(face).save(stream, "JPEG", quality=30)
        return np.asarray(Image.open(stream))

    def noise(face: np.ndarray) -> np.ndarray:
        return np.clip(face + rng.normal(scale=25, size=face.shape), 0, 255).astype(np.uint8)

    return {
        "JPEG of quality 30": jpeg,
        "blurred by 2 pixels": lambda face: np.asarray(
            Image.fromarray(face).filter(ImageFilter.GaussianBlur(2))
        ),
        "noise of 25 grey levels": noise,
        "moved by 2 pixels": lambda face: np.roll(face, 2, axis=1),
        "darkened to 80 %": lambda face: (face * 0.8).astype(np.uint8),
        "mirrored": lambda face: face[:, ::-1],
    }


def simulations() -> Iterator[dict[str, float]]:
    """Share of 95 % intervals that hold the truth, of normal sets shifted against each other."""
    for n, dim, shift in SETTINGS:
        truth = true_kernel_distance(dim, shift)
        of_kernel, of_diversity = [], []
        for seed in range(N_SETS):
            rng = np.random.default_rng(seed)
            made, real = rng.normal(size=(2, n, dim))
            found = kernel_distance(made + shift, real)
            of_kernel.append(found.low <= truth <= found.high)
            found = diversity(made * SPREAD, real)
            of_diversity.append(found.low <= SPREAD <= found.high)
        yield {
            "people": n,
            "dim": dim,
            "shift": shift,
            "kernel_distance": float(np.mean(of_kernel)),
            "diversity": float(np.mean(of_diversity)),
        }


def true_kernel_distance(dim: int, shift: float) -> float:
    """Distance of normal sets of unit spread, one shifted alike in each dimension, in closed form.

    With x = s + u and y = s' + u', u and u' normal, the inner product t = x·y / dim has the moments
    E t = s·s'/dim, E t² and E t³ of a normal bilinear form; the kernel is 1 + 3 t + 3 t² + t³.
    """
    square = dim * shift**2

    def mean_kernel(shifted: int) -> float:
        """Of two points, of which so many are of the shifted set."""
        m = square if shifted == 2 else 0.0  # s·s'
        lengths = shifted * square  # |s|² + |s'|²
        second = m**2 + lengths + dim
        third = m**3 + 3 * m * (lengths + dim) + 6 * m
        return 1 + 3 * m / dim + 3 * second / dim**2 + third / dim**3

    return mean_kernel(2) + mean_kernel(0) - 2 * mean_kernel(1)


if __name__ == "__main__":
    typer.run(main)
