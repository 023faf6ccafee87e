"""Voices to try the page with: synthetic, made at first use, kept in memory."""

from dataclasses import dataclass
from functools import lru_cache

from voice2face.synthetic.latent import Heard, Sex

SECONDS = 5.0


@dataclass(frozen=True)
class Example:
    """A synthetic voice.

    Attributes:
        name: In the address.
        title: For a reader.
        sex: Of the voice.
        age: Standard normal over the population: about 30 years at -0.85, 70 at 1.
        pitch: A higher voice than sex and age tell.
        seed: What is said, and where.
    """

    name: str
    title: str
    sex: Sex
    age: float
    pitch: float
    seed: int


EXAMPLES = {
    example.name: example
    for example in (
        Example("woman", "A woman", "female", -0.85, 0.0, 1),
        Example("man", "A man", "male", -0.85, 0.0, 2),
        Example("older-woman", "Another woman", "female", 1.0, 0.0, 3),
        Example("older-man", "Another man", "male", 1.0, -0.5, 4),
    )
}


@lru_cache(maxsize=len(EXAMPLES))
def example_wav(name: str) -> bytes:
    """One of ``EXAMPLES`` as a WAV file, 160 KB; the same bytes each time."""
    import numpy as np

    from voice2face.audio.wav import wav_bytes
    from voice2face.synthetic import synthesise

    chosen = EXAMPLES[name]
    heard = Heard(
        sex=chosen.sex, age=chosen.age, size=0.0, weight=0.0, pitch=chosen.pitch,
        breathiness=0.0, roughness=0.0, rate=0.0,
    )  # fmt: skip
    return wav_bytes(synthesise(heard, np.random.default_rng(chosen.seed), SECONDS))
