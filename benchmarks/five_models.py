"""The report's five models side by side, and what it says of their pictures.

    python -m benchmarks.five_models OUT [--also PAIRS.csv]... [--beside MODEL] [--hair OUT]

OUT is where ``five_models.sh`` trained them; asked of the seeds of which all models are there, at
one number of iterations. Writes ``results/five_models.json`` (realism: the measures and the
report's claims; gender and age that the faces show; the same of models that were shown hair) and
``docs/images/five_models.png``. Faces are made from recordings of people whom no stage was trained
on, and of the tables ``--also`` (with columns identity, voice, gender, age).
"""

import json
import tempfile
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
import typer
from PIL import Image

from benchmarks.faces import BANDS
from benchmarks.harness import RESULTS, machine
from voice2face.audio.speech import read_speech
from voice2face.corpus import Corpus
from voice2face.evaluation.embedders.attributes import AgeGender
from voice2face.evaluation.embedders.face_set import FaceSet
from voice2face.evaluation.embedders.fitted import Eigenfaces, as_faces, open_embedder
from voice2face.evaluation.statistics.intervals import estimate
from voice2face.experiments.context import Context
from voice2face.experiments.questions import realism, variants
from voice2face.experiments.systems import ModelSystem
from voice2face.faces import GEOMETRIES
from voice2face.files import write_text
from voice2face.networks.variants import VARIANTS
from voice2face.report.grids import read_faces
from voice2face.report.sheets import write_sheet
from voice2face.training.face_space.tables import read_rows

BESIDE = "another"
PICTURE = Path("docs/images/five_models.png")

Systems = dict[str, list[ModelSystem]]  # of each variant, a model a seed


def main(
    out: Path,
    also: Annotated[list[Path] | None, typer.Option(help="A table of pairs; repeatable.")] = None,
    beside: Annotated[
        Path | None, typer.Option(help="Another model, measured but not shown.")
    ] = None,
    hair: Annotated[
        Path | None, typer.Option(help="Where five_models.sh trained with REMOVE=.")
    ] = None,
) -> None:
    judge, tables = AgeGender(), also or []
    if hair:
        trained(hair / "faces")  # a wrong folder is told before the rest is measured
    others = {BESIDE: [ModelSystem.of(BESIDE, beside)]} if beside else {}
    with tempfile.TemporaryDirectory() as place:
        answer, context = asked(out, others, judge, tables, Path(place))
        context.models = {v: of for v, of in context.models.items() if v != BESIDE}
        shown = variants.EXPERIMENT.answer(context)
        faces = read_faces(Path(place), shown.grids[0])
        with Image.open(write_sheet(Path(place) / PICTURE.name, faces)) as sheet:
            # For a page, not for print; noise compresses badly.
            small = sheet.reduce(2).quantize(256)
            small.save(PICTURE, optimize=True)
    claims = answer["realism"]["claims"]
    if hair:
        with tempfile.TemporaryDirectory() as place:
            answer["hair_kept"] = asked(hair, {}, judge, tables, Path(place))[0]
    answer |= {
        "machine": machine(),
        "run_with": "python -m benchmarks.five_models OUT --also PAIRS.csv --hair OUT2",
    }
    write_text(
        RESULTS / "five_models.json", json.dumps(answer, indent=1, ensure_ascii=False) + "\n"
    )
    for claim in claims:
        print(f"{claim['verdict']}: {claim['text']}\n    {claim['evidence']}")


def asked(
    out: Path, others: Systems, judge: AgeGender, tables: list[Path], place: Path
) -> tuple[dict[str, Any], Context]:
    """What was measured of the models trained in ``out``, and of others, by its corpus."""
    models = trained(out / "faces") | others
    corpus = Corpus.open(out / "open")
    geometry = corpus.info.face_crop.geometry
    learned = as_faces(corpus.faces("train").pixels)
    embedders = {
        "face_reid_0095": open_embedder("face_reid_0095"),
        "eigenfaces": Eigenfaces.fit(learned, GEOMETRIES[geometry]),
    }
    context = Context(corpus, models, {}, embedders, judge, None, 0.0, place, geometry)
    found = realism.EXPERIMENT.answer(context)
    answer = {
        "seen": {
            f"{table.parent.name}/{table.name}": {
                name: [seen(one, judge, table) for one in seeds] for name, seeds in models.items()
            }
            for table in tables
        },
        "monitors": monitors(out / "faces"),
        "models": {v: [m.model.config.provenance for m in of] for v, of in models.items()},
        "realism": msgspec.to_builtins(msgspec.structs.replace(found, grids=[])),
    }
    return answer, context


def trained(folder: Path) -> Systems:
    """The models of the seeds of which all are there.

    Raises:
        SystemExit: They were not trained equally long.
    """
    there = {path.parent.name for path in folder.glob("*/model")}
    seeds = sorted({name.rsplit("-", 1)[1] for name in there})
    variants = [v for v in VARIANTS if any(f"{v}-{seed}" in there for seed in seeds)]
    whole = [seed for seed in seeds if all(f"{v}-{seed}" in there for v in variants)]
    models = {
        v: [ModelSystem.of(v, folder / f"{v}-{seed}" / "model") for seed in whole] for v in variants
    }
    iterations = {m.model.config.provenance["iterations"] for of in models.values() for m in of}
    if len(iterations) != 1:
        raise SystemExit(
            f"{folder}: models of {sorted(iterations)} iterations; equally many wanted"
        )
    return models


def monitors(folder: Path) -> dict[str, dict[str, float]]:
    """What the monitors read at the end of each training, by its name and theirs."""
    last = {
        path.parent.name: json.loads(path.read_text("utf-8").splitlines()[-1])["readings"]
        for path in sorted(folder.glob("*/readings.jsonl"))
        if (path.parent / "model").exists()
    }
    return {run: {name: one["value"] for name, one in of.items()} for run, of in last.items()}


def seen(system: ModelSystem, judge: AgeGender, table: Path) -> dict[str, Any]:
    """How often a network sees the speaker's gender, and how its age follows the labelled band."""
    rows, model = read_rows(table), system.model
    made = [model.reconstruct_speech(read_speech(table.parent / row["voice"])) for row in rows]
    crops = np.array([np.asarray(one.picture) for one in made])
    age, share = judge.judge(FaceSet.of_crops(crops, system.geometry))
    who, male = (np.array([row[name] for row in rows]) for name in ("identity", "gender"))
    right = estimate(((share > 0.5) == (male == "male")).astype(float), who)
    found: dict[str, Any] = {"gender": [right.value, right.low, right.high]}
    if "age" in rows[0]:
        band = [BANDS[row["age"]] for row in rows]
        r = float(np.corrcoef(age, band)[0, 1])
        found["r_of_age_with_band"] = r if np.isfinite(r) else None  # all look alike
    return found


if __name__ == "__main__":
    typer.run(main)
