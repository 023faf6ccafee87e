"""Accuracy by group of people: who is served how well, by matching and by what faces show."""

from collections.abc import Mapping

import numpy as np

from voice2face.errors import CorpusError
from voice2face.evaluation.statistics.ridge import LinearMap, fit_ridge
from voice2face.evaluation.training_people import person_weights
from voice2face.experiments.comparing import (
    LEAST_PEOPLE,
    MATCHING,
    REAL,
    Floats,
    Texts,
    items_of,
    score,
)
from voice2face.experiments.context import Context
from voice2face.experiments.recordings import Recordings
from voice2face.experiments.summary import Cell, Summary

TOLD = "group told from the face"
MOST_PEOPLE = 300
MOST_TRAINING = 3000  # faces that the read-off of groups is fitted on

# Of each system a value for each recording or real face of each seed, whose it is, and its group.
Values = Mapping[str, tuple[list[Floats], Texts, Texts]]


def why_not(speech: Recordings, labels: Texts, what: str = "gender and age") -> str:
    """A sentence where groups can't be compared; "" where they can."""
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
    """Add the accuracy of every system in each group, by each embedder, and curves over groups.

    Args:
        summary: Where they are added.
        speech: Recordings that faces are made from.
        labels: Group of each recording, (n,); "" is asked about in none.
        of_training: Group of each training face; where they know none, no face is told.
    """
    context = summary.context
    faces = context.faces(context.asked)
    faces = faces.only(np.isin(faces.identity, speech.identity))
    group = {p: g for p, g in zip(speech.identity, labels, strict=True) if g}
    of_real = faces.identity, np.array([group.get(p, "") for p in faces.identity], str)
    gallery, probes = items_of(faces), items_of(speech)
    trials = summary.fix("1-2", probes, gallery, lacking=[Cell(MATCHING)])
    if trials is None:
        return
    again = summary.fix("real", gallery, gallery, others_only=True)
    chance = 1 / max(2, len(np.unique(of_training[of_training != ""])))
    names, lines = np.unique(labels[labels != ""]).tolist(), (REAL, *context.models)
    for embedder in context.embedders:
        real, vectors = context.embed(embedder, faces.pixels), context.vectors(embedder, speech)
        right: dict[str, tuple[list[Floats], Texts, Texts]] = {}
        told: dict[str, tuple[list[Floats], Texts, Texts]] = {}
        if again is not None:
            right[REAL] = [score(again, [real], [real]).share_right], *of_real
        for system, seeds in vectors.items():
            shares = [score(trials, [one], [real]).share_right for one in seeds]
            right[system] = shares, speech.identity, labels
        if (reads := group_read_off(context, embedder, of_training)) is not None:
            read, linear = reads
            told[REAL] = [is_told(read, linear(real), of_real[1])], *of_real
            for system, seeds in vectors.items():
                shares = [is_told(read, linear(one), labels) for one in seeds]
                told[system] = shares, speech.identity, labels
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
    """A linear map from embeddings of real training faces to groups, all of which count alike.

    Returns:
        Names of the groups and the map; None where fewer than two are known.
    """
    faces, known = context.faces("train"), np.flatnonzero(labels != "")
    rows = np.sort(np.random.default_rng(context.seed).permutation(known)[:MOST_TRAINING])
    names = np.unique(labels[rows])
    if len(names) < 2:
        return None
    told = (labels[rows][:, None] == names).astype(float)
    share = told * person_weights(faces.identity[rows])[:, None]
    weights = (share / share.sum(axis=0)).sum(axis=1)
    x = context.embed(embedder, faces.pixels[rows])
    try:
        return names, fit_ridge(x, told, weights, faces.identity[rows], context.seed)
    except CorpusError:
        return None


def is_told(names: Texts, answers: Floats, labels: Texts) -> Floats:
    """Whether the largest answer is the label: 1 or 0; NaN where that is no name: (n,)."""
    right = np.asarray(names[answers.argmax(axis=1)] == labels, np.float64)
    right[~np.isin(labels, names)] = np.nan
    return right


def add_groups(summary: Summary, cell: Cell, values: Values) -> None:
    """A column a group; each model's groups against all its other groups."""
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
                summary.apart(own, system, found, others, n, against)
