"""A judge of gender and age that is fitted on a corpus' own real faces, painted or not."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.corpus.arrays import Faces
from voice2face.evaluation.embedders.face_set import FaceSet, geometry_of
from voice2face.evaluation.embedders.fitted import Eigenfaces, as_faces
from voice2face.evaluation.statistics.ridge import LinearMap, fit_ridge
from voice2face.evaluation.training_people import person_weights
from voice2face.experiments.people import COLUMNS
from voice2face.experiments.recordings import texts

MOST_FACES = 3000  # that it is fitted on
LEAST_PEOPLE = 4  # of each gender
MALE, FEMALE = ("m", "male", "man"), ("f", "female", "woman")
OLDEST = 80.0  # where an open band such as ">=60" is taken to end
OPEN = re.compile(r">|≥|\+|more|over|older|above")
YOUNGER = re.compile(r"<|≤|under|less|younger|below")

Floats = npt.NDArray[np.float64]
Texts = npt.NDArray[np.str_]


@dataclass(frozen=True, eq=False)
class ReadOff:
    """Ridge regression from eigenfaces to gender and age.

    Attributes:
        eigenfaces: Eigenfaces of the faces that it was fitted on.
        gender: From these to how male and how female.
        age: To years; None where no ages were known.
        name: Name in tables.
    """

    eigenfaces: Eigenfaces
    gender: LinearMap
    age: LinearMap | None
    name: str = "linear read-off"

    @classmethod
    def fit(cls, faces: Faces, geometry: str, seed: int = 0) -> "ReadOff | None":
        """Fit on real faces of training people, each person and each gender counting alike.

        Args:
            faces: Faces of the training split.
            geometry: How they lie, a name of ``faces.GEOMETRIES``.
            seed: Seed of the choice, where there are many, and of choosing the strength.

        Returns:
            None where too few people's gender is known.
        """
        rows = np.sort(np.random.default_rng(seed).permutation(len(faces))[:MOST_FACES])
        known = {name: column(faces.attributes, name, len(faces))[rows] for name in COLUMNS}
        people, male = faces.identity[rows], is_male(known["gender"])
        told = ~np.isnan(male)
        if min(_people_of_genders(people, male)) < LEAST_PEOPLE:
            return None
        pixels = as_faces(faces.pixels[rows])
        eigenfaces = Eigenfaces.fit(pixels, geometry_of(geometry))
        seen = eigenfaces.embed(pixels)
        sides = np.stack([male == 1, male == 0], axis=1)[told]
        share = sides * person_weights(people[told])[:, None]
        weights = (share / share.sum(axis=0)).sum(axis=1)
        gender = fit_ridge(seen[told], sides.astype(float), weights, people[told], seed)
        years = middle(bounds(known["age"]))
        aged = ~np.isnan(years)
        age = None
        if len(np.unique(people[aged])) >= LEAST_PEOPLE:
            weights = person_weights(people[aged])
            age = fit_ridge(seen[aged], years[aged, None], weights, people[aged], seed)
        return cls(eigenfaces, gender, age)

    def judge(self, faces: FaceSet) -> tuple[Floats, Floats]:
        """Age in years, NaN where none was known, and how male: above one half is male; (n,)."""
        seen = self.eigenfaces.embed(faces)
        male, female = self.gender(seen).T
        ages = np.full(len(faces), np.nan) if self.age is None else self.age(seen)[:, 0]
        return ages, 0.5 + (male - female) / 2


def can_fit(faces: Faces) -> bool:
    """Whether the gender of people enough is known."""
    male = is_male(column(faces.attributes, "gender", len(faces)))
    return min(_people_of_genders(faces.identity, male)) >= LEAST_PEOPLE


def _people_of_genders(people: Texts, male: Floats) -> list[int]:
    """Women and men."""
    return [len(np.unique(people[male == side])) for side in (0, 1)]


def column(attributes: Mapping[str, npt.NDArray[Any]], name: str, n: int) -> Texts:
    """A column of ``people.COLUMNS`` as a corpus has it; "" where there is nothing: (n,)."""
    cells = next((attributes[s] for s in COLUMNS[name] if s in attributes), None)
    return np.full(n, "", str) if cells is None else texts(np.asarray(cells, object))


def is_male(cells: Texts) -> Floats:
    """1, 0, or NaN where it is neither, (n,)."""
    lower = np.char.lower(cells)
    return np.where(np.isin(lower, MALE), 1.0, np.where(np.isin(lower, FEMALE), 0.0, np.nan))


def bounds(cells: Texts) -> Floats:
    """Least and largest age that cells such as "34", "20-39" and ">=60" stand for: (n, 2).

    NaN where there is no number.
    """
    return np.array([_bounds(cell.lower()) for cell in cells.tolist()]).reshape(-1, 2)


def _bounds(cell: str) -> tuple[float, float]:
    numbers = [float(text) for text in re.findall(r"\d+(?:\.\d+)?", cell)]
    if not numbers:
        return np.nan, np.nan
    if len(numbers) > 1:
        return min(numbers), max(numbers)
    if YOUNGER.search(cell):
        return 0.0, numbers[0]
    return numbers[0], np.inf if OPEN.search(cell) else numbers[0]


def middle(of: Floats) -> Floats:
    """Middle of each band, (n, 2) → (n,); one without end ends at ``OLDEST``."""
    return np.asarray((of[:, 0] + np.minimum(of[:, 1], np.maximum(OLDEST, of[:, 0]))) / 2)
