"""The report's five models side by side, and what it says of their pictures.

    python -m benchmarks.five_models OUT [--also VOICES.csv...] [--beside MODEL]

OUT is where ``five_models.sh`` trained them. Writes ``results/five_models.json`` (realism: the
measures and the report's claims; gender that the faces show) and ``docs/images/five_models.png``.
Faces are made from recordings of people whom no stage has met, and of the tables ``--also``
(columns identity, voice, gender).
"""

import argparse
import json
import shutil
import tempfile
from pathlib import Path

import msgspec

from benchmarks.bundled import measure as gender_of
from benchmarks.bundled import read_rows
from benchmarks.harness import RESULTS, machine
from voice2face.corpus import Corpus
from voice2face.evaluation.embedders.attributes import AgeGender
from voice2face.evaluation.embedders.fitted import Eigenfaces, as_faces, open_embedder
from voice2face.experiments.context import Context
from voice2face.experiments.questions import realism, variants
from voice2face.experiments.systems import ModelSystem
from voice2face.faces import GEOMETRIES
from voice2face.files import write_text
from voice2face.networks.variants import VARIANTS
from voice2face.report.grids import read_faces
from voice2face.report.sheets import write_sheet

GEOMETRY = "tight"  # of FairFace's aligned faces
BESIDE = "another"
PICTURE = Path("docs/images/five_models.png")


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks.five_models", description=__doc__)
    options.add_argument("out", type=Path)
    options.add_argument("--also", nargs="*", type=Path, default=[])
    options.add_argument("--beside", type=Path, help="another model, measured but not shown")
    given = options.parse_args()
    folders = {v: given.out / "faces" / v / "model" for v in VARIANTS}
    models = {v: [ModelSystem.of(v, f)] for v, f in folders.items() if f.is_dir()}
    if given.beside:
        models[BESIDE] = [ModelSystem.of(BESIDE, given.beside)]
    corpus, judge = Corpus.open(given.out / "open"), AgeGender()
    learned = as_faces(corpus.faces("train").pixels)
    embedders = {
        "face_reid_0095": open_embedder("face_reid_0095"),
        "eigenfaces": Eigenfaces.fit(learned, GEOMETRIES[GEOMETRY]),
    }
    with tempfile.TemporaryDirectory() as place:
        context = Context(corpus, models, {}, embedders, judge, None, 0.0, Path(place), GEOMETRY)
        found = realism.EXPERIMENT.answer(context)
        context.models = {name: models[name] for name in models if name != BESIDE}
        shown = variants.EXPERIMENT.answer(context)
        faces = read_faces(Path(place), shown.grids[0])
        shutil.copyfile(write_sheet(Path(place) / PICTURE.name, faces), PICTURE)
    gender = {}
    for table in given.also:
        rows = list(read_rows(table, ""))
        for variant, (system,) in models.items():
            gender.setdefault(f"{table.parent.name}/{table.name}", {})[variant] = gender_of(
                system.model, judge, rows, GEOMETRY
            )
    answer = {
        "machine": machine(),
        "run_with": "python -m benchmarks.five_models OUT --also VOICES.csv... --beside MODEL",
        "gender": gender,
    }
    answer["models"] = {v: m[0].model.config.provenance for v, m in models.items()}
    answer["realism"] = msgspec.to_builtins(msgspec.structs.replace(found, grids=[]))
    write_text(
        RESULTS / "five_models.json", json.dumps(answer, indent=1, ensure_ascii=False) + "\n"
    )
    for claim in found.claims:
        print(f"{claim.verdict}: {claim.text}\n    {claim.evidence}")


if __name__ == "__main__":
    main()
