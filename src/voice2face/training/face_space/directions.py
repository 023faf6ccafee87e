"""In which direction from the mean a voice tells that a reading of the face lies.

A regression on what one network reads in faces hears what that network looks at, and its noise. A
voice tells of the rest of a face too: of its code, and of gender and age. What it tells of each is
compared with each face of the training, and the reading is sought whose cosines with these faces
come nearest to the sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voice2face.training.face_space.nearest import FOR_CODE, POWER, STRENGTH, likelihood, unit

Floats = npt.NDArray[np.float64]

# Chosen on held-out people of AVSpeech by 1:2 matching of the direction with the speakers' faces,
# by a network that taught and by one that did not.
OF_CODE, OF_GENDER_AND_AGE = 0.5, 0.4  # weights; the reading's is 1
FOR_GENDER_AND_AGE = 2.0  # ridge, as STRENGTH
GENDERS = 2.0  # how far apart they are, in spreads of age
LEAST = 0.01  # ridge of the readings among each other, in their mean variance


@dataclass(frozen=True, eq=False)
class View:
    """Something that is known of the speakers' faces.

    Attributes:
        seen: Shape (n, m).
        strength: Of the regression on it, as ``nearest.STRENGTH``.
        power: As ``nearest.POWER``.
        weight: How much it counts.
    """

    seen: Floats
    strength: float
    power: float
    weight: float


def views(reading: Floats, code: Floats, male: npt.NDArray[np.bool_], age: Floats) -> list[View]:
    """What the direction is found by; rows are voices.

    Args:
        reading: What a network reads in the speakers' faces, shape (n, m).
        code: Their codes, shape (n, K).
        male: Shape (n,).
        age: In years, shape (n,).
    """
    years = (age - age.mean()) / max(float(age.std()), 1e-9)
    people = np.column_stack([years, GENDERS * (male - 0.5)])
    return [
        View(unit(reading), STRENGTH, POWER, 1.0),
        View(code, FOR_CODE, 0.0, OF_CODE),
        View(people, FOR_GENDER_AND_AGE, 0.0, OF_GENDER_AND_AGE),
    ]


def direction(heard: Floats, known: Sequence[View], target: Floats) -> Floats:
    """From voices, less their mean, to a direction among targets; of mean length one.

    Args:
        heard: Voices, shape (n, dim).
        known: What is known of the speakers' faces.
        target: That among which the direction is wanted, of the same faces, shape (n, m).

    Returns:
        Shape (dim, m).
    """
    centred, faces = heard - heard.mean(axis=0), unit(target - target.mean(axis=0))
    gram = faces.T @ faces
    gram += LEAST * np.trace(gram) / len(gram) * np.eye(len(gram))
    back = np.linalg.solve(gram, faces.T)  # (m, n): the target whose cosines come nearest
    found = np.zeros((heard.shape[1], target.shape[1]))
    for view in known:
        told = likelihood(heard, view.seen, view.strength, view.power)
        alike = unit(view.seen - view.seen.mean(axis=0))
        spread = float((centred @ told @ alike.T).std())
        found += view.weight / max(spread, 1e-12) * told @ (alike.T @ back.T)
    length = np.sqrt(((centred @ found) ** 2).sum(axis=1).mean())
    return np.asarray(found / max(float(length), 1e-12))
