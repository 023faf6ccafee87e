"""From a picture or a video to aligned faces that are good enough, or to the reason why not."""

import contextlib
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from voice2face.arrays import Bools, Float32s, Picture
from voice2face.faces import quality
from voice2face.faces.align import GEOMETRIES, align, inside_picture, widened
from voice2face.faces.detect import Detection, Detector, YuNet
from voice2face.faces.masks import CONTEXT, Masks
from voice2face.faces.normalise import Normaliser, close_up, normalised_px
from voice2face.faces.pictures import PictureError, read_picture, square_pixels
from voice2face.faces.quality import Quality
from voice2face.faces.settings import FaceCrop, NormalisedFace

# A crop that shows more around the face, (256, 256, 3), and which of its pixels show the picture
# and not its mirror, (256, 256); None: all.
Context = tuple[Picture, Bools | None]

# Larger pictures may be read at a fraction of their size, but never below these sides: what
# detection needs, and where a face over a sixteenth of the picture still fills its crop.
LARGEST_SIDE = 1024
CROPS_A_SIDE = 16

# What the masks are made from: a crop of the same face that shows more around it.
CONTEXT_PX = 256
MIDDLE_PX = round(CONTEXT_PX / CONTEXT)
GREY = 128  # what takes the place of removed pixels

MIN_LOOKS = 24  # frames of a video that are looked at
LOOKS_A_FACE = 4  # or this many for each face wanted, if that is more


@dataclass(frozen=True)
class Face:
    """An aligned face.

    Attributes:
        pixels: RGB, uint8, shape (px, px, 3).
        quality: What is known of it.
        shape: Where the points of its mesh were, in sides of the face, shape (468, 2); of the
            geometry ``normalised`` alone.
    """

    pixels: Picture
    quality: Quality
    shape: Float32s | None = None


class FaceMaker:
    """Makes the faces of one process; opens detector and mask networks when first needed.

    Args:
        settings: Size, geometry, filters, what to remove.
        detector: Finds the faces; YuNet if none is given, its file found by
            :func:`voice2face.assets.pretrained.find`.
    """

    def __init__(self, settings: FaceCrop, detector: Detector | None = None) -> None:
        self._settings = settings
        self._given = detector

    def from_picture(self, data: bytes) -> Face:
        """The largest face of a picture.

        Args:
            data: The content of the file.

        Raises:
            PictureError: It cannot be read, shows no face, or none that passes the filters.
            Voice2FaceError: Detector or mask network is missing.
        """
        largest_side = max(LARGEST_SIDE, CROPS_A_SIDE * self._settings.px)
        return self._masked(*self._face(read_picture(data, largest_side)))

    def from_aligned(self, data: bytes) -> Face:
        """A picture that is an aligned face already: its centred square. Nothing is filtered.

        Args:
            data: The content of the file.

        Raises:
            PictureError: It cannot be read.
            Voice2FaceError: The mask network is missing.
        """
        face = Face(square_pixels(data, self._settings.px), Quality())
        if not self._settings.remove:
            return face
        border = (CONTEXT_PX - MIDDLE_PX) // 2
        middle = square_pixels(data, MIDDLE_PX)
        mirrored = np.pad(middle, ((border,) * 2, (border,) * 2, (0, 0)), "reflect")
        return self._masked(face, (mirrored, None))

    def from_video(self, path: Path) -> list[Face]:
        """The best few faces of a video with one speaker, in order of time.

        Of several video tracks the default one is looked at, and if it shows no face, as a shared
        screen, the others in turn.

        Raises:
            PictureError: It cannot be read, or no frame has a face that passes the filters: the
                commonest reason, and its first detail.
            Voice2FaceError: Detector or mask network is missing.
        """
        from voice2face.faces.video import n_tracks

        errors: list[PictureError] = []
        found = self._faces_of_track(path, 0, errors)
        for track in range(1, 1 if found else n_tracks(path)):
            found = found or self._faces_of_track(path, track, errors)
        best = {id(f) for f in best_few([f for f, _ in found], self._settings.faces_per_video)}
        masked: list[Face] = []
        for face, context in found:
            if id(face) in best:
                with _noted(errors):
                    masked.append(self._masked(face, context))
        if not masked:
            raise _commonest(errors)
        return masked

    def _faces_of_track(
        self, path: Path, track: int, errors: list[PictureError]
    ) -> list[tuple[Face, Context | None]]:
        """Faces of one video track, and what their masks are made from."""
        from voice2face.faces.video import sample_frames

        found: list[tuple[Face, Context | None]] = []
        n = max(MIN_LOOKS, LOOKS_A_FACE * self._settings.faces_per_video)
        for time_s, frame in sample_frames(path, n, track):
            with _noted(errors):
                found.append(self._face(frame, time_s))
        return found

    def _face(self, picture: Picture, time_s: float | None = None) -> tuple[Face, Context | None]:
        """The largest face of a picture, checked and not yet masked; what its mask is made from."""
        found = self._detector(picture)
        if not found:
            height, width = picture.shape[:2]
            raise PictureError("no face", f"none found in {width}×{height} pixels")
        detection = found[0]
        geometry, px = GEOMETRIES[self._settings.geometry], self._settings.px
        try:
            pixels, outside = align(picture, detection.points, geometry, px)
            measured = pixels
            if px != quality.MEASURED_PX:
                measured, _ = align(picture, detection.points, geometry, quality.MEASURED_PX)
        except ValueError as error:
            raise PictureError("no face", str(error)) from error
        figures = Quality(
            score=detection.score,
            n_faces=len(found),
            eyes_px=quality.eye_distance(detection.points),
            yaw_deg=quality.yaw(detection.points),
            sharpness=quality.sharpness(measured),
            brightness=quality.brightness(measured),
            outside=outside,
            time_s=time_s,
        )
        quality.check(figures, self._settings.filters)
        if not self._settings.is_normalised:
            return Face(pixels, figures), self._context(picture, detection)
        laid = self._normaliser(picture, detection)  # with or without hair already
        if self._settings.is_close_up:
            return Face(close_up(laid.picture), figures), None
        return Face(laid.picture, figures, laid.shape), None

    def _context(self, picture: Picture, detection: Detection) -> Context | None:
        """What the masks are made from, if any are wanted."""
        if not self._settings.remove:
            return None
        geometry = widened(GEOMETRIES[self._settings.geometry], CONTEXT)
        pixels, outside = align(picture, detection.points, geometry, CONTEXT_PX)
        if not outside:
            return pixels, None
        size = (picture.shape[1], picture.shape[0])
        return pixels, inside_picture(size, detection.points, geometry, CONTEXT_PX)

    def _masked(self, face: Face, context: Context | None) -> Face:
        """The face with grey in the place of what is to be removed."""
        if context is None:
            return face
        border = (CONTEXT_PX - MIDDLE_PX) // 2
        keep = self._masks(*context)[border:-border, border:-border]
        size = (self._settings.px, self._settings.px)
        small = Image.fromarray(keep.astype(np.float32)).resize(size, Image.Resampling.BILINEAR)
        keep = np.asarray(small).clip(0, 1)[..., None]
        pixels = np.round(GREY + (face.pixels.astype(np.float32) - GREY) * keep).astype(np.uint8)
        return Face(pixels, replace(face.quality, removed=float(1 - keep.mean())))

    @cached_property
    def _detector(self) -> Detector:
        if self._given is not None:
            return self._given
        from voice2face.assets import pretrained

        return YuNet(pretrained.find("yunet"), self._settings.filters.min_score)

    @cached_property
    def _normaliser(self) -> Normaliser:
        hair = "hair" not in self._settings.remove
        px = normalised_px(self._settings.px) if self._settings.is_close_up else self._settings.px
        return Normaliser(NormalisedFace(px=px, hair=hair, filters=self._settings.normalised))

    @cached_property
    def _masks(self) -> Masks:
        return Masks(self._settings.remove)


