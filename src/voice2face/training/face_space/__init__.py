"""How a face space is fitted: principal components and ridge regressions, in closed form."""

from voice2face.training.face_space.fit import Sizes, Speakers, fit
from voice2face.training.face_space.people import People, raked
from voice2face.training.face_space.reading import fit_answer

__all__ = ["People", "Sizes", "Speakers", "fit", "fit_answer", "raked"]
