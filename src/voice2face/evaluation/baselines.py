"""Trivial baselines: systems that know the training people, but little or nothing of a voice.

Like a generator, each takes embeddings of voices and gives pictures.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from voice2face.arrays import Int64s, Pictures
from voice2face.evaluation.embedders.fitted import N_EIGENFACES, eigenfaces
from voice2face.evaluation.metrics.cosine import unit
from voice2face.evaluation.statistics.ridge import LinearMap, fit_classes, fit_ridge
from voice2face.evaluation.training_people import (
    TrainingFaces,
    TrainingVoices,
    as_pictures,
    lacking,
    person_faces,
    person_weights,
    typical_faces,
    weighted_faces,
)

# From embeddings of voices, (n, dim), to RGB pictures, (n, px, px, 3).
Baseline = Callable[[np.ndarray], Pictures]

BASELINES = (
    "mean face", "gender's mean face", "random face", "nearest voice's face",
    "ridge to eigenfaces", "shuffled voices",
)  # fmt: skip
MIN_PEOPLE = 10  # with voice and face, to fit a map on
MOST_PEOPLE = 2000  # people whose mean faces are decomposed


def make_baselines(
    voices: TrainingVoices, faces: TrainingFaces, *, seed: int = 0, model: Baseline | None = None
) -> tuple[dict[str, Baseline], dict[str, str]]:
    """All baselines that the training data allow.

    Args:
        voices: Recordings of the training split.
        faces: Faces of the training split, of the same people or of others.
        seed: Seed of random faces and of the order of shuffled voices.
        model: The model that is given shuffled voices; None: that baseline is left out.

    Returns:
        Baselines by their names in ``BASELINES``; and the reasons why others are left out.
    """
    n_both = len(np.intersect1d(voices.identity, faces.identity))
    paired = f"{n_both} training people have both a voice and a face"
    # For each: why it is left out ("" if it is not), and what makes it.
    made: tuple[tuple[str, Callable[[], Baseline]], ...] = (
        ("", lambda: mean_face(faces)),
        (_genders_lacking(voices, faces), lambda: gender_mean_face(voices, faces)),
        ("", lambda: random_face(faces, seed)),
        ("" if n_both else f"{paired}; it needs pairs", lambda: nearest_voice_face(voices, faces)),
        (
            "" if n_both >= MIN_PEOPLE else f"{paired}; {MIN_PEOPLE} or more wanted",
            lambda: ridge_eigenfaces(voices, faces),
        ),
        ("" if model else "no model was given", lambda: shuffled(model, seed)),  # type: ignore[arg-type]
    )
    every = dict(zip(BASELINES, made, strict=True))
    found = {name: make() for name, (reason, make) in every.items() if not reason}
    return found, {name: reason for name, (reason, _) in every.items() if reason}


def mean_face(faces: TrainingFaces) -> Baseline:
    """The mean face of the training people; each person counts alike."""
    (mean,) = weighted_faces(faces, person_weights(faces.identity)[None])
    return lambda probes: np.repeat(mean[None], len(probes), axis=0)


def gender_mean_face(voices: TrainingVoices, faces: TrainingFaces) -> Baseline:
    """The mean face of the gender that is heard in the voice.

    It is heard by ridge regression onto the genders that both voices and faces have; the largest
    answer is taken. Each gender, and each person of it, counts alike.

    Raises:
        CorpusError: There are fewer than two such genders, or too few voices of one.
    """
    found = _genders_lacking(voices, faces)
    if found:
        raise lacking("gender's mean face", found, "both genders heard and seen")
    names = _common_genders(voices, faces)
    known = np.isin(voices.gender, names)
    read_off = fit_classes(voices.embeddings[known], voices.gender[known], voices.identity[known])
    seen = faces.gender == names[:, None]
    means = weighted_faces(faces, seen * person_weights(faces.identity))
    return lambda probes: means[read_off(probes).argmax(axis=1)]


def random_face(faces: TrainingFaces, seed: int) -> Baseline:
    """A random face of a random person; the same call gives the same faces."""
    people, owner = np.unique(faces.identity, return_inverse=True)
    order, starts = np.argsort(owner, kind="stable"), np.cumsum([0, *np.bincount(owner)])

    def draw(probes: np.ndarray) -> Pictures:
        rng = np.random.default_rng(seed)
        persons = rng.integers(len(people), size=len(probes))
        ranks = rng.integers(starts[persons], starts[persons + 1])
        return faces.pixels[order[ranks]]

    return draw


def nearest_voice_face(voices: TrainingVoices, faces: TrainingFaces) -> Baseline:
    """The face of the person of the nearest training recording that has one.

    If there are several faces, the one nearest to their mean is taken.

    Raises:
        CorpusError: Nobody has both.
    """
    heard = np.isin(voices.identity, faces.identity)
    if not heard.any():
        raise lacking("nearest voice's face", "nobody", "people with a voice and a face")
    bank = unit(voices.embeddings[heard])
    people, owner = np.unique(voices.identity[heard], return_inverse=True)
    typical = typical_faces(faces, people)[owner]
    return lambda probes: faces.pixels[typical[(unit(probes) @ bank.T).argmax(axis=1)]]


@dataclass(frozen=True, eq=False)
class EigenfaceMap:
    """A linear map from the voice to k eigenfaces of faces in grey levels from 0 to 255.

    Attributes:
        centre: Mean of people's mean faces, shape (values,).
        axes: Eigenfaces, orthonormal columns, shape (values, k).
        told: Map from embeddings to weights of the eigenfaces.
        left_over: True weights of each recording's person less predicted ones, (recordings, k).
    """

    centre: np.ndarray
    axes: np.ndarray
    told: LinearMap
    left_over: np.ndarray


def ridge_eigenfaces(voices: TrainingVoices, faces: TrainingFaces) -> Baseline:
    """A linear map from the voice to the leading eigenfaces of people's mean faces.

    Raises:
        CorpusError: Fewer than MIN_PEOPLE have both.
    """
    fitted, shape = fit_eigenface_map(voices, faces), faces.pixels.shape[1:]
    return lambda probes: as_pictures(fitted.centre + fitted.told(probes) @ fitted.axes.T, shape)


def fit_eigenface_map(voices: TrainingVoices, faces: TrainingFaces) -> EigenfaceMap:
    """Fit a linear map from the voice to the leading eigenfaces of people's mean faces.

    Each person counts alike; the strength of the regularisation is chosen, for each eigenface,
    by leaving people out.

    Raises:
        CorpusError: Fewer than MIN_PEOPLE have both.
    """
    people = np.intersect1d(voices.identity, faces.identity)
    if len(people) < MIN_PEOPLE:
        wanted = f"{MIN_PEOPLE} people with a voice and a face"
        raise lacking("ridge to eigenfaces", f"{len(people)} people", wanted)
    centre, axes = _eigenfaces(faces, people)
    coefficients = np.stack([(mean - centre) @ axes for mean in person_faces(faces, people)])
    heard = np.isin(voices.identity, people)
    owner = np.searchsorted(people, voices.identity[heard])
    read_off = fit_ridge(
        voices.embeddings[heard],
        coefficients[owner],
        person_weights(voices.identity[heard]),
        voices.identity[heard],
    )
    left_over = coefficients[owner] - read_off(voices.embeddings[heard])
    return EigenfaceMap(centre, axes, read_off, left_over)


def shuffled(model: Baseline, seed: int) -> Baseline:
    """A model that is given the recordings in random order."""
    return lambda probes: model(probes[shuffled_order(len(probes), seed)])


def shuffled_order(n: int, seed: int) -> Int64s:
    """A random permutation, shape (n,).

    Some recordings may keep their place. If none did, a model that hears something would fall
    below chance.
    """
    return np.asarray(np.random.default_rng(seed).permutation(n), np.int64)


def _common_genders(voices: TrainingVoices, faces: TrainingFaces) -> np.ndarray:
    return np.setdiff1d(np.intersect1d(voices.gender, faces.gender), [""])


def _genders_lacking(voices: TrainingVoices, faces: TrainingFaces) -> str:
    """Why no gender can be heard, or no mean face of it be shown; "" if both are possible."""
    names = _common_genders(voices, faces)
    if len(names) < 2:
        told = ", ".join(names.tolist()) or "none"
        return f"genders that both training voices and faces are labelled with: {told}; needs two"
    n_people = min(len(np.unique(voices.identity[voices.gender == name])) for name in names)
    if n_people < MIN_PEOPLE // 2:
        return f"{n_people} training people of one gender are heard; needs {MIN_PEOPLE // 2}"
    return ""


def _eigenfaces(faces: TrainingFaces, people: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean, (values,), and leading principal axes, (values, k), of people's mean faces."""
    some = people[:: -(-len(people) // MOST_PEOPLE)]  # evenly spaced: the axes need no more
    means = np.stack(list(person_faces(faces, some)))
    centre = means.mean(axis=0)
    return centre, eigenfaces(means - centre, N_EIGENFACES)
