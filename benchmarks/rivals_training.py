"""What ``rivals`` trains: corpora and systems, each by one command of a user, with what it cost."""

import csv
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.harness import PROGRAM, run_process
from voice2face.files import sha256_of, write_text
from voice2face.networks.variants import VARIANTS
from voice2face.release.inference import Model

# Of web pictures about one in forty has no face that looks ahead: left out.
PREPARE = ("--split", "hash:88/12/0", "--max-skipped", "0.2", "--workers", "1", "--quiet")
# Canonical faces are frontal, with closed mouths; none is to be left out.
LEAVE_OUT_NONE = (
    "filters.min_sharpness=0", "filters.max_outside=1", "filters.min_eyes_px=8",
    "filters.min_brightness=0", "normalised.max_turned=0.5", "normalised.max_nodded=0.5",
    "normalised.max_mouth=0.5", "normalised.max_spectacles=10", "normalised.max_burnt=0.9",
    "normalised.min_brightness=0", "normalised.min_colour=0",
)  # fmt: skip
CORPORA: dict[str, tuple[str, ...]] = {
    "canonical": ("--face", "canonical", "--px", "128"),
    "face": ("--face", "face", "--px", "128"),
    "normalised": (
        "--face", "canonical", "--align", "normalised", "--px", "160",
        *(word for setting in LEAVE_OUT_NONE for word in ("--set", setting)),
    ),
}  # fmt: skip
LOSSES = ("cca", "contrastive", "fop")
FILES = ("voice", "face", "canonical", "speech2face")
# Generators after the design of others: name in tables, name for `train face`, corpus.
ROUTES = (
    ("Speech2Face's route", "speech2face", "canonical"),
    ("SF2F", "sf2f", "canonical"),
    ("flow", "flow", "canonical"),
    ("face space", "face-space", "normalised"),
)


@dataclass(frozen=True)
class Training:
    """One system, as a user trains it.

    Attributes:
        name: In tables.
        corpus: One of CORPORA.
        words: Of the command, between the corpus' folder and the seed: ``train face`` or others.
        group: What the page says of it.
        seeded: Whether another seed gives another model.
    """

    name: str
    corpus: str
    words: tuple[str, ...]
    group: str
    seeded: bool = False
    stage: str = "face"

    def command(self, corpus: Path, out: Path, seed: int) -> list[str | Path]:
        """All words of it."""
        return [
            *PROGRAM, "train", self.stage, corpus, out, *self.words, "--seed", str(seed),
        ]  # fmt: skip


def trainings() -> list[Training]:
    """All trainings."""
    ge2e = ("--voice-encoder", "ge2e")
    direct = [
        Training(
            f"direct matching, {loss}, {kind}", kind, ("--loss", loss), "direct",
            seeded=loss != "cca", stage="matching",
        )
        for kind in ("canonical", "face")
        for loss in LOSSES
    ]  # fmt: skip
    return [
        *direct,
        Training("linear", "canonical", ("--generator", "linear", *ge2e), "closed form"),
        *(
            Training(
                name, corpus, ("--generator", kind, *ge2e), "rival", seeded=kind != "face-space"
            )
            for name, kind, corpus in ROUTES
        ),
    ]


@dataclass(frozen=True)
class Trained:
    """One that is there.

    Attributes:
        name: In tables.
        folders: Of the released model, one of each seed.
        group: What the page says of it.
        cost: Processor and wall time of a training, the mean of all seeds, in seconds; empty: not
            known.
    """

    name: str
    folders: Sequence[Path]
    group: str
    cost: dict[str, float] = field(default_factory=dict)


def write_table(pairs: Path, out: Path) -> Path:
    """The table that corpora are prepared from: with the gender that a network sees."""
    if not out.is_file():
        from benchmarks.gender_seen import write_seen

        write_seen(pairs, out)
    return out


def prepared(table: Path, out: Path, name: str, words: Sequence[str]) -> Path:
    """A corpus; made unless it is there."""
    corpus = out / "corpora" / name
    if not (corpus / "corpus.json").is_file():
        corpus.parent.mkdir(parents=True, exist_ok=True)
        print(f"corpus {name}", flush=True)
        _run([*PROGRAM, "prepare", table, corpus, *words, *PREPARE])
    return corpus


def trained(one: Training, corpus: Path, out: Path, seed: int) -> tuple[Path, dict[str, float]]:
    """Folder of the released model and what its training cost; what is done is not done again.

    Done is what was made by the same command from the same corpus: their checksum is written when
    the training has ended.
    """
    run = out / "runs" / f"{re.sub(r'[^a-z0-9]+', '-', one.name.lower())}-{seed}"
    words = [str(word) for word in one.command(Path("CORPUS"), Path("OUT"), seed)[1:]]
    key = hashlib.sha256(json.dumps([words, sha256_of(corpus / "corpus.json")]).encode())
    done = run / "trained.json"
    told: dict[str, Any] = json.loads(done.read_text()) if done.is_file() else {}
    if told.get("key") != key.hexdigest():
        print(f"training {one.name}, seed {seed}", flush=True)
        cost = _run(one.command(corpus, run, seed))
        told = {"key": key.hexdigest(), "command": words, "cost": cost}
        write_text(done, json.dumps(told, indent=1) + "\n")
    return run / "model", told["cost"]


def train_all(
    wanted: Sequence[Training],
    corpora: dict[str, Path],
    out: Path,
    seeds: int,
    once: Sequence[str] = (),
) -> Iterator[Trained]:
    """One after another; a system that can't be trained ends the command.

    Args:
        wanted: All of them.
        corpora: Folders by name.
        out: Folder of all runs.
        seeds: Trainings of a system that depends on its seed.
        once: Patterns of names of systems that are trained from one seed all the same.
    """
    for one in wanted:
        folders, costs = [], []
        several = one.seeded and not any(fnmatch(one.name, some) for some in once)
        for seed in range(seeds if several else 1):
            folder, cost = trained(one, corpora[one.corpus], out, seed)
            folders.append(folder)
            costs.append(cost)
        mean = {name: fmean(cost[name] for cost in costs) for name in costs[0]}
        yield Trained(one.name, folders, one.group, mean)


def reports_five(folder: Path) -> Iterator[Trained]:
    """The report's models that ``five_models.sh`` has trained in a folder so far.

    Of each, the seeds that were trained longest: two lengths of training are two models.
    """
    for variant, one in VARIANTS.items():
        of_lengths: dict[int, list[Path]] = {}
        for model in sorted((folder / "faces").glob(f"{variant}-*/model")):
            if re.fullmatch(rf"{variant}-\d+", model.parent.name):
                length = int(str(Model(model).config.provenance["iterations"]))
                of_lengths.setdefault(length, []).append(model)
        if one.number is not None and of_lengths:
            yield Trained(f"report's {variant}", of_lengths[max(of_lengths)], "five")


def held_out_table(corpus: Path, table: Path, out: Path) -> Path:
    """The rows of a table whose people are a corpus' validation split, with whole paths."""
    from voice2face.corpus import Corpus

    people = set(Corpus.open(corpus).faces("validation").identity.tolist())
    with table.open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["identity"] in people]
    for row in rows:
        row |= {name: str(table.resolve().parent / row[name]) for name in FILES}
    with out.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return out


def _run(command: Sequence[str | Path]) -> dict[str, float]:
    run = run_process(command)
    return {"cpu_s": round(run.cpu_s, 1), "wall_s": round(run.wall_s, 1)}
