"""The mean of the people whose faces look most like what a voice tells of an identity.

A face drawn from the mean of a regression is smooth, and a network that tells people apart reads it
as hardly anybody. The mean of some real people's codes keeps more of what such a network looks at.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.arrays import Bools, Float32s
from voice2face.generators.rows import times
from voice2face.parts import Arrays

ARRAYS = {
    "identity_rectified": "bool",
    "identity_mean": "float32 dim",
    "identity": "float32 dim identity",
    "near_identity": "float16 neighbours identity",
    "near_code": "float32 neighbours code",
    "near_male": "bool neighbours",
    "near_age": "float32 neighbours",
    "near_many": "int64",
}


class Neighbours:
    """Means of the codes of people who look as a voice tells.

    Args:
        arrays: Those of ``ARRAYS``: whether embeddings are rectified before they are made unit
            length; their mean; the map from there to the identity, such that a cosine tells how
            likely a face is; identities, codes, genders and ages of people; how many are averaged.
    """

    def __init__(self, arrays: Arrays) -> None:
        self._rectified = bool(arrays["identity_rectified"])
        self._mean, self._map = arrays["identity_mean"], arrays["identity"]
        self._identity = arrays["near_identity"].astype(np.float32)
        self._code, self._male = arrays["near_code"], arrays["near_male"]
        self._age, self._many = arrays["near_age"], int(arrays["near_many"])

    def __call__(self, embeddings: Float32s, men: Bools) -> tuple[Float32s, Float32s]:
        """Codes (n, K) and ages in years (n,) of those nearest to each voice.

        Args:
            embeddings: Shape (n, dim).
            men: Gender of those who are averaged, shape (n,).
        """
        told = times(comparable(embeddings, self._rectified) - self._mean, self._map)
        codes = np.empty((len(told), self._code.shape[1]), np.float32)
        ages = np.empty(len(told), np.float32)
        for row, (one, man) in enumerate(zip(told, men, strict=True)):
            alike = np.where(self._male == man, self._identity @ one, -np.inf)
            nearest = np.sort(np.argsort(-alike, kind="stable")[: self._many])
            codes[row] = self._code[nearest].mean(axis=0)
            ages[row] = self._age[nearest].mean()
        return codes, ages


def comparable(embeddings: npt.NDArray[Any], rectified: bool) -> Float32s:
    """Embeddings of voices at unit length, shape (n, dim); negative numbers as zero if rectified.

    What GE2E compares voices by is rectified.
    """
    kept = np.maximum(embeddings, 0) if rectified else embeddings
    length = np.linalg.norm(kept, axis=1, keepdims=True)
    return np.asarray(kept / np.maximum(length, 1e-9), np.float32)
