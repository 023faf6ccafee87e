"""Accuracy by group of people: of matching, and of whether a made face shows the group."""

from collections.abc import Mapping

import numpy as np

from voice2face.arrays import Float64s, Texts
from voice2face.errors import CorpusError
from voice2face.evaluation.statistics.ridge import LinearMap, fit_classes
from voice2face.experiments.comparing import (
    LEAST_PEOPLE,
    MATCHING,
    REAL,
    independent_difference,
    score,
)
from voice2face.experiments.context import Context
from voice2face.experiments.recordings import Recordings
from voice2face.experiments.summary import Cell, Summary

TOLD = "group told from the face"
MOST_PEOPLE = 300
MOST_TRAINING = 3000  # faces that the read-off of groups is fitted on

# By system: values for each recording or real face, one array for each seed; people; groups.
Values = Mapping[str, tuple[list[Float64s], Texts, Texts]]


def why_not(speech: Recordings, labels: Texts, what: str = "gender and age") -> str:
    """Why groups can't be compared; "" if they can."""
    names = np.unique(labels[labels != ""])
    n_people = [len(np.unique(speech.identity[labels == name])) for name in names]
    if sum(n >= LEAST_PEOPLE for n in n_people) < 2:
        told = "; ".join(f"{n} {k}" for n, k in zip(names, n_people, strict=True)) or "none"
        return (
            f"{what} of people not trained on: {told}; "
            f"two groups of {LEAST_PEOPLE} or more people wanted"
        )
    return ""


def by_group(summary: Summary, speech: Recordings, labels: Texts, of_training: Texts) -> None:
    """Add the accuracy of each system in each group, by each embedder, and figures of it.

    Args:
        summary: Where they are added.
        speech: Recordings that are asked about.
        labels: Group of each recording, (n,); "": it is not asked about.
        of_training: Group of each training face. If none is known, no group is told from faces.
    """
    context = summary.context
    faces = context.faces(context.asked)
    faces = faces.only(np.isin(faces.identity, speech.identity))
    group = {p: g for p, g in zip(speech.identity, labels, strict=True) if g}
    of_real = faces.identity, np.array([group.get(p, "") for p in faces.identity], str)
    chance = 1 / max(2, len(np.unique(of_training[of_training != ""])))
    names, lines = np.unique(labels[labels != ""]).tolist(), (REAL, *context.models)
    asked = summary.against_real("1-2", speech, faces, lacking=[Cell(MATCHING)])
    for embedder, real, systems in asked:
        made = {REAL: [real]} | {name: seeds for name, (_, seeds) in systems.items()}
        whose = {name: of_real if name == REAL else (speech.identity, labels) for name in made}
        right: Values = {
            name: ([score(trials, [one], [real]).share_right for one in seeds], *whose[name])
            for name, (trials, seeds) in systems.items()
        }
        told: Values = {}
        if (reads := group_read_off(context, embedder, of_training)) is not None:
            read, linear = reads
            told = {
                name: ([is_told(read, linear(x), whose[name][1]) for x in seeds], *whose[name])
                for name, seeds in made.items()
            }
        for cell, values in (
            (Cell(MATCHING, "", embedder, 0.5), right),
            (Cell(TOLD, "", embedder, chance), told),
        ):
            add_groups(summary, cell, values)
            summary.curves(
                f"{cell.measure}, by {{}}", names, [(one, one, cell.measure) for one in lines],
                embedders=[embedder], y_label="share right", chance=cell.chance,
            )  # fmt: skip


def group_read_off(
    context: Context, embedder: str, labels: Texts
) -> tuple[Texts, LinearMap] | None:
    """A linear map from embeddings of real training faces to groups, which all count alike.

    Returns:
        Names of the groups and the map; None if fewer than two are known.
    """
    faces, known = context.faces("train"), np.flatnonzero(labels != "")
    rows = np.sort(np.random.default_rng(context.seed).permutation(known)[:MOST_TRAINING])
    names = np.unique(labels[rows])
    if len(names) < 2:
        return None
    x = context.embed(embedder, faces.pixels[rows])
    try:
        return names, fit_classes(x, labels[rows], faces.identity[rows], context.seed)
    except CorpusError:
        return None


def is_told(names: Texts, answers: Float64s, labels: Texts) -> Float64s:
    """1 where the largest answer is the label, else 0; NaN for a label without a name: (n,)."""
    right = np.asarray(names[answers.argmax(axis=1)] == labels, np.float64)
    right[~np.isin(labels, names)] = np.nan
    return right


def add_groups(summary: Summary, cell: Cell, values: Values) -> None:
    """Add a column for each group, and of models the difference of each group to all others."""
    for system, (seeds, people, labels) in values.items():
        for name in (str(name) for name in np.unique(labels) if name):
            inside = np.where(labels == name, 1.0, np.nan)
            rest = np.where((labels != name) & (labels != ""), 1.0, np.nan)
            found, n = summary.mean([inside * one for one in seeds], people)
            own = Cell(cell.measure, name, cell.embedder, cell.chance)
            summary.add(own, system, found, n)
            others, _ = summary.mean([rest * one for one in seeds], people)
            if system in summary.context.models and found is not None and others is not None:
                against = f"{system}, other groups"
                by = independent_difference(found, others)
                summary.add(own, system, by, n, against=against)
