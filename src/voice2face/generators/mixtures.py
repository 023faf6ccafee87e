"""People mixed from others: what draws a face space's people where there is no flow."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from voice2face.arrays import Float32s, Float64s
from voice2face.parts import Arrays

MIXED = 3  # people whose codes make a drawn one: one alone would be a picture of somebody


@dataclass(frozen=True, eq=False)
class Others:
    """What gender and age leave of the codes of women, or of men.

    Attributes:
        rest: In steps of ``step``, int8, shape (people, K).
        step: In spreads.
        weight: How much each person counts; they sum to one, shape (people,).
    """

    rest: npt.NDArray[np.int8]
    step: float
    weight: Float64s

    @cached_property
    def furthest(self) -> float:
        """Length of the longest rest: root mean square, in spreads."""
        return float(np.sqrt((self.rest.astype(np.float32) ** 2).mean(axis=1).max())) * self.step

    def drawn(self, rng: "np.random.Generator") -> Float32s:
        """The rest of a person who does not exist, shape (K,).

        It mixes that of a few people so that its covariance is theirs.
        """
        shares = np.abs(rng.standard_normal(MIXED))
        shares /= np.sqrt((shares**2).sum())
        some = rng.choice(len(self.rest), MIXED, p=self.weight)
        rest = shares @ self.rest[some].astype(np.float64) * self.step
        return rest.astype(np.float32)

    @classmethod
    def of_gender(cls, arrays: Arrays, men: bool) -> "Others":
        """Of the arrays of a face space."""
        of_it = arrays["rest_male"] == men
        weight = arrays["rest_weight"][of_it]
        return cls(arrays["rest"][of_it], float(arrays["rest_step"]), weight / weight.sum())
