"""Where the faces of a picture are: boxes and five points each."""

from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from voice2face.arrays import Float32s, Float64s, Picture
from voice2face.errors import ModelError
from voice2face.faces.opencv import opencv

SIDES = (320, 640, 1280)  # px; pictures are shrunk to the first, to the next if nothing is found
MIN_SIDE = 64  # px; smaller ones are padded: OpenCV 4.10 sees faces in emptiness 32 px high
OVERLAP = 0.3  # of two boxes that are one face; OpenCV's own choice
MOST_FACES = 200
LOOK_PX = 128  # side of the cuts in which the points are found again
LOOK_BOXES = 1.4  # side of such a cut in the picture, in larger sides of the face's box
SAME_FACE = 0.3  # points found again are this close to those found first, in sides of the box
# A picture is turned only where a face scores so much higher in another turn than as it is, and
# where none is found as it is, only for one that scores this at least.
TURN_MARGIN, TURNED_SCORE = 0.01, 0.8
_MIRRORED = np.array((1, 0, 2, 4, 3))  # which point is which in the mirror


@dataclass(frozen=True)
class Detection:
    """A face that was found.

    Attributes:
        box: Left, top, width, height in pixels; may reach over the border.
        points: In pixels from the picture's upper left corner (not from the centre of its first
            pixel), shape (5, 2): right eye, left eye, nose, right and left corner of the mouth.
            "Right" is the person's right, which is left in the picture.
        score: How sure the detector is, 0 to 1.
    """

    box: tuple[float, float, float, float]
    points: Float32s
    score: float


class Detector(Protocol):
    """Whatever finds faces: a picture in, its faces out, the largest first."""

    def __call__(self, picture: Picture) -> list[Detection]:
        """Faces of an RGB picture, uint8, shape (height, width, 3)."""
        ...


