"""``docs/known-truth.md``, from the results of ``known_truth`` and ``known_truth_steps``."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import RESULTS
from voice2face.files import write_text

PAGE = Path(__file__).parents[1] / "docs" / "known-truth.md"
GAN_SYSTEMS = {
    "best possible, by theory": "best possible",
    "best possible, measured": "oracle",
    "baseline": "model",
    "shuffled voices": "shuffled voices",
}
STEPS = {
    "numbers known": "oracle",
    "face read": "+ face is read",
    "face drawn and read": "+ face is drawn",
    "statistics: numbers heard, face read": "voice heard, face read",
    "statistics: directly": "directly",
    "statistics: heads": "heads",
    "statistics: linear": "linear",
    "statistics: linear, 300 people": "linear, 300 people",
    "statistics: speech2face": "speech2face",
    "statistics: flow": "flow",
}
MAKERS = ("linear", "speech2face", "flow")
GE2E = {"GE2E: numbers heard, face read", "GE2E: directly", "GE2E: linear", "GE2E: flow"}

COUPLING = 0.85

Rows = list[dict[str, Any]]


def write_page() -> None:
    """Write the page; what has no results yet is left out."""
    parts = [
        "# Measured on synthetic people",
        "On synthetic people it is known how much a voice tells about a face, and so the best that "
        "any system can reach. All figures are shares of 1:2 trials right, in per cent, on people "
        "who taught nothing; faces are read by a linear map that was fitted to real faces.",
    ]
    if (found := _read("known_truth_steps")) is not None:
        parts += steps(found)
    if (found := _read("known_truth")) is not None:
        parts += networks(found["couplings"])
    write_text(PAGE, "\n\n".join(parts) + "\n")


def steps(found: dict[str, Any]) -> list[str]:
    """Where knowledge is lost, and how systems in closed form fare."""
    cohorts = list(found["cohorts"].values())
    couplings = sorted({one["coupling"] for one in cohorts})
    seeds = len({one["seed"] for one in cohorts})
    there = [step for step in STEPS if any(step in one["systems"] for one in cohorts)]
    parts = [
        "## Step by step",
        f"Written by `python -m benchmarks.known_truth_steps OUT`. Up to {seeds} cohorts of "
        f"{found['people_learned_from']} people to learn from and {found['people_asked_about']} "
        "asked about; means over the cohorts, and the lowest and highest. Each column is fed with "
        "the truth of the step before. **Oracle**: the best decision, by the true numbers behind "
        "voice and face. **+ face is read**: the true numbers of the voice, but the face is one "
        "picture. **+ face is drawn**: a linear generator draws a face from the true numbers of "
        "the voice, which is then read. **Voice heard, face read**: the voice's numbers by "
        "regression from statistics of a recording's log-mel bands. Then whole systems on these "
        "statistics. Without a face in between: **directly**, a regression of the face's numbers; "
        "**heads**, direct matching (`train matching --loss cca`) with eigenfaces of the pictures. "
        "With one: **linear**, also learned from as few people as the networks below, "
        "**speech2face** and **flow**, as `train face` has them. The default model's face space "
        "is not asked: it needs faces on a mesh of 468 points, and drawn faces are not measured "
        "so.",
    ]
    for group in ("all", "within sex"):
        rows = [["coupling", "cohorts", "best possible", *(STEPS[step] for step in there)]]
        for coupling in couplings:
            own = [one for one in cohorts if one["coupling"] == coupling]
            bound = f"{100 * own[0]['bound'][group]:.1f}"
            cells = [
                _spread([one["systems"][s][group]["value"] for one in own if s in one["systems"]])
                for s in there
            ]
            rows.append([f"{coupling:g}", str(len(own)), bound, *cells])
        parts += [f"### 1:2 matching{'' if group == 'all' else ' within sex'}", _table(rows)]
    return parts + _lost(cohorts) + _heard(cohorts) + _ge2e(cohorts)


def _lost(cohorts: Rows) -> list[str]:
    """What each step costs where the coupling is that of the tables of networks below."""
    own = [one for one in cohorts if one["coupling"] == COUPLING]
    if not own:
        return []
    mean = {
        step: 100 * np.mean([one["systems"][step]["all"]["value"] for one in own])
        for step in STEPS
        if all(step in one["systems"] for one in own)
    }
    bound = 100 * own[0]["bound"]["all"]
    read, drawn = mean["face read"], mean["face drawn and read"]
    heard = mean["statistics: numbers heard, face read"]
    best = max(MAKERS, key=lambda name: mean.get(f"statistics: {name}", 0))
    end = mean[f"statistics: {best}"]
    return [
        f"At a coupling of {COUPLING:g}, to read one picture costs {bound - read:.1f} points of "
        f"the best possible {bound:.1f}, to draw the face {read - drawn:.1f} more, and to hear the "
        f"numbers in one recording of three to five seconds {read - heard:.1f}. The best whole "
        f"system that makes a face, {best}, ends at {end:.1f}, {bound - end:.1f} points below the "
        "bound. "
        "Even from as few people as taught the networks below, a linear system is far ahead of "
        "them. That points to their training, more than to the recordings, the pictures or their "
        "number; their encoder and their generator were not asked apart."
    ]


def _heard(cohorts: Rows) -> list[str]:
    """What of a voice, and of a face, is read right."""
    about = {
        "statistics of a recording": "r of what statistics hears",
        "GE2E": "r of what GE2E hears",
        "a picture": "r of what is read off faces",
    }
    rows = [["correlation with the truth", "sex", "age", "size", "weight"]]
    for name, key in about.items():
        own = [one["about"][key] for one in cohorts if key in one["about"]]
        if own:
            means = [np.mean([one[number] for one in own]) for number in rows[0][1:]]
            rows.append([name, *(f"{mean:.2f}" for mean in means)])
    return ["### What is heard and seen of the four numbers", _table(rows)]


def _ge2e(cohorts: Rows) -> list[str]:
    """The same systems on an encoder of real speech."""
    own = [one for one in cohorts if one["systems"].keys() >= GE2E]
    if not own:
        return []
    names = [name for name in own[0]["systems"] if name in GE2E]
    rows = [["coupling", *(name.removeprefix("GE2E: ") for name in names)]]
    for one in sorted(own, key=lambda one: one["coupling"]):
        values = [one["systems"][name]["all"]["value"] for name in names]
        rows.append([f"{one['coupling']:g}", *(f"{100 * value:.1f}" for value in values)])
    return [
        "### The same on GE2E",
        "GE2E learned from real speech; the first cohort only.",
        _table(rows),
    ]


def networks(answers: dict[str, Rows]) -> list[str]:
    """A table for each task of ``known_truth``, a line for each coupling."""
    parts = [
        "## The report's networks",
        "Written by `python -m benchmarks.known_truth OUT`. **Oracle**: the best possible "
        "decision, on the very trials and through the very code that the model goes through. "
        "**Model**: `baseline` with a convolutional voice encoder, both at a quarter of the width, "
        "a few minutes on one core, trained on 300 people of the same cohort. With 95 % intervals "
        "over people.",
    ]
    first = next(iter(answers.values()))
    for task in dict.fromkeys(row["measure"] for row in first):
        for embedder in dict.fromkeys(row["embedder"] for row in first):
            parts += [f"### {task}, by {embedder}", _networks_table(answers, task, embedder)]
    return parts


def _networks_table(answers: dict[str, Rows], task: str, embedder: str) -> str:
    rows = [["coupling", *GAN_SYSTEMS.values()]]
    for coupling, found in answers.items():
        own = {
            row["system"]: row
            for row in found
            if (row["measure"], row["embedder"], row["against"]) == (task, embedder, "")
        }
        rows.append([f"{float(coupling):g}", *(_percent(own[name]) for name in GAN_SYSTEMS)])
    return _table(rows)


def _percent(row: dict[str, Any]) -> str:
    ends = "" if row["low"] is None else f" [{100 * row['low']:.0f}, {100 * row['high']:.0f}]"
    return f"{100 * row['value']:.1f}{ends}"


def _spread(values: list[float]) -> str:
    if not values:
        return "—"
    low, high = 100 * min(values), 100 * max(values)
    return f"{100 * np.mean(values):.1f} [{low:.0f}, {high:.0f}]"


def _table(rows: list[list[str]]) -> str:
    lines = [rows[0], ["--:"] * len(rows[0]), *rows[1:]]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _read(name: str) -> dict[str, Any] | None:
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text()) if path.is_file() else None
