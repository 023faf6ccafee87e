"""A system that knows the answer: each recording's face is a real one of its speaker."""

from dataclasses import dataclass

import numpy as np

from voice2face.corpus.arrays import Faces
from voice2face.experiments.recordings import Recordings
from voice2face.experiments.systems import Made


@dataclass(frozen=True, eq=False)
class Oracle:
    """Noise of who is not among the faces; of others one face after the other."""

    faces: Faces
    name: str = "oracle"

    def make(self, speech: Recordings) -> Made:
        shape = self.faces.pixels.shape[1:]
        rng = np.random.default_rng(0)
        made = rng.integers(0, 256, (len(speech), *shape), np.uint8)
        for i, person in enumerate(speech.identity):
            own = np.flatnonzero(self.faces.identity == person)
            if len(own):
                made[i] = self.faces.pixels[own[i % len(own)]]
        return Made(made)
