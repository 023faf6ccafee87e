"""Painted faces, as pictures of any format, and what the tests need to find them."""

import numpy as np
from made_pictures import encoded, picture  # noqa: F401  (for the tests beside)

from voice2face.faces import GEOMETRIES
from voice2face.synthetic.faces import draw
from voice2face.synthetic.latent import CohortSettings, sample_person

# Where the painter puts eyes, nose and corners of the mouth: the released geometry.
GEOMETRY = GEOMETRIES["released"]


def painted(person: int = 0, px: int = 160) -> np.ndarray:
    """A made-up person's face, frontal, over the whole picture, shape (px, px, 3)."""
    return draw(sample_person(CohortSettings(), person).seen, np.random.default_rng(person), px)


def portrait(
    person: int = 0,
    px: int = 160,
    at: tuple[int, int] = (120, 60),
    size: tuple[int, int] = (400, 300),
) -> np.ndarray:
    """A face somewhere in a larger picture (width, height), shape (height, width, 3)."""
    canvas = np.full((size[1], size[0], 3), 128, np.uint8)
    canvas[at[1] : at[1] + px, at[0] : at[0] + px] = painted(person, px)
    return canvas
