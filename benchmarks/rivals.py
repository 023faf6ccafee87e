"""Every rival and every trivial baseline under one protocol, on real people and on made-up ones.

    python -m benchmarks.rivals OUT --data FOLDER [--five FOLDER] [--system NAME=MODEL ...]

FOLDER holds ``pairs/avspeech`` and ``pairs/voxceleb``. All systems learn from the same seven
eighths of AVSpeech's people, hear through the same frozen encoder (GE2E), and are asked about the
last eighth, by which one of each family is chosen, and about VoxCeleb people whom nothing was
trained or chosen on. ``--five`` adds the report's models that ``five_models.sh`` has trained in a
folder, ``--system`` any model that was trained elsewhere. What is done in OUT is not done again.
Writes ``results/rivals.json`` and the page ``docs/rivals.md``.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from statistics import fmean
from typing import Annotated, Any

import msgspec
import numpy as np
import typer

from benchmarks.harness import RESULTS, DataFolder, machine
from benchmarks.rivals_asking import Asking, Direct
from benchmarks.rivals_measuring import Judges, Measured, Table, filled
from benchmarks.rivals_page import page
from benchmarks.rivals_training import (
    CORPORA,
    Trained,
    held_out_table,
    prepared,
    reports_five,
    train_all,
    trainings,
    write_table,
)
from benchmarks.rivals_truth import COUPLINGS, known_truth
from voice2face.corpus import Corpus
from voice2face.evaluation.baselines import make_baselines
from voice2face.evaluation.embedders.fitted import Eigenfaces, as_faces, open_embedder
from voice2face.evaluation.pairs import read_pairs as read_table
from voice2face.evaluation.training_people import TrainingFaces, TrainingVoices
from voice2face.faces import GEOMETRIES
from voice2face.files import write_text
from voice2face.release.hub import resolve
from voice2face.release.inference import Model, load
from voice2face.release.people import ENTRIES, trained_on
from voice2face.training.closed_form import read_pairs
from voice2face.training.frozen import open_frozen

COMMAND = "python -m benchmarks.rivals OUT --data FOLDER --five FOLDER --system NAME=MODEL"
PUBLISHED, JUDGE = "speech2face", "face_reid_0095"
TARGETS = ("canonical", "face")
HELD_OUT = "held-out.csv"
PAGE = Path(__file__).parents[1] / "docs" / "rivals.md"
TABLES = {"voxceleb": "VoxCeleb people", "held out": "held-out people of AVSpeech"}

Rival = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Systems:
    """All that is compared.

    Attributes:
        models: Makers of faces, trained here or elsewhere.
        matchers: Those that make none.
        baselines: By name: what they draw from what is heard, and the geometry of their faces.
        hearing: A model by whose ear the baselines hear.
    """

    models: Sequence[Trained]
    matchers: Sequence[Trained]
    baselines: Mapping[str, tuple[Rival, str]]
    hearing: Model


def main(
    out: Path,
    data: DataFolder,
    system: Annotated[list[str] | None, typer.Option(metavar="NAME=MODEL")] = None,
    without: Annotated[list[str] | None, typer.Option(help="Left out, such as *fop*.")] = None,
    five: Annotated[Path | None, typer.Option(help="Where five_models.sh trains.")] = None,
    seeds: Annotated[int, typer.Option(help="Trainings of systems that depend on one.")] = 3,
    once: Annotated[list[str] | None, typer.Option(metavar="NAME", help="One seed.")] = None,
    couplings: Annotated[str, typer.Option(help="Empty: none.")] = ",".join(map(str, COUPLINGS)),
) -> None:
    pairs = data / "pairs" / "avspeech" / "pairs.csv"
    table = write_table(pairs, out / "pairs.csv")
    every = trainings()
    left_out = [o.name for o in every if any(fnmatch(o.name, x) for x in without or ())]
    wanted = [one for one in every if one.name not in left_out]
    needed = {*TARGETS, *(one.corpus for one in wanted)}
    corpora = {n: prepared(table, out, n, words) for n, words in CORPORA.items() if n in needed}
    made = list(train_all(wanted, corpora, out, seeds, once or ()))
    named = [text.partition("=")[::2] for text in system or ()]
    added = [Trained(name, [resolve(place)], "added") for name, place in named]
    made += reports_five(five) if five else []
    systems = gathered([*made, *added], corpora["canonical"])
    judges = opened_judges(corpora["face"], out)
    asked_of = {
        "voxceleb": data / "pairs" / "voxceleb" / "pairs.csv",
        "held out": held_out_table(corpora["canonical"], pairs, out / HELD_OUT),
    }
    tables = {name: opened(path, out) for name, path in asked_of.items()}
    found: dict[str, Any] = {
        "machine": machine(),
        "run_with": COMMAND,
        "without": left_out,
        "seeds": seeds,
        "systems": about(systems),
    }
    held_out = answered(tables["held out"], systems, judges, [])
    chosen = best_matchers(held_out, systems)
    references = [PUBLISHED, *chosen.values()]
    found["chosen"] = chosen
    found["rows"] = {
        "held out": held_out,
        "voxceleb": answered(tables["voxceleb"], systems, judges, references),
    }
    found["seconds_a_face"] = speeds(tables["voxceleb"], systems, judges)
    found["truth"] = known_truth(
        out / "truth", [float(c) for c in couplings.split(",") if c], left_out
    )
    text = json.dumps(msgspec.to_builtins(found), indent=1, ensure_ascii=False)
    write_text(RESULTS / "rivals.json", text + "\n")
    write_text(PAGE, page(json.loads(text)))


def gathered(trained: Sequence[Trained], folder: Path) -> Systems:
    """Models and matchers apart, and the baselines that know the same people."""
    models = [one for one in trained if Model(one.folders[0]).config.generator is not None]
    matchers = [one for one in trained if one not in models]
    linear = Model(next(one for one in models if one.name == "linear").folders[0])
    corpus = Corpus.open(folder)
    data = read_pairs(corpus, open_frozen("ge2e"), "identity")
    gender, labels = gender_of(corpus), np.array(data.labels)
    voices, faces = labels[data.voice_labels], labels[data.face_labels]
    rivals, left_out = make_baselines(
        TrainingVoices(data.embeddings, voices, np.array([gender[who] for who in voices])),
        TrainingFaces(data.pixels, faces, np.array([gender[who] for who in faces])),
        model=lambda heard: _pixels(linear, heard),
    )
    for name, reason in left_out.items():
        print(f"{name} left out: {reason}", flush=True)
    lies = corpus.info.face_crop.geometry
    baselines = {name: (rival, lies) for name, rival in rivals.items()}
    return Systems(models, matchers, baselines, linear)


def _pixels(model: Model, heard: np.ndarray) -> np.ndarray:
    from voice2face.experiments.systems import to_pixels

    return to_pixels(model.faces(heard))


def gender_of(corpus: Corpus) -> dict[str, str]:
    """What the table says of each person; "" where it doubts."""
    faces = corpus.faces("train")
    cells = faces.attributes["gender"].tolist()
    return dict(zip(faces.identity.tolist(), (cell or "" for cell in cells), strict=True))


def opened_judges(corpus: Path, out: Path) -> Judges:
    """Face embedders: a network, and eigenfaces of training pictures, which taught no rival."""
    reid, taught = open_embedder(JUDGE), Corpus.open(corpus)
    geometry = GEOMETRIES[taught.info.face_crop.geometry]
    eigen = Eigenfaces.fit(as_faces(taught.faces("train").pixels[::2]), geometry)
    judges = {reid.sha256: reid, f"eigenfaces {taught.info.data_hash}": eigen}
    return Judges(judges, out / "measured")


def opened(table: Path, out: Path) -> Table:
    """A table of people with all columns that are asked about."""
    strata = ("gender", "age", "ethnicity")
    return Table(read_table(table, ["voice", PUBLISHED, *TARGETS], strata), {}, out / "measured")


def answered(
    table: Table, systems: Systems, judges: Judges, references: Sequence[str]
) -> dict[str, Any]:
    """Rows against each kind of real faces, and what faces show, of systems that may be asked.

    Where there are no references to compare with, of trained systems and published faces alone.
    """
    measured = {PUBLISHED: [table.pictures(judges, PUBLISHED)]}
    measured |= dict(faces_of_models(table, systems, judges))
    for name, (rival, lies) in systems.baselines.items() if references else ():
        key = name, systems.hearing.sha256
        measured[name] = [table.faces_by(judges, key, systems.hearing, rival, lies)]
    rows: dict[str, Any] = {}
    for target in TARGETS:
        real = table.pictures(judges, target)
        direct = {
            one.name: [matched(table, Model(folder), real) for folder in one.folders]
            for one in systems.matchers
        }
        asking = Asking(table.pairs, real, measured, direct, references, JUDGE)
        print(f"{len(measured) + len(direct)} systems against {target}", flush=True)
        rows[target] = list(asking.rows())
        rows[f"faces, beside {target}"] = list(asking.attributes())
    rows["found"] = {n: fmean(one.found for one in seeds) for n, seeds in measured.items()}
    return msgspec.to_builtins(rows)  # type: ignore[no-any-return]


def faces_of_models(
    table: Table, systems: Systems, judges: Judges
) -> Iterator[tuple[str, list[Measured]]]:
    """Of each model that was not trained on the people of the table, as far as it says.

    A model that does not say whom it was trained on is not asked about held-out people.
    """
    people = set(table.pairs.identity.tolist())
    for one in systems.models:
        told = Model(one.folders[0]).config.provenance
        silent = ENTRIES[0] not in told and table.pairs.table.name == HELD_OUT
        if silent or trained_on(told, people):
            print(f"{one.name}: trained on people of {table.pairs.table.name}, or silent")
            continue
        yield one.name, [table.faces_of(judges, folder) for folder in one.folders]


def matched(table: Table, model: Model, real: Measured) -> Direct:
    """Voices and real faces in a matcher's space."""
    faces = model.matcher.faces(filled(real.vectors[JUDGE]))
    return Direct(model.matcher.voices(table.embeddings(model)), faces)


