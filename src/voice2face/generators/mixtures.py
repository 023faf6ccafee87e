"""Drawn people: means of a few real ones who look alike.

A mean of people who look alike is on the way between them, where linear components stay natural.
What is large in faces, skin and features, they share, and the mean keeps; what is small, noise
mostly, averages out.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from voice2face.arrays import Float32s, Float64s, Int64s
from voice2face.parts import Arrays

MIXED = 3  # people whose codes make a drawn one: one alone would be a picture of somebody
NEAR = 5  # of those most like the first, the others are chosen
EVEN = 2.0  # of the distribution of shares (Dirichlet's): the more, the more even


@dataclass(frozen=True, eq=False)
class Others:
    """What gender and age leave of the codes of women, or of men.

    Attributes:
        rest: In steps of ``step``, int8, shape (people, K).
        step: In spreads.
        weight: How much each person counts; they sum to one, shape (people,).
        matters: How much each number of a code changes the texture, shape (texture,).
    """

    rest: npt.NDArray[np.int8]
    step: float
    weight: Float64s
    matters: Float32s

    def drawn(self, rng: "np.random.Generator") -> Float32s:
        """The rest of a person who does not exist, a mean of a few who look alike, shape (K,)."""
        first = int(rng.choice(len(self.rest), p=self.weight))
        near = self._near(first)
        others = rng.choice(near, MIXED - 1, replace=len(near) < MIXED - 1)
        return self._mixed(rng.dirichlet([EVEN] * MIXED), np.append(first, others))

    def anybody(self, rng: "np.random.Generator") -> Float32s:
        """A mixture of people whether they look alike or not, of their covariance, shape (K,)."""
        shares = np.abs(rng.standard_normal(MIXED))
        shares /= np.sqrt((shares**2).sum())
        return self._mixed(shares, rng.choice(len(self.rest), MIXED, p=self.weight))

    def _mixed(self, shares: Float64s, some: Int64s) -> Float32s:
        rest = shares @ self.rest[some].astype(np.float64) * self.step
        return rest.astype(np.float32)

    @cached_property
    def _textures(self) -> Float32s:
        return self.rest[:, : len(self.matters)] * self.matters

    def _near(self, person: int) -> Int64s:
        """Who looks most like somebody; themselves if there is nobody else."""
        far = ((self._textures - self._textures[person]) ** 2).sum(axis=1)
        order = np.argsort(far, kind="stable")
        others = order[order != person]
        return others[:NEAR] if len(others) else order

    @classmethod
    def of_gender(cls, arrays: Arrays, men: bool) -> "Others":
        """Of the arrays of a face space."""
        of_it = arrays["rest_male"] == men
        weight = arrays["rest_weight"][of_it]
        basis = arrays["texture_basis"].astype(np.float32)
        matters = np.linalg.norm(basis, axis=1) * arrays["texture_scale"]
        return cls(
            arrays["rest"][of_it],
            float(arrays["rest_step"]),
            weight / weight.sum(),
            np.asarray(matters / matters.max(), np.float32),
        )
