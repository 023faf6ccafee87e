"""Synthetic people, whose voices and faces are coupled in a known way."""

from voice2face.synthetic.ceiling import (
    BestAccuracy,
    best_matching_accuracy,
    best_sex_accuracy,
    log_likelihood_ratio,
)
from voice2face.synthetic.faces import draw
from voice2face.synthetic.latent import (
    CohortSettings,
    Heard,
    Person,
    Seen,
    sample_person,
    shared_of,
    years,
)
from voice2face.synthetic.voices import synthesise
from voice2face.synthetic.write import (
    Facts,
    facts_of,
    make_clip,
    make_face,
    read_facts,
    write_cohort,
)

__all__ = [
    "BestAccuracy",
    "CohortSettings",
    "Facts",
    "Heard",
    "Person",
    "Seen",
    "best_matching_accuracy",
    "best_sex_accuracy",
    "draw",
    "facts_of",
    "log_likelihood_ratio",
    "make_clip",
    "make_face",
    "read_facts",
    "sample_person",
    "shared_of",
    "synthesise",
    "write_cohort",
    "years",
]
