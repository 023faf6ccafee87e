"""How a head is turned and how far its mouth is open, by the points of its mesh."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.faces.mesh import (
    CHIN,
    FOREHEAD,
    LEFT_CHEEK,
    LEFT_EYE,
    LOWER_LIP,
    NOSE,
    RIGHT_CHEEK,
    RIGHT_EYE,
    UPPER_LIP,
)

LEVEL_NOSE = 0.35  # where the nose's tip lies from the eyes (0) to the chin (1), looking ahead


@dataclass(frozen=True)
class Pose:
    """Pose and mouth, blind to scale and to where the face is.

    Attributes:
        turned: The nose's place between the cheeks, from the middle, in widths of the face;
            positive towards the picture's right.
        nodded: The nose's place between the eyes and the chin, from where it lies when the head
            is level, in their distance; positive downwards.
        mouth: Distance of the lips' inner edges, in heights of the face.
    """

    turned: float
    nodded: float
    mouth: float


def pose(points: npt.NDArray[Any]) -> Pose:
    """Of a mesh, shape (468, 2), whose points are not all in one place."""
    right, left = points[RIGHT_EYE[0]], points[LEFT_EYE[1]]
    across = (left - right) / max(float(np.hypot(*(left - right))), 1e-9)
    down = np.array((-across[1], across[0]))
    x, y = (points - right) @ across, (points - right) @ down
    width = max(float(x[LEFT_CHEEK] - x[RIGHT_CHEEK]), 1e-9)
    height = max(float(np.hypot(*(points[CHIN] - points[FOREHEAD]))), 1e-9)
    return Pose(
        turned=float(x[NOSE] - (x[LEFT_CHEEK] + x[RIGHT_CHEEK]) / 2) / width,
        nodded=float(y[NOSE] / max(float(y[CHIN]), 1e-9)) - LEVEL_NOSE,
        mouth=float(np.hypot(*(points[LOWER_LIP] - points[UPPER_LIP]))) / height,
    )
