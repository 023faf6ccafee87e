"""Embeddings row by row: a face is the same to the bit, alone or among others."""

from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.arrays import Float32s
from voice2face.errors import ModelError


def times(rows: npt.NDArray[Any], matrix: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """(n, k) times (k,) or (k, m), each row by itself.

    A library adds up the products of many rows in another order than those of one.
    """
    made = np.empty((len(rows), *matrix.shape[1:]), np.result_type(rows, matrix))
    for row, one in enumerate(rows):
        made[row] = one @ matrix
    return made


def checked(
    embeddings: npt.NDArray[Any],
    dim: int,
    thing: str = "generator",
    source: str = "voice encoder",
) -> Float32s:
    """Embeddings as float32, shape (n, dim).

    Args:
        embeddings: What is given.
        dim: Numbers of an embedding.
        thing: What takes them, for the message.
        source: What gives them, for the message.

    Raises:
        ModelError: They are of another shape.
    """
    if embeddings.ndim != 2 or embeddings.shape[1] != dim:
        found, wanted = f"embeddings of shape {embeddings.shape}", f"(n, {dim})"
        raise ModelError(thing, found, wanted, f"use the {source} that it was trained with")
    return embeddings.astype(np.float32, copy=False)
