"""468 points of a face, as a network sees them: what faces are laid upon one another by."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.arrays import Picture, Points
from voice2face.assets import pretrained
from voice2face.faces.detect import Detection
from voice2face.faces.opencv import opencv
from voice2face.faces.pictures import PictureError
from voice2face.onnx_files import Network

N_POINTS = 468
PX = 192  # side of the square that the network takes
BOXES = 1.5  # side of that square, in the larger sides of what it is laid around
MIN_PRESENCE = 0.5  # probability below which the network itself sees no face
# Numbers of some points: outer and inner corner of each eye, tip of the nose, corners of the mouth,
# middle of the lips' inner edges, forehead's top, chin, and where the cheeks end. "Right" is the
# person's right, which is left in the picture.
RIGHT_EYE, LEFT_EYE = (33, 133), (362, 263)
NOSE, RIGHT_MOUTH, LEFT_MOUTH = 1, 61, 291
UPPER_LIP, LOWER_LIP, FOREHEAD, CHIN = 13, 14, 10, 152
RIGHT_CHEEK, LEFT_CHEEK = 234, 454
LEVEL_NOSE = 0.35  # where the nose's tip lies from the eyes (0) to the chin (1), looking ahead
INPUT, POINTS, PRESENCE = "input_1", "conv2d_21", "conv2d_31"


@dataclass(frozen=True, eq=False)
class Mesh:
    """Points of a face.

    Attributes:
        points: In pixels from the picture's upper left corner, shape (468, 2).
        presence: How sure the network is that there is a face, 0 to 1.
    """

    points: Points
    presence: float

    @property
    def five(self) -> Points:
        """Right eye, left eye, nose, right and left corner of the mouth, shape (5, 2)."""
        return five_points(self.points)


def five_points(points: npt.NDArray[Any]) -> Points:
    """Middles of the eyes, tip of the nose and corners of the mouth, of a mesh (468, 2)."""
    eyes = [points[list(eye)].mean(axis=0) for eye in (RIGHT_EYE, LEFT_EYE)]
    return np.array([*eyes, *points[[NOSE, RIGHT_MOUTH, LEFT_MOUTH]]], np.float64)


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
    """Pose of a mesh, shape (468, 2), whose points are not all in one place."""
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


class FaceMesh:
    """MediaPipe's face landmark network, on one thread.

    It looks twice: into a square around the detector's box, then into one around the points found
    there. So the points hardly depend on the box (2 % of its side more or less move them by 0.4 %
    of the distance of the outer corners of the eyes).

    Args:
        weights: Its file; the one that comes with this program if not given.

    Raises:
        ModelError: The file is no such network.
        MissingExtraError: OpenCV is not installed.

    Source:
        Kartynnik et al. 2019, "Real-time facial surface geometry from monocular video on mobile
        GPUs".
    """

    def __init__(self, weights: Path | None = None) -> None:
        self._cv2 = opencv("normalised faces")
        self._network = Network(weights or pretrained.find("face_mesh"))
        for output in (POINTS, PRESENCE):
            self._network.check(INPUT, [1, PX, PX, 3], output)

    def __call__(self, picture: Picture, detection: Detection) -> Mesh:
        """The mesh of a face that was detected.

        Args:
            picture: RGB, uint8, shape (height, width, 3).
            detection: Where the face is in it.

        Raises:
            PictureError: The network sees no face there.
        """
        left, top, width, height = detection.box
        centre = np.array((left + width / 2, top + height / 2))
        right_eye, left_eye = np.asarray(detection.points[:2], np.float64)
        points, _ = self._look(picture, centre, max(width, height), left_eye - right_eye)
        across = points[LEFT_EYE[1]] - points[RIGHT_EYE[0]]
        level = _turn(across)  # from the picture to where the eyes are level
        turned = points @ level.T
        low, high = turned.min(axis=0), turned.max(axis=0)
        centre, size = (low + high) / 2 @ level, float((high - low).max())
        points, presence = self._look(picture, centre, size, across)
        if presence < MIN_PRESENCE:
            raise PictureError("no face", f"{presence:.2g} probability of a face in its mesh")
        return Mesh(points, presence)

    def _look(
        self, picture: Picture, centre: Points, size: float, across: Points
    ) -> tuple[Points, float]:
        """Points and presence, from a square around a centre with ``across`` level."""
        scale = BOXES * max(size, 1.0) / PX  # pixels of the picture in one of the square
        back = _turn(across).T * scale  # from the square to the picture
        corner = centre - back @ np.full(2, PX / 2)
        # OpenCV counts from the pixels' centres.
        matrix = np.column_stack((back, corner + back @ np.full(2, 0.5) - 0.5))
        square = self._cv2.warpAffine(
            picture,
            matrix,
            (PX, PX),
            flags=self._cv2.INTER_LINEAR | self._cv2.WARP_INVERSE_MAP,
            borderMode=self._cv2.BORDER_REPLICATE,
        )
        fed = square[None].astype(np.float32) / np.float32(255)
        points, logit = self._network.run([POINTS, PRESENCE], {INPUT: fed})
        inside = points.reshape(N_POINTS, 3)[:, :2].astype(np.float64)
        presence = 1 / (1 + math.exp(-float(logit.ravel()[0])))
        return inside @ back.T + corner, presence


def _turn(across: Points) -> Points:
    """The turn after which a direction points right, shape (2, 2)."""
    x, y = across / max(float(np.hypot(*across)), 1e-9)
    return np.array(((x, y), (-y, x)))
