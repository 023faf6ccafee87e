"""How a face space is fitted: principal components and ridge regressions, in closed form."""

from voice2face.training.face_space.fit import Sizes, Speakers, fit, write
from voice2face.training.face_space.people import People, raked

__all__ = ["People", "Sizes", "Speakers", "fit", "raked", "write"]
