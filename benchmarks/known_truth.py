"""A model, the oracle and shuffled voices on made-up people, from no coupling to a full one.

    python -m benchmarks.known_truth OUT [--only 0,1] [--iterations 2000]

For each coupling of voice and face: a cohort, speaker stage and ``baseline`` as in ``learning``,
and 1:2 matching of people not trained on, by attributes that are read off a face and eigenfaces.
The best possible accuracy is known. What is done in OUT is not done again; once all are there,
``results/known_truth.json`` and the table of ``docs/known-truth.md`` are written.
"""

import json
import shutil
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
import typer

from benchmarks.harness import RESULTS, machine
from benchmarks.known_truth_page import write_page
from benchmarks.learning import COHORT, train
from voice2face.corpus import Corpus
from voice2face.evaluation.baselines import make_baselines
from voice2face.evaluation.embedders.fitted import Eigenfaces, LinearAttributes, as_faces
from voice2face.evaluation.training_people import TrainingFaces, TrainingVoices
from voice2face.experiments.context import Context
from voice2face.experiments.oracle import shared_numbers
from voice2face.experiments.questions.known_truth import BOUND, ORACLE, add_corpus
from voice2face.experiments.summary import Summary
from voice2face.experiments.systems import BaselineSystem, ModelSystem
from voice2face.files import write_text

COUPLINGS = (0.0, 0.85, 1.0)  # none, as in `learning`, full
MODEL, SHUFFLED = "baseline", "shuffled voices"
SYSTEMS = {BOUND, ORACLE, MODEL, SHUFFLED}


def main(
    out: Path,
    only: Annotated[str, typer.Option(help="Couplings, such as 0,1; else all.")] = "",
    iterations: int = 2000,
) -> None:
    for coupling in map(float, only.split(",")) if only else COUPLINGS:
        if not (out / f"{coupling}.json").is_file():
            answer(out, coupling, iterations)
    done = {coupling: out / f"{coupling}.json" for coupling in COUPLINGS}
    if all(path.is_file() for path in done.values()):
        found = {
            "machine": machine(),
            "run_with": "python -m benchmarks.known_truth OUT",
            "couplings": {f"{c}": json.loads(path.read_text()) for c, path in done.items()},
        }
        write_text(RESULTS / "known_truth.json", json.dumps(found, indent=1) + "\n")
        write_page()


def answer(out: Path, coupling: float, iterations: int) -> None:
    """Train on one cohort, ask, and write down what was found."""
    folder = out / f"coupling-{coupling}"
    shutil.rmtree(folder, ignore_errors=True)  # one that was cut off
    cohort = msgspec.structs.replace(COHORT, coupling=coupling)
    corpus_folder, model, _ = train(folder, cohort, iterations)
    context = opened(Corpus.open(corpus_folder), ModelSystem.of(MODEL, model), folder)
    summary = Summary(context, "known_truth")
    add_corpus(summary, context.unseen(), coupling)
    kept = [msgspec.to_builtins(row) for row in summary.rows if row.system in SYSTEMS]
    write_text(out / f"{coupling}.json", json.dumps(kept, indent=1) + "\n")


def opened(corpus: Corpus, model: ModelSystem, folder: Path) -> Context:
    """The model and the rivals, with embedders fitted on training people."""
    learned = corpus.faces("train")
    pixels = as_faces(learned.pixels)
    seen = shared_numbers(learned.attributes, "seen")
    assert seen is not None  # all cohorts have them
    embedders = [LinearAttributes.fit(pixels, seen), Eigenfaces.fit(pixels)]
    context = Context(
        corpus, {MODEL: [model]}, {}, {e.name: e for e in embedders}, None, None, 0.0, folder,
        corpus.info.face_crop.geometry,
    )  # fmt: skip
    heard = context.heard()
    rivals, _ = make_baselines(
        TrainingVoices(model.embed(heard), heard.identity, np.full(len(heard), "", str)),
        TrainingFaces(learned.pixels, learned.identity, np.full(len(learned), "", str)),
        model=lambda embeddings: model.faces(embeddings).pixels,
    )
    context.baselines = {n: BaselineSystem(n, model, rival) for n, rival in rivals.items()}
    return context


if __name__ == "__main__":
    typer.run(main)
