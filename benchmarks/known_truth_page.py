"""``docs/known-truth.md``, from the results of ``known_truth`` and ``known_truth_steps``."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import RESULTS
from benchmarks.markdown import page, share, table
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
NUMBERS = ("sex", "age", "size", "weight")
READ = {
    "statistics of a recording": "r of what statistics hears",
    "GE2E": "r of what GE2E hears",
    "a picture": "r of what is read off faces",
}

COUPLING = 0.85

Cohorts = list[dict[str, Any]]


def write_page() -> None:
    """Write the page; what has no results yet is left out."""
    steps, networks = _read("known_truth_steps"), _read("known_truth")
    cohorts = list(steps.get("cohorts", {}).values())
    text = page(
        "known-truth.md",
        steps=steps,
        seeds=len({one["seed"] for one in cohorts}),
        matching=partial(_matching, cohorts),
        lost=_lost([one for one in cohorts if one["coupling"] == COUPLING]),
        heard=partial(_heard, cohorts),
        on_ge2e=_on_ge2e([one for one in cohorts if one["systems"].keys() >= GE2E]),
        networks=_networks(networks.get("couplings", {})),
    )
    write_text(PAGE, text)


def _matching(cohorts: Cohorts, group: str) -> str:
    """1:2 matching by each step, a line for each coupling."""
    there = [step for step in STEPS if any(step in one["systems"] for one in cohorts)]
    lines = []
    for coupling in sorted({one["coupling"] for one in cohorts}):
        own = [one for one in cohorts if one["coupling"] == coupling]
        cells = [
            _spread([one["systems"][s][group]["value"] for one in own if s in one["systems"]])
            for s in there
        ]
        bound = f"{100 * own[0]['bound'][group]:.1f}"
        lines.append([f"{coupling:g}", str(len(own)), bound, *cells])
    head = ["coupling", "cohorts", "best possible", *(STEPS[step] for step in there)]
    return table(head, lines)


def _lost(cohorts: Cohorts) -> dict[str, str]:
    """What each step costs, in points, where the coupling is that of the tables of networks."""
    if not cohorts:
        return {}
    mean = {
        step: 100 * np.mean([one["systems"][step]["all"]["value"] for one in cohorts])
        for step in STEPS
        if all(step in one["systems"] for one in cohorts)
    }
    bound, read = 100 * cohorts[0]["bound"]["all"], mean["face read"]
    best = max(MAKERS, key=lambda name: mean.get(f"statistics: {name}", 0))
    end = mean[f"statistics: {best}"]
    points = {
        "bound": bound,
        "reading": bound - read,
        "drawing": read - mean["face drawn and read"],
        "hearing": read - mean["statistics: numbers heard, face read"],
        "end": end,
        "whole": bound - end,
    }
    told = {name: f"{value:.1f}" for name, value in points.items()}
    return told | {"best": best, "coupling": f"{COUPLING:g}"}


def _heard(cohorts: Cohorts) -> str:
    """What of a voice, and of a face, is read right."""
    lines = []
    for name, key in READ.items():
        own = [one["about"][key] for one in cohorts if key in one["about"]]
        if own:
            means = [np.mean([one[number] for one in own]) for number in NUMBERS]
            lines.append([name, *(f"{mean:.2f}" for mean in means)])
    return table(["correlation with the truth", *NUMBERS], lines)


def _on_ge2e(cohorts: Cohorts) -> str:
    """The same systems on an encoder of real speech; "" if they were not asked."""
    if not cohorts:
        return ""
    names = [name for name in cohorts[0]["systems"] if name in GE2E]
    lines = []
    for one in sorted(cohorts, key=lambda one: one["coupling"]):
        values = [one["systems"][name]["all"]["value"] for name in names]
        lines.append([f"{one['coupling']:g}", *(f"{100 * value:.1f}" for value in values)])
    return table(["coupling", *(name.removeprefix("GE2E: ") for name in names)], lines)


def _networks(answers: dict[str, list[dict[str, Any]]]) -> dict[str, str]:
    """A table for each task and reader of ``known_truth``, a line for each coupling."""
    asked = dict.fromkeys(
        (row["measure"], row["embedder"]) for rows in answers.values() for row in rows
    )
    tables = {}
    for task, reader in asked:
        lines = []
        for coupling, rows in answers.items():
            own = {
                row["system"]: row
                for row in rows
                if (row["measure"], row["embedder"], row["against"]) == (task, reader, "")
            }
            lines.append([f"{float(coupling):g}", *(share(own[name]) for name in GAN_SYSTEMS)])
        tables[f"{task}, by {reader}"] = table(["coupling", *GAN_SYSTEMS.values()], lines)
    return tables


def _spread(values: list[float]) -> str:
    if not values:
        return "—"
    low, high = 100 * min(values), 100 * max(values)
    return f"{100 * np.mean(values):.1f} [{low:.0f}, {high:.0f}]"


def _read(name: str) -> dict[str, Any]:
    """Results of a benchmark; none if it has not run."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text()) if path.is_file() else {}