def best_few(candidates: Sequence[Face], k: int) -> list[Face]:
    """The best faces of a video, spread over its time.

    A face is better the surer the detector, the more frontal, the larger (up to 60 pixels between
    the eyes), the sharper beside the others, and the less of it lies outside the picture; what is
    not known counts as good. The time is cut into ``k`` equal parts: the best of each is taken,
    then the best of what is left.

    Args:
        candidates: Faces from one video.
        k: How many at most.

    Returns:
        In the order of their times.
    """
    if not candidates:
        return []
    sharpest = max(face.quality.sharpness or 0.0 for face in candidates)
    ranked = sorted(candidates, key=lambda face: -_goodness(face, sharpest))  # stable
    times = [face.quality.time_s or 0.0 for face in candidates]
    part_s = (max(times) - min(times)) / k or 1.0
    firsts: dict[int, Face] = {}
    for face in ranked:
        part = min(int(((face.quality.time_s or 0.0) - min(times)) / part_s), k - 1)
        firsts.setdefault(part, face)
    chosen = list(firsts.values())
    taken = {id(face) for face in chosen}
    chosen += [face for face in ranked if id(face) not in taken][: k - len(chosen)]
    return sorted(chosen, key=lambda face: face.quality.time_s or 0.0)


def _goodness(face: Face, sharpest: float) -> float:
    known = face.quality
    score = 1.0 if known.score is None else known.score
    frontal = math.cos(math.radians(min(2 * abs(known.yaw_deg or 0.0), 90)))
    size = 1.0 if known.eyes_px is None else min(known.eyes_px / 60, 1.0)
    sharp = 1.0
    if sharpest > 0 and known.sharpness is not None:
        sharp = max(known.sharpness, 0.0) / sharpest
    inside = 1 - (known.outside or 0.0)
    return score * frontal * math.sqrt(size) * math.sqrt(sharp) * inside


@contextlib.contextmanager
def _noted(errors: list[PictureError]) -> Iterator[None]:
    """Goes on after a picture that can't be used."""
    try:
        yield
    except PictureError as error:
        errors.append(error)


def _commonest(errors: list[PictureError]) -> PictureError:
    if not errors:
        return PictureError("no pictures in the video", "not one frame could be read")
    reason, n = Counter(error.reason for error in errors).most_common(1)[0]
    first = next(error for error in errors if error.reason == reason)
    return PictureError(reason, f"{n} of {len(errors)} frames, the first: {first.detail}")