def speeds(table: Table, systems: Systems, judges: Judges) -> dict[str, float]:
    """Seconds a face, of each model."""
    return {
        one.name: table.faces_of(judges, one.folders[0]).seconds_a_face for one in systems.models
    }


def best_matchers(held_out: Mapping[str, Any], systems: Systems) -> dict[str, str]:
    """Who is best on held-out people, of the matchers of each kind of faces.

    By 1:2 matching against the faces that they learned from.
    """
    chosen = {}
    for target in TARGETS:
        names = [one.name for one in systems.matchers if one.name.endswith(target)]
        values = {
            row["system"]: row["value"]
            for row in held_out[target]
            if row["system"] in names and row["embedder"] == JUDGE
            and (row["measure"], row["stratum"], row["against"]) == ("1:2 matching", "", "")
        }  # fmt: skip
        if values:
            chosen[f"direct, {target}"] = max(values, key=lambda name: values[name])
    return chosen


def about(systems: Systems) -> dict[str, Any]:
    """What each trained system is, and what its training cost."""
    return {
        one.name: {
            "group": one.group,
            "cost": one.cost,
            "models": [load(folder).sha256 for folder in one.folders],
            "iterations": [
                Model(folder).config.provenance.get("iterations") for folder in one.folders
            ],
            "provenance": {
                key: value
                for key, value in Model(one.folders[0]).config.provenance.items()
                if "people" not in key
            },
        }
        for one in (*systems.models, *systems.matchers)
    }


if __name__ == "__main__":
    typer.run(main)
