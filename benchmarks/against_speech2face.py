"""Speech2Face's published faces, the five models and every trivial rival on the same recordings.

    python -m benchmarks.against_speech2face OUT PAIRS.csv

OUT is where ``against_speech2face.sh`` trained the models, each on pictures and on canonical faces.
PAIRS.csv (columns identity, voice, face, canonical, speech2face, gender, age, ethnicity) holds
people whom nothing here was trained or chosen on. Which model stands for the five is chosen by the
training corpus' validation people. Writes ``results/against_speech2face.json`` and the page
``docs/against-speech2face.md``.
"""

import argparse
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from benchmarks.against_speech2face_page import page
from benchmarks.harness import RESULTS, machine
from voice2face.corpus import Corpus
from voice2face.evaluation.baselines import Rival, make_rivals
from voice2face.evaluation.comparison import Question, compare
from voice2face.evaluation.embedders.face_set import FaceSet, detector
from voice2face.evaluation.embedders.fitted import Eigenfaces, Embedder, as_faces, open_embedder
from voice2face.evaluation.metrics.matching import match
from voice2face.evaluation.pairs import Column, Pairs, embed_column, pictures, read_pairs
from voice2face.evaluation.results import Row
from voice2face.evaluation.training_people import TrainingFaces, TrainingVoices
from voice2face.evaluation.trials.trials import Items, make_trials
from voice2face.experiments.recordings import Recordings
from voice2face.experiments.systems import ModelSystem
from voice2face.faces import GEOMETRIES
from voice2face.files import write_text
from voice2face.networks.variants import VARIANTS

COMMANDS = (
    "benchmarks/against_speech2face.sh PAIRS.csv VOICES.csv OUT",
    "python -m benchmarks.against_speech2face OUT PAIRS.csv",
)
PUBLISHED = "speech2face"
TARGETS = ("canonical", "face")
STRATA = ("gender", "age", "ethnicity")
BY_PERSON = "baseline-by-person"  # paired by person; the others by gender
PAGE = Path(__file__).parents[1] / "docs" / "against-speech2face.md"
JUDGE = "face_reid_0095"
SOFTENED_IN = "released"  # geometry

Pictures = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Softened:
    """An embedder of faces at the models' resolution and without the finest detail.

    Generators leave a grid of a period of two pixels, which a network that was never shown one
    takes for more than faces differ in. All faces, made and real, are brought to the same 64 pixels
    and smoothed so that nothing of such a grid is left: exp(-2 π² σ² / 2²) < 1e-4.
    """

    inner: Embedder
    px: int = 64
    sigma: float = 1.5  # pixels

    @property
    def name(self) -> str:
        """In tables."""
        return f"{self.inner.name}, softened"

    @property
    def dim(self) -> int:
        """How many numbers a face gives."""
        return self.inner.dim

    def embed(self, faces: FaceSet) -> npt.NDArray[np.float32]:
        """Embeddings, (n, dim)."""
        soft = ImageFilter.GaussianBlur(self.sigma)
        crops = faces.aligned(GEOMETRIES[SOFTENED_IN], self.px)
        pictures = [np.asarray(Image.fromarray(crop).filter(soft)) for crop in crops]
        return self.inner.embed(FaceSet.of_crops(np.array(pictures), SOFTENED_IN))


@dataclass(frozen=True, eq=False)
class Taught:
    """What was made of one kind of training faces.

    Attributes:
        kind: ``canonical`` or ``face``.
        corpus: Voices and such faces.
        models: By variant.
        rivals: By name.
    """

    kind: str
    corpus: Corpus
    models: Mapping[str, ModelSystem]
    rivals: Mapping[str, Rival]

    @property
    def geometry(self) -> str:
        """How faces lie in the pictures, a name of ``faces.GEOMETRIES``."""
        return self.corpus.info.face_crop.geometry

    @property
    def systems(self) -> Iterator[tuple[str, Rival]]:
        """All of them as maps from embeddings to pictures, by their name in tables."""
        for variant, system in self.models.items():
            yield f"{variant}, {self.kind}", lambda heard, s=system: s.faces(heard).pixels
        for name, rival in self.rivals.items():
            yield f"{name}, {self.kind}", rival


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks.against_speech2face")
    options.add_argument("out", type=Path)
    options.add_argument("pairs", type=Path)
    given = options.parse_args()
    taught = [open_taught(given.out, kind) for kind in TARGETS]
    learned = as_faces(taught[1].corpus.faces("train").pixels)
    judge = open_embedder(JUDGE)
    embedders: list[Embedder] = [
        judge,
        Softened(judge),
        Eigenfaces.fit(learned, GEOMETRIES[taught[1].geometry]),
    ]
    pairs = read_pairs(given.pairs, ["voice", PUBLISHED, *TARGETS, *STRATA])
    found = {
        "machine": machine(),
        "run_with": COMMANDS,
        "validation": msgspec.to_builtins([row for e in embedders for row in validated(taught, e)]),
        **asked(taught, embedders, pairs),
        "models": {
            f"{variant}, {one.kind}": system.model.config.provenance
            for one in taught
            for variant, system in one.models.items()
        },
    }
    write_text(
        RESULTS / "against_speech2face.json", json.dumps(found, indent=1, ensure_ascii=False) + "\n"
    )
    write_text(PAGE, page(found))


