"""Normalised faces of many people, and how much each counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from voice2face.arrays import Bools, Float32s, Float64s, Texts, UInt8s
from voice2face.errors import CorpusError

MOST = 6.0  # times the mean weight: nobody counts for more
ROUNDS = 30  # rounds of raking


@dataclass(frozen=True, eq=False)
class People:
    """One normalised face of each of many people.

    Attributes:
        texture: RGB, uint8, in the layout of normalised faces, shape (n, side, side, 3).
        shape: Where the points of their meshes are, in sides of the layout, shape (n, 468, 2).
        male: Whether each is a man, shape (n,).
        age: Age in years, shape (n,).
        weight: How much each counts; they sum to one, shape (n,).
        person: How much of each pixel is the person, 0 to 255, shape (n, side, side); where
            hair and background are known.
    """

    texture: UInt8s
    shape: Float32s
    male: Bools
    age: Float64s
    weight: Float64s
    person: UInt8s | None = None

    def __post_init__(self) -> None:
        """Refuse people whose arrays do not belong together, or of one gender only."""
        n = len(self.texture)
        if not (len(self.shape) == len(self.male) == len(self.age) == len(self.weight) == n):
            raise CorpusError("people", "arrays of different lengths", "one", "give one a person")
        if not np.isfinite(self.age).all():
            raise CorpusError("people", "ages that are not known", "one a person", "estimate them")
        if n < 2 or self.male.all() or not self.male.any():
            raise CorpusError("people", "no women or no men", "both", "give faces of both")


def raked(groups: Sequence[tuple[Texts, Mapping[str, float]]]) -> Float64s:
    """Weights under which each group has its share, whatever there are more of.

    Args:
        groups: The value of each person and the share wanted for each value, one pair for each
            attribute; its shares sum to one, and values without a person are left out.

    Returns:
        Shape (n,), summing to one; nobody has more than ``MOST`` times the mean.

    Source:
        Raking, or iterative proportional fitting: Deming and Stephan 1940.
    """
    n = len(groups[0][0])
    weight = np.full(n, 1 / n)
    for _ in range(ROUNDS):
        for value, shares in groups:
            for name, share in shares.items():
                of_it = value == name
                if (total := weight[of_it].sum()) > 0:
                    weight[of_it] *= share / total
        weight = _capped(weight / weight.sum(), MOST / n)
    return weight


def _capped(weight: Float64s, most: float) -> Float64s:
    """Weights that sum to one as before, none above ``most``: the others take what is cut off."""
    while weight.max() > most * (1 + 1e-9):
        free = weight < most
        weight = np.where(free, weight, most)
        weight[free] *= (1 - most * (~free).sum()) / weight[free].sum()
    return weight
