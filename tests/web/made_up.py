"""Synthetic voices, as WAV files: the same bytes each time."""

from functools import lru_cache

import numpy as np

from voice2face.audio.coding import wav_bytes
from voice2face.synthetic import synthesise
from voice2face.synthetic.latent import Heard

SECONDS = 5.0
SEXES = {"woman": ("female", 1), "man": ("male", 2)}


@lru_cache(maxsize=len(SEXES))
def example_wav(name: str) -> bytes:
    """A young ``woman`` or ``man``, 160 KB."""
    sex, seed = SEXES[name]
    heard = Heard(
        sex=sex, age=-0.85, size=0.0, weight=0.0, pitch=0.0, breathiness=0.0, roughness=0.0,
        rate=0.0,
    )  # fmt: skip
    return wav_bytes(synthesise(heard, np.random.default_rng(seed), SECONDS))
