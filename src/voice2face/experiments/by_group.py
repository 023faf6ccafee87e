"""Accuracy by group of people: who is served how well, by matching and by what faces show."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from voice2face.errors import CorpusError
from voice2face.evaluation.results import Row, Series
from voice2face.evaluation.statistics.intervals import Estimate, estimate
from voice2face.evaluation.statistics.ridge import LinearMap, fit_ridge
from voice2face.evaluation.training_people import person_weights
from voice2face.evaluation.trials.trials import Items
from voice2face.experiments.comparing import (
    LEAST_PEOPLE,
    REAL,
    Floats,
    Texts,
    Vectors,
    ask,
    independent_difference,
    main_variant,
    score,
    systems_of,
)
from voice2face.experiments.context import Context
from voice2face.experiments.speech import Speech
from voice2face.experiments.systems import mean_over_seeds

MATCHING, TOLD = "1:2 matching", "group told from the face"
MOST_PEOPLE = 300
MOST_TRAINING = 3000  # faces that the read-off of groups is fitted on

# Of each system a value for each recording or real face, whose it is, and that one's group.
Values = dict[str, tuple[Floats, Texts, Texts]]


def why_not(speech: Speech, labels: Texts, what: str = "gender and age") -> str:
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


def by_group(
    context: Context, experiment: str, speech: Speech, labels: Texts, of_training: Texts
) -> tuple[list[Row], list[Series], dict[str, str]]:
    """Accuracy of every system in each group, by each embedder.

    Args:
        context: The systems.
        experiment: Its name; its speech is known as ``groups`` in the context.
        speech: Whose faces are made.
        labels: Group of each recording, (n,); "" is asked about in none.
        of_training: Group of each training face; where they know none, no face is told.

    Returns:
        Rows, series and checksums of the trials.
    """
    faces = context.faces(context.asked)
    kept = np.flatnonzero(np.isin(faces.identity, speech.identity))
    group_of = {p: g for p, g in zip(speech.identity, labels, strict=True) if g}
    real_labels = np.array([group_of.get(p, "") for p in faces.identity[kept]], str)
    gallery = Items(faces.picture[kept], faces.identity[kept])
    trials, reason = ask(context, experiment, "1-2", Items(speech.clip, speech.identity), gallery)
    again, _ = ask(context, experiment, "real", gallery, gallery, others_only=True)
    if trials is None:
        return [Row(main_variant(context), MATCHING, note=reason)], [], {}
    sha256 = {"1-2": trials.sha256} | ({"real": again.sha256} if again else {})
    key, known = f"groups of {experiment}", (faces.identity[kept], real_labels)
    n_told = len(np.unique(of_training[of_training != ""]))
    rows, series = [], []
    for embedder in context.embedders:
        real = context.real_vectors(embedder, context.asked)[kept]
        vectors = {
            name: [context.made_vectors(embedder, one, speech, key) for one in seeds]
            for name, seeds in systems_of(context).items()
        }
        right: Values = {}
        if again is not None:
            right[REAL] = score(again, [real], [real]).share_right, *known
        for system, x in vectors.items():
            right[system] = score(trials, x, [real]).share_right, speech.identity, labels
        told = _told(context, embedder, of_training, vectors, (speech.identity, labels))
        told = _told(context, embedder, of_training, {REAL: [real]}, known) | told
        for measure, values, chance in (
            (MATCHING, right, 0.5),
            (TOLD, told, 1 / max(2, n_told)),
        ):
            rows += group_rows(context, values, measure, embedder, chance)
            series += group_series(context, rows, measure, embedder, chance)
    return rows, series, sha256


def _told(
    context: Context,
    embedder: str,
    of_training: Texts,
    vectors: dict[str, list[Vectors]],
    asked: tuple[Texts, Texts],
) -> Values:
    """Whether faces show their group; empty where training faces know none."""
    reads = group_read_off(context, embedder, of_training)
    if reads is None:
        return {}
    names, linear = reads
    people, labels = asked
    return {
        system: (mean_over_seeds([is_told(names, linear(v), labels) for v in x]), people, labels)
        for system, x in vectors.items()
    }


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


def is_told(names: Texts, answers: npt.NDArray[np.float64], labels: Texts) -> Floats:
    """Whether the largest answer is the label: 1 or 0; NaN where that is no name: (n,)."""
    right = np.asarray(names[answers.argmax(axis=1)] == labels, np.float64)
    right[~np.isin(labels, names)] = np.nan
    return right


def group_rows(
    context: Context, values: Values, measure: str, embedder: str, chance: float
) -> list[Row]:
    """A column a group; each model's groups against all its other groups."""
    rows = []
    for system, (share, people, labels) in values.items():
        names = [str(name) for name in np.unique(labels) if name]
        for name in names:
            own = _estimate(context, share, people, labels == name)
            if own is None:
                note = "too few people"
                rows.append(Row(system, measure, name, embedder, note=note))
                continue
            found, n_people, n = own
            row = Row(
                system, measure, name, embedder, found.value, found.low, found.high,
                n_people, n, chance,
            )  # fmt: skip
            rows.append(row)
            rest = _estimate(context, share, people, (labels != name) & (labels != ""))
            if system in context.models and rest is not None:
                by = independent_difference(found, rest[0])
                row = Row(
                    system, measure, name, embedder, by.value, by.low, by.high, n_people, n,
                    against=f"{system}, other groups",
                )  # fmt: skip
                rows.append(row)
    return rows


def _estimate(
    context: Context, share: Floats, people: Texts, where: npt.NDArray[np.bool_]
) -> tuple[Estimate, int, int] | None:
    """Estimate, people and values of some; None with too few people."""
    where = where & ~np.isnan(share)
    n_people = len(np.unique(people[where]))
    if n_people < LEAST_PEOPLE:
        return None
    found = estimate(
        share[where], people[where], seed=context.seed, n_resamples=context.n_resamples
    )
    return found, n_people, int(where.sum())


def group_series(
    context: Context, rows: Sequence[Row], measure: str, embedder: str, chance: float
) -> list[Series]:
    """Accuracy over groups of real faces and of each model."""
    series = []
    for system in (REAL, *context.models):
        own = [
            r
            for r in rows
            if (r.system, r.measure, r.embedder, r.against) == (system, measure, embedder, "")
        ]
        line = Series(
            system, [r.stratum for r in own], [r.value for r in own], [r.low for r in own],
            [r.high for r in own], y_label="share right", chance=chance,
            panel=f"{measure}, by {embedder}",
        )  # fmt: skip
        series += [line] if own else []
    return series