def open_taught(out: Path, kind: str) -> Taught:
    """Models trained on one kind of faces, and the rivals that know the same people."""
    corpus = Corpus.open(out / kind)
    names = (*VARIANTS, BY_PERSON)
    folders = {name: out / f"{kind}-models" / name / "model" for name in names}
    models = {v: ModelSystem.of(v, folder) for v, folder in folders.items() if folder.is_dir()}
    hearing = next(iter(models.values()))
    voices, faces = Recordings.of_corpus(corpus, "train"), corpus.faces("train")
    rivals, _ = make_rivals(
        TrainingVoices(hearing.embed(voices), voices.identity, voices.labels("gender")),
        TrainingFaces.of(faces),
        model=lambda heard: hearing.faces(heard).pixels,
    )
    return Taught(kind, corpus, models, rivals)


def validated(taught: list[Taught], embedder: Embedder) -> list[Row]:
    """1:2 matching of the corpus' validation people, each model against faces of its own kind."""
    rows = []
    for one in taught:
        speech, real = (
            Recordings.of_corpus(one.corpus, "validation"),
            one.corpus.faces("validation"),
        )
        geometry = one.geometry
        heard = next(iter(one.models.values())).embed(speech)
        gallery = embedder.embed(FaceSet.of_crops(real.pixels, geometry))
        trials = make_trials(
            Items(speech.clip, speech.identity), Items(real.picture, real.identity), protocol="1:2"
        )
        for name, system in one.systems:
            made = embedder.embed(FaceSet.of_crops(system(heard), geometry))
            scored = match(made, gallery, trials, centre=True)
            found = scored.estimate()
            rows.append(
                Row(
                    name, "1:2 matching of validation people", "", embedder.name, found.value,
                    found.low, found.high, scored.n_people, scored.n_trials, scored.chance,
                )
            )  # fmt: skip
    return rows


def asked(taught: list[Taught], embedders: list[Embedder], pairs: Pairs) -> dict[str, Any]:
    """Everybody on the same recordings, against each kind of real faces."""
    read = pictures(detector())
    targets = {name: embed_column(name, pairs, name, read, embedders) for name in TARGETS}
    published = embed_column(PUBLISHED, pairs, PUBLISHED, read, embedders)
    ours = list(made_columns(taught, pairs, embedders))
    rows, trials, left_out = {}, {}, [c.loss for c in (published, *targets.values()) if c.loss]
    for target, column in targets.items():
        found = compare(Question(pairs, [published, *ours], column, STRATA, centre=True))
        rows[target] = msgspec.to_builtins(found.rows)
        trials |= {f"{target}: {name}": one.sha256 for name, one in found.trials.items()}
        left_out += [f"{target}: {line}" for line in found.unasked]
    return {"rows": rows, "trials_sha256": trials, "left_out": left_out}


def made_columns(taught: list[Taught], pairs: Pairs, embedders: list[Embedder]) -> Iterator[Column]:
    """A column for each system; how its faces lie is known, so that none has to be found."""
    cells = pairs.cells["voice"]
    hearing = next(iter(taught[0].models.values())).model  # all models have one voice encoder
    heard = np.array([hearing.reconstruct(pairs.root / cell).embedding for cell in cells])
    for one in taught:
        for name, system in one.systems:
            faces = FaceSet.of_crops(system(heard), one.geometry)
            vectors = {embedder.name: embedder.embed(faces) for embedder in embedders}
            yield Column(name, cells, vectors, [None] * len(cells))


if __name__ == "__main__":
    main()
