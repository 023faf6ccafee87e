"""Systems that a reviewer would slip in: what they draw has nothing to do with hearing."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from voice2face.corpus.arrays import Faces
from voice2face.experiments.recordings import Recordings
from voice2face.experiments.systems import Made

Drawn = Callable[[Recordings, np.random.Generator], np.ndarray]


@dataclass(frozen=True, eq=False)
class Attack:
    """Draws by a rule of its own.

    Attributes:
        name: In tables.
        draw: Faces of recordings, (n, px, px, 3), and chance that differs from seed to seed.
        seed: Of its chance.
    """

    name: str
    draw: Drawn
    seed: int = 0

    def make(self, recordings: Recordings) -> Made:
        number = int.from_bytes(recordings.key[:4], "big")  # the same recordings, the same faces
        pixels = self.draw(recordings, np.random.default_rng([self.seed, number]))
        return Made(pixels, None, None)


def attacks(faces: Faces) -> dict[str, Drawn]:
    """By what is drawn, from the real faces of those who are asked about."""
    px = faces.pixels.shape[1]
    people, first = np.unique(faces.identity, return_index=True)
    mean = faces.pixels.mean(axis=0).round().astype(np.uint8)

    def same(face: np.ndarray) -> Drawn:
        return lambda recordings, rng: np.repeat(face[None], len(recordings), axis=0)

    def noise(recordings: Recordings, rng: np.random.Generator) -> np.ndarray:
        return rng.integers(0, 256, (len(recordings), px, px, 3), np.uint8)

    def of(person: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A real face of each, by number; of nobody a random person's."""
        number = np.where(person < 0, rng.integers(len(people), size=len(person)), person)
        own = [np.flatnonzero(faces.identity == people[i]) for i in number]
        return faces.pixels[[rng.choice(rows) for rows in own]]

    def number_of(recordings: Recordings) -> np.ndarray:
        place = np.searchsorted(people, recordings.identity)
        known = np.isin(recordings.identity, people)
        return np.where(known, np.minimum(place, len(people) - 1), -1)

    def another(recordings: Recordings, rng: np.random.Generator) -> np.ndarray:
        person = number_of(recordings)
        return of(np.where(person < 0, -1, (person + 1) % len(people)), rng)

    def half_right(recordings: Recordings, rng: np.random.Generator) -> np.ndarray:
        person = number_of(recordings)
        return of(np.where(rng.random(len(person)) < 0.5, person, -1), rng)

    return {
        "a constant": same(np.full((px, px, 3), 90, np.uint8)),
        "noise": noise,
        "one real face": same(faces.pixels[first[0]]),
        "another person's true face": another,
        "the mean face": same(mean),
        "the right face half of the time": half_right,
    }
