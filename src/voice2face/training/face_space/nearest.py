"""Fit what finds the people who look as a voice tells (:mod:`voice2face.generators.neighbours`)."""

from dataclasses import dataclass

import numpy as np

from voice2face.arrays import Float32s, Float64s, Floats, Texts
from voice2face.evaluation.metrics.cosine import unit
from voice2face.generators.neighbours import comparable
from voice2face.parts import Arrays
from voice2face.training.face_space.hearing import left_out, ridge
from voice2face.training.face_space.people import People

# Chosen on held-out people of AVSpeech, by 1:2 matching of faces drawn, and of the mean readings of
# those who are averaged, against the speakers' own.
# Strengths of the ridges, in mean variances of an embedding's numbers, for each person.
STRENGTH, FOR_CODE = 8.0, 4.0
POWER = 0.5  # of the covariance of what voices leave open: 0 for a distance, 1 for a likelihood
SHRINKAGE = 0.05  # of that covariance towards a sphere
CODE_SHARE = 0.2  # weight of the code in the likeness; the rest is what the network reads
MANY = 40  # people averaged
LEAST_SHARE = 4  # at most one in this many of each gender is averaged


@dataclass(frozen=True, eq=False)
class Identities:
    """Voices, and what a network reads in the faces of their speakers.

    Attributes:
        embedding: Shape (n, dim).
        reading: Shape (n, m).
        code: Code of the speaker's face, shape (n, K).
        person: Person of each, shape (n,).
    """

    embedding: Float32s
    reading: Floats
    code: Floats
    person: Texts


def fit_nearest(
    taught: Identities,
    people: People,
    reading: Float32s,
    codes: Floats,
) -> Arrays:
    """What finds the people of a face space who look as a voice tells.

    Args:
        taught: Voices with faces.
        people: The people of the face space.
        reading: What the same network reads in their faces, shape (people, m).
        codes: Codes of their faces, shape (people, K).

    Returns:
        The arrays of :mod:`voice2face.generators.neighbours`.
    """
    seen = unit(taught.reading).astype(np.float64)
    rectified = max((False, True), key=lambda way: _told(taught, seen, way))
    heard = comparable(taught.embedding, rectified).astype(np.float64)
    by_reading = _likelihood(heard, seen, STRENGTH)
    by_code = _likelihood(heard, taught.code.astype(np.float64), FOR_CODE)
    alike = unit(unit(reading) - seen.mean(axis=0)), unit(codes - taught.code.mean(axis=0))
    fewest = min(int(people.male.sum()), int((~people.male).sum()))
    shares = 1 - CODE_SHARE, CODE_SHARE
    return {
        "identity_rectified": np.bool_(rectified),
        "identity_mean": heard.mean(axis=0).astype(np.float32),
        "identity": np.hstack([by_reading, by_code]).astype(np.float32),
        "near_identity": np.hstack(
            [share * one for share, one in zip(shares, alike, strict=True)]
        ).astype(np.float16),
        "near_code": codes.astype(np.float32),
        "near_male": people.male,
        "near_age": people.age.astype(np.float32),
        "near_many": np.int64(max(1, min(MANY, fewest // LEAST_SHARE))),
    }


def _likelihood(heard: Float64s, seen: Float64s, strength: float) -> Float64s:
    """A linear map of voices: its product with a face's embedding tells how likely the face is.

    It is the regression of faces on voices, whitened by the covariance of what that leaves, and
    scaled to mean length one.
    """
    weights, offset = ridge(heard, seen, _strength(heard, strength))
    told = heard @ weights + offset
    left = seen - told
    covariance = left.T @ left / len(left)
    middle = max(float(np.trace(covariance)) / len(covariance), 1e-12)
    values, vectors = np.linalg.eigh(covariance / middle + SHRINKAGE * np.eye(len(covariance)))
    found = weights @ (vectors * values**-POWER) @ vectors.T
    length = np.sqrt((((heard - heard.mean(axis=0)) @ found) ** 2).sum(axis=1).mean())
    return np.asarray(found / max(float(length), 1e-12))


def _told(taught: Identities, seen: Float64s, rectified: bool) -> float:
    """Share of what is seen that voices tell of people who are left out."""
    heard = comparable(taught.embedding, rectified).astype(np.float64)
    told = left_out(heard, seen, taught.person, _strength(heard, STRENGTH))
    whole = ((seen - seen.mean(axis=0)) ** 2).sum()
    return 1 - float(((seen - told) ** 2).sum() / max(whole, 1e-12))


def _strength(heard: Float64s, variances: float) -> float:
    return variances * float(heard.var(axis=0).mean())
