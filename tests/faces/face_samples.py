"""Painted faces, as pictures of any format, and what the tests need to find them."""

import io
import os
from pathlib import Path

import numpy as np
from PIL import Image

from voice2face.cohort.faces import draw
from voice2face.cohort.latent import CohortSettings, sample_person
from voice2face.faces import GEOMETRIES

SHARED = Path(__file__).parents[3] / "shared"
MODELS = Path(os.environ.get("VOICE2FACE_MODELS") or SHARED / "models")
# Where the painter puts eyes, nose and corners of the mouth: the released geometry.
GEOMETRY = GEOMETRIES["released"]


def picture(seed: int = 0, size: tuple[int, int] = (80, 80), mode: str = "RGB") -> Image.Image:
    """A smooth random picture."""
    noise = np.random.default_rng(seed).integers(0, 256, (5, 5, 3), np.uint8)
    return Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC).convert(mode)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


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