class YuNet:
    """YuNet through OpenCV, single-threaded.

    It is asked about the picture at a small size first, which shows all that is larger than a
    thirtieth of it. Where nothing is found, it is asked again with a margin of half the picture's
    sides (very tight crops), then at larger sizes (small faces in large pictures).

    Its points jitter by 5 % of the distance of the eyes (median), whatever the resolution and
    independently from one look to the next. So those of the largest face are the mean of three
    looks: as found, in a cut around the face, and in the mirror of that cut.

    A picture may lie on its side or on its head. An upside-down face is found too, with points
    that make no sense, but the score is highest for the upright one of four quarter turns. So the
    largest face is looked at in all four, and where another turn than the picture's own scores
    highest, the faces are those of the turned picture, with their points where they are in this
    one: aligned by them, they come upright.

    Args:
        weights: The file ``yunet.onnx``.
        min_score: Faces that score less are not faces.

    Raises:
        MissingExtraError: OpenCV is not installed.
        ModelError: The file is not a network that OpenCV can read.

    Source:
        Wu, Peng and Yu 2023, "YuNet: a tiny millisecond-level face detector".
    """

    def __init__(self, weights: Path, min_score: float) -> None:
        self._cv2 = opencv("raw pictures")
        try:
            self._network = self._cv2.FaceDetectorYN.create(
                str(weights), "", (SIDES[0], SIDES[0]), min_score, OVERLAP, MOST_FACES
            )
        except self._cv2.error as error:
            raise ModelError(
                weights, "OpenCV cannot read it", "the face detector YuNet", "give another"
            ) from error

    def __call__(self, picture: Picture) -> list[Detection]:
        """Faces of a picture, the largest first; see :class:`Detector`."""
        found = self._found(picture)
        turn = self._turn(picture, found)
        if turn:
            picture = np.ascontiguousarray(np.rot90(picture, turn))
            found = self._found(picture)
        found = [self._closer(picture, face) for face in found[:1]] + found[1:]
        height, width = picture.shape[:2]
        return [_turned_back(face, turn, width, height) for face in found]

    def _found(self, picture: Picture) -> list[Detection]:
        """Faces that stand upright in a picture, or as good as, the largest first."""
        found = self._shrunk(picture, SIDES[0]) or self._with_margin(picture)
        for smaller, side in pairwise(SIDES):
            if not found and max(picture.shape[:2]) > smaller:
                found = self._shrunk(picture, side)
        return sorted(found, key=lambda face: face.box[2] * face.box[3], reverse=True)

    def _turn(self, picture: Picture, found: list[Detection]) -> int:
        """How many quarter turns (as those of ``numpy.rot90``) bring the largest face upright.

        Args:
            picture: The picture as it is.
            found: Its faces; empty: the whole picture is looked at in the other turns.
        """
        if found:
            seen, least = self._around(picture, found[0])[0], 0.0
        else:
            seen, least = self._resized(picture, SIDES[0])[0], TURNED_SCORE
        scores = [self._best_score(np.rot90(seen, turn)) for turn in range(4)]
        best = int(np.argmax(scores))
        return best if scores[best] > max(least, scores[0] + TURN_MARGIN) else 0

    def _best_score(self, picture: Picture) -> float:
        return max((face.score for face in self._ask(picture)), default=0.0)

    def _shrunk(self, picture: Picture, max_side: float) -> list[Detection]:
        picture, back = self._resized(picture, max_side)
        return [_moved(face, back, np.zeros(2)) for face in self._ask(picture)]

    def _with_margin(self, picture: Picture) -> list[Detection]:
        picture, back = self._resized(picture, SIDES[0] / 2)
        height, width = picture.shape[:2]
        margin = (-(-width // 2), -(-height // 2))  # rounded up
        window = (-margin[0], -margin[1], width + margin[0], height + margin[1])
        found = self._ask(self._cut(picture, window))
        found = [_moved(face, np.ones(2), -np.array(margin)) for face in found]
        inside = [face for face in found if _centre_inside(face, width, height)]
        return [_moved(face, back, np.zeros(2)) for face in inside]

    def _closer(self, picture: Picture, face: Detection) -> Detection:
        """The face with its points averaged over three looks."""
        cut, corner, side, back = self._around(picture, face)
        near = _moved(face, 1 / back, np.zeros(2))
        again = [found.points for found in self._ask(cut)[:3]]
        mirrored = [found.points[_MIRRORED] for found in self._ask(cut[:, ::-1])[:3]]
        again += [points * (-1, 1) + (LOOK_PX, 0) for points in mirrored]
        looks = [points * (side / LOOK_PX) + corner for points in again]
        size = max(near.box[2:])
        same = [p for p in looks if np.abs(p - near.points).max() < SAME_FACE * size]
        points = np.mean([near.points, *same], axis=0) * back
        return replace(face, points=points.astype(np.float32))

    def _around(
        self, picture: Picture, face: Detection
    ) -> tuple[Picture, tuple[int, int], int, Float64s]:
        """A square cut around a face, ``LOOK_PX`` a side.

        Returns:
            The cut; its upper left corner and its side in the picture, which was made smaller for
            it; the factors (x, y) back from there to the picture as it is.
        """
        wanted = 4 * LOOK_PX / (LOOK_BOXES * max(*face.box[2:], 1.0))  # more would not be seen
        picture, back = self._resized(picture, wanted * max(picture.shape[:2]))
        left, top, width, height = _moved(face, 1 / back, np.zeros(2)).box
        side = max(1, round(LOOK_BOXES * max(width, height)))
        corner = (round(left + (width - side) / 2), round(top + (height - side) / 2))
        cut = self._cut(picture, (*corner, corner[0] + side, corner[1] + side))
        way = self._cv2.INTER_AREA if side > LOOK_PX else self._cv2.INTER_LINEAR
        return self._cv2.resize(cut, (LOOK_PX, LOOK_PX), interpolation=way), corner, side, back

    def _resized(self, picture: Picture, max_side: float) -> tuple[Picture, Float64s]:
        """The picture, smaller if it is larger, and the factors (x, y) back to where it was."""
        height, width = picture.shape[:2]
        scale = max_side / max(height, width)
        if scale >= 1:
            return picture, np.ones(2)
        size = (max(1, round(scale * width)), max(1, round(scale * height)))
        small = self._cv2.resize(picture, size, interpolation=self._cv2.INTER_AREA)
        return small, np.array((width / size[0], height / size[1]))

    def _cut(self, picture: Picture, window: tuple[int, int, int, int]) -> Picture:
        """From (left, top) to (right, bottom); what lies outside the picture has its mean colour.

        Mirrored borders would show second faces: with them fewer are found, and less exactly.
        """
        height, width = picture.shape[:2]
        x0, y0, x1, y1 = window
        inside = picture[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)]
        if min(x0, y0) >= 0 and x1 <= width and y1 <= height:
            return inside
        cut = np.empty((y1 - y0, x1 - x0, 3), np.uint8)
        cut[:] = self._cv2.mean(inside)[:3] if inside.size else 128
        at_y, at_x = max(0, -y0), max(0, -x0)
        cut[at_y : at_y + inside.shape[0], at_x : at_x + inside.shape[1]] = inside
        return cut

    def _ask(self, picture: Picture) -> list[Detection]:
        """Faces as the network sees them, in pixels of this very picture."""
        height, width = picture.shape[:2]
        if min(height, width) < MIN_SIDE:
            window = (0, 0, max(width, MIN_SIDE), max(height, MIN_SIDE))
            picture = self._cut(picture, window)
        bgr = np.ascontiguousarray(picture[..., ::-1])
        self._network.setInputSize((bgr.shape[1], bgr.shape[0]))
        rows = self._network.detect(bgr)[1]  # (faces, 15) or None
        return [] if rows is None else [_detection(row) for row in rows if np.isfinite(row).all()]


def _detection(row: Float32s) -> Detection:
    left, top, width, height = (float(value) for value in row[:4])
    return Detection((left, top, width, height), row[4:14].reshape(5, 2).copy(), float(row[14]))


def _moved(face: Detection, scale: Float64s, offset: npt.NDArray[Any]) -> Detection:
    """The face of a picture that was scaled (x, y), then moved, in the coordinates before that."""
    left, top, width, height = face.box
    (sx, sy), (dx, dy) = scale.tolist(), offset.tolist()
    box = (left * sx + dx, top * sy + dy, width * sx, height * sy)
    return replace(face, box=box, points=(face.points * scale + offset).astype(np.float32))


def _turned_back(face: Detection, turn: int, width: int, height: int) -> Detection:
    """The face of a picture that was turned, where it is in the picture before that.

    Args:
        face: In the turned picture.
        turn: Quarter turns that were made, as those of ``numpy.rot90``.
        width: Width of the turned picture.
        height: Height of the turned picture.
    """
    for _ in range(turn):
        left, top, box_width, box_height = face.box
        box = (height - top - box_height, left, box_height, box_width)
        x, y = face.points.T
        face = replace(face, box=box, points=np.stack((height - y, x), axis=1))
        width, height = height, width
    return face


def _centre_inside(face: Detection, width: int, height: int) -> bool:
    left, top, box_width, box_height = face.box
    return 0 <= left + box_width / 2 <= width and 0 <= top + box_height / 2 <= height
