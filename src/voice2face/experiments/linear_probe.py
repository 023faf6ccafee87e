"""A judge of gender and age that is fitted on the real faces of a corpus, painted or not."""

import re
from dataclasses import dataclass

import numpy as np

from voice2face.arrays import Float64s, Texts
from voice2face.corpus.arrays import Faces
from voice2face.evaluation.embedders.face_set import FaceSet, geometry_of
from voice2face.evaluation.embedders.fitted import Eigenfaces, as_faces
from voice2face.evaluation.statistics.ridge import LinearMap, fit_classes, fit_ridge
from voice2face.evaluation.training_people import person_weights
from voice2face.experiments.people import COLUMNS, column

MOST_FACES = 3000  # faces that it is fitted on
LEAST_PEOPLE = 4  # people of each gender
MALE, FEMALE = ("m", "male", "man"), ("f", "female", "woman")
OLDEST = 80.0  # where an open band such as ">=60" is taken to end
OPEN = re.compile(r">|≥|\+|more|over|older|above")
YOUNGER = re.compile(r"<|≤|under|less|younger|below")


@dataclass(frozen=True, eq=False)
class ReadOff:
    """Ridge regression from eigenfaces to gender and age.

    Attributes:
        eigenfaces: Eigenfaces of the faces that it was fitted on.
        gender: Map from eigenfaces to how female and how male a face is.
        age: Map to years; None if no ages were known.
        name: Name in tables.
    """

    eigenfaces: Eigenfaces
    gender: LinearMap
    age: LinearMap | None
    name: str = "linear read-off"

    @classmethod
    def fit(cls, faces: Faces, geometry: str, seed: int = 0) -> "ReadOff | None":
        """Fit on real faces of training people; each person and each gender counts alike.

        Args:
            faces: Faces of the training split.
            geometry: How they lie in pictures, a name of ``faces.GEOMETRIES``.
            seed: Seed of the choice of faces and of folds.

        Returns:
            None if the gender of too few people is known.
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
        gender = fit_classes(seen[told], male[told], people[told], seed)
        years = middle(bounds(known["age"]))
        aged = ~np.isnan(years)
        age = None
        if len(np.unique(people[aged])) >= LEAST_PEOPLE:
            weights = person_weights(people[aged])
            age = fit_ridge(seen[aged], years[aged, None], weights, people[aged], seed)
        return cls(eigenfaces, gender, age)

    def judge(self, faces: FaceSet) -> tuple[Float64s, Float64s]:
        """Age in years (NaN without known ages), and how male: above one half is male; (n,)."""
        seen = self.eigenfaces.embed(faces)
        female, male = self.gender(seen).T
        ages = np.full(len(faces), np.nan) if self.age is None else self.age(seen)[:, 0]
        return ages, 0.5 + (male - female) / 2


def can_fit(faces: Faces) -> bool:
    """Whether the gender of enough people is known."""
    male = is_male(column(faces.attributes, "gender", len(faces)))
    return min(_people_of_genders(faces.identity, male)) >= LEAST_PEOPLE


def _people_of_genders(people: Texts, male: Float64s) -> list[int]:
    """Numbers of women and men."""
    return [len(np.unique(people[male == side])) for side in (0, 1)]


def is_male(cells: Texts) -> Float64s:
    """1, 0, or NaN where it is neither, (n,)."""
    lower = np.char.lower(cells)
    return np.where(np.isin(lower, MALE), 1.0, np.where(np.isin(lower, FEMALE), 0.0, np.nan))


def bounds(cells: Texts) -> Float64s:
    """Least and largest age of cells such as "34", "20-39" and ">=60", (n, 2); NaN if none."""
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


def middle(of: Float64s) -> Float64s:
    """Middle of each band, (n, 2) → (n,); an open band ends at ``OLDEST``."""
    return np.asarray((of[:, 0] + np.minimum(of[:, 1], np.maximum(OLDEST, of[:, 0]))) / 2)
