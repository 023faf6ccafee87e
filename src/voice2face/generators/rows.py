"""Products row by row: a face is the same to the bit, alone or among others."""

from typing import Any

import numpy as np
import numpy.typing as npt


def times(rows: npt.NDArray[Any], matrix: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """(n, k) times (k,) or (k, m), each row by itself.

    A library adds up the products of many rows in another order than those of one.
    """
    made = np.empty((len(rows), *matrix.shape[1:]), np.result_type(rows, matrix))
    for row, one in enumerate(rows):
        made[row] = one @ matrix
    return made
