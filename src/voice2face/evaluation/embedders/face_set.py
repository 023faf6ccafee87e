"""Pictures of faces, with the place of the face in each: the input of embedders and judges."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voice2face.arrays import Picture, Points
from voice2face.errors import CorpusError
from voice2face.faces import GEOMETRIES, PictureError, YuNet, read_picture
from voice2face.faces.align import aligned, similarity, widened
from voice2face.faces.crop import LARGEST_SIDE
from voice2face.faces.detect import Detector
from voice2face.faces.opencv import opencv
from voice2face.faces.pictures import MAX_BYTES
from voice2face.files import stored_text

MIN_SCORE = 0.6  # least score of the detector for a face
# Of a picture the face and its surroundings are kept, as far as any geometry reaches, at twice the
# size that a crop of 128 pixels needs or more.
KEPT = 2.0  # sides of the released crop
KEPT_PX = 256  # of the released crop in it
SAME_PLACE = 1e-3  # pixels; points this close to each other are the same
BLOCK = 64  # faces aligned at once
NEEDED_FOR = "comparing faces"  # OpenCV


@dataclass(frozen=True)
class LeftOut:
    """A picture or recording that is left out, and why.

    Attributes:
        row: Its number among the given ones, from 0.
        thing: Name of its file, as one line of text.
        reason: One of few: "no such file", "not a picture", "no face" ...
        detail: What was found.
    """

    row: int
    thing: str
    reason: str
    detail: str


@dataclass(frozen=True, eq=False)
class FaceSet:
    """Pictures, and the place of the face in each.

    Attributes:
        pictures: RGB, uint8, each (height, width, 3); or all in one array (n, px, px, 3).
        points: Right eye, left eye, nose, right and left corner of the mouth in pixels from the
            upper left corner, shape (n, 5, 2). "Right" is left in the picture.
    """

    pictures: Sequence[Picture] | Picture
    points: Points

    def __post_init__(self) -> None:
        if self.points.shape != (len(self.pictures), 5, 2) or not np.isfinite(self.points).all():
            raise CorpusError(
                "face set",
                f"points of shape {self.points.shape} for {len(self.pictures)} pictures",
                "five finite points for each",
                "give them in that shape",
            )

    def __len__(self) -> int:
        return len(self.pictures)

    @classmethod
    def of_crops(cls, crops: Picture, geometry: str | npt.ArrayLike = "released") -> "FaceSet":
        """Faces that all lie at the same place in their pictures, such as those of a corpus.

        Args:
            crops: RGB, uint8, shape (n, px, px, 3).
            geometry: A name of ``faces.GEOMETRIES``, or five points as fractions of the side,
                shape (5, 2).

        Raises:
            CorpusError: Crops of another shape or type, or no such geometry.
        """
        if crops.ndim != 4 or crops.shape[1] != crops.shape[2] or crops.shape[3] != 3:
            raise _not_crops(f"shape {crops.shape}")
        if crops.dtype != np.uint8:
            raise _not_crops(f"type {crops.dtype}")
        points = geometry_of(geometry) * crops.shape[1]
        return cls(crops, np.broadcast_to(points, (len(crops), 5, 2)))

    @classmethod
    def of_pictures(
        cls, pictures: Iterable[Picture], detect: Detector
    ) -> tuple["FaceSet", list[LeftOut]]:
        """The largest face of each picture.

        Args:
            pictures: RGB, uint8, each (height, width, 3).
            detect: Function that finds faces; see :func:`detector`.

        Returns:
            The faces, in order, and the pictures without one.
        """
        named = ((f"picture {i}", picture) for i, picture in enumerate(pictures, start=1))
        return _found(((name, partial(np.asarray, picture)) for name, picture in named), detect)

    @classmethod
    def of_files(cls, paths: Iterable[Path], detect: Detector) -> tuple["FaceSet", list[LeftOut]]:
        """The largest face of each picture file; only the part around the face is kept.

        Args:
            paths: The files.
            detect: See :meth:`of_pictures`.

        Returns:
            The faces, in order, and the files that are missing, damaged or without a face.
        """
        return _found(((stored_text(str(path)), partial(_read, path)) for path in paths), detect)

    def aligned(self, geometry: Points, px: int) -> Picture:
        """All faces as square crops of one geometry.

        Args:
            geometry: Where the points should lie, as fractions of the side, shape (5, 2).
            px: Side of the crops; pictures that are such crops already are taken as they are.

        Returns:
            RGB, uint8, shape (n, px, px, 3).

        Raises:
            MissingExtraError: OpenCV is not installed.
        """
        crops = np.empty((len(self), px, px, 3), np.uint8)
        target = geometry * px
        for crop, picture, points in zip(crops, self.pictures, self.points, strict=True):
            as_wanted = np.abs(points - target).max() < SAME_PLACE
            if as_wanted and picture.shape == crop.shape:
                crop[:] = picture
            else:
                crop[:] = _aligned(picture, points, geometry, px)
        return crops

    def blocks(self, n: int = BLOCK) -> Iterator["FaceSet"]:
        """The same faces, few at a time, so that few crops are held at once."""
        for start in range(0, len(self), n):
            rows = slice(start, start + n)
            yield FaceSet(self.pictures[rows], self.points[rows])


def geometry_of(geometry: str | npt.ArrayLike) -> Points:
    """Where the five points lie in a crop, as fractions of its side, shape (5, 2).

    Raises:
        CorpusError: No such name, or not five finite points.
    """
    if isinstance(geometry, str):
        if geometry not in GEOMETRIES:
            known = ", ".join(GEOMETRIES)
            raise CorpusError(f"geometry '{geometry}'", "not known", known, "correct the name")
        return GEOMETRIES[geometry]
    points = np.asarray(geometry, np.float64)
    if points.shape != (5, 2) or not np.isfinite(points).all() or np.ptp(points) == 0:
        raise CorpusError(
            "geometry", f"shape {points.shape}", "five points, as fractions", "correct it"
        )
    return points


def detector() -> Detector:
    """YuNet, the detector that this program uses everywhere.

    Raises:
        MissingExtraError: OpenCV is not installed.
        ModelError: Its file is missing.
    """
    from voice2face.assets import pretrained

    return YuNet(pretrained.find("yunet"), MIN_SCORE)


def _found(
    named: Iterable[tuple[str, Callable[[], Picture]]], detect: Detector
) -> tuple[FaceSet, list[LeftOut]]:
    pictures: list[Picture] = []
    points: list[Points] = []
    left_out: list[LeftOut] = []
    for row, (name, read) in enumerate(named):
        try:
            picture, at = _face(read(), detect)
        except PictureError as error:
            left_out.append(LeftOut(row, name, error.reason, error.detail))
        else:
            pictures.append(picture)
            points.append(at)
    return FaceSet(pictures, np.array(points, np.float64).reshape(-1, 5, 2)), left_out


def _read(path: Path) -> Picture:
    try:
        # A regular file only: opening a named pipe would never return.
        if not path.is_file():
            raise PictureError("no such file", "a folder" if path.is_dir() else "nothing there")
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        reason = getattr(error, "strerror", None) or str(error)
        raise PictureError("unreadable file", reason) from error
    return read_picture(data, LARGEST_SIDE)


def _face(picture: Picture, detect: Detector) -> tuple[Picture, Points]:
    """The part of a picture that shows its largest face, and the points in it."""
    found = detect(picture)
    if not found:
        height, width = picture.shape[:2]
        raise PictureError("no face", f"none found in {width}×{height} pixels")
    points = np.asarray(found[0].points, np.float64)
    try:
        to_crop = similarity(points, widened(GEOMETRIES["released"], KEPT))
    except ValueError as error:
        raise PictureError("no face", str(error)) from error
    square = np.array(((0, 0), (1, 0), (0, 1), (1, 1)), np.float64)
    corners = np.linalg.solve(to_crop[:, :2], (square - to_crop[:, 2]).T).T
    size = np.array((picture.shape[1], picture.shape[0]))
    low = np.clip(np.floor(corners.min(axis=0)), 0, size - 1).astype(int)
    high = np.clip(np.ceil(corners.max(axis=0)), low + 1, size).astype(int)
    part = picture[low[1] : high[1], low[0] : high[0]]
    side = 1 / (KEPT * float(np.hypot(*to_crop[:, 0])))  # of the released crop, in pixels
    factor = min(int(side // KEPT_PX), *part.shape[:2])
    return (_reduced(part, factor), (points - low) / max(factor, 1))


def _reduced(picture: Picture, factor: int) -> Picture:
    """A picture reduced by a whole factor, by means of blocks; always a copy."""
    if factor < 2:
        return picture.copy()
    height, width = (side // factor * factor for side in picture.shape[:2])
    cv2, size = opencv(NEEDED_FOR), (width // factor, height // factor)
    resized = cv2.resize(picture[:height, :width], size, interpolation=cv2.INTER_AREA)
    return np.asarray(resized, np.uint8)


def _aligned(picture: Picture, points: Points, geometry: Points, px: int) -> Picture:
    opencv(NEEDED_FOR)
    try:
        return aligned(picture, points, geometry, px)
    except ValueError as error:
        raise CorpusError(
            "face set", str(error), "five different points", "give the points of a face"
        ) from error


def _not_crops(found: str) -> CorpusError:
    return CorpusError("face set", found, "uint8 of shape (n, px, px, 3)", "give square pictures")
