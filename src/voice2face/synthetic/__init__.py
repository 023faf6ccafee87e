"""Synthetic people, whose voices and faces are coupled in a known way."""

from voice2face.synthetic.latent import CohortSettings, sample_person
from voice2face.synthetic.voices import synthesise
from voice2face.synthetic.write import facts_of, make_face, write_cohort

__all__ = ["CohortSettings", "facts_of", "make_face", "sample_person", "synthesise", "write_cohort"]
