"""Normalised faces: any frontal picture laid point by point on one mean shape, in even light.

What differs from picture to picture of one person is taken out (pose within what the filters let
through, the shape of the mouth, light from one side, the tint of the light, what lies behind); what
differs from person to person stays: the texture in the picture, the shape beside it.
"""

import math
from dataclasses import dataclass

import numpy as np

from voice2face.arrays import Float32s, Picture
from voice2face.faces.align import CLOSE_AT, CLOSER
from voice2face.faces.detect import Detection
from voice2face.faces.evenness import even_light, even_tint
from voice2face.faces.layout import Layout, sampled
from voice2face.faces.luma import LUMA
from voice2face.faces.masks import SELFIE_PX, Masks
from voice2face.faces.mesh import FaceMesh, Mesh, Pose, pose
from voice2face.faces.opencv import resized
from voice2face.faces.quality import at_least, at_most
from voice2face.faces.settings import NormalisedFace
from voice2face.faces.spectacles import read_weights, spectacles

BACKGROUND = 232.0  # the light grey that takes the place of what lies outside


@dataclass(frozen=True, eq=False)
class Normalised:
    """A normalised face.

    Attributes:
        texture: RGB, uint8, on the mean shape in even light, with all that surrounds the face,
            shape (px, px, 3).
        person: How much of each pixel is the person, with hair or without, 0 to 255,
            shape (px, px).
        shape: Where its points were, in sides of the layout, shape (468, 2).
        figures: What the filters looked at, by name.
    """

    texture: Picture
    person: Picture
    shape: Float32s
    figures: dict[str, float]

    @property
    def picture(self) -> Picture:
        """The face before a plain background, uint8, shape (px, px, 3)."""
        share = self.person[..., None].astype(np.float32) / np.float32(255)
        whole = BACKGROUND + (self.texture.astype(np.float32) - np.float32(BACKGROUND)) * share
        return np.asarray(np.rint(whole), np.uint8)


def normalised_px(px: int) -> int:
    """Side of the normalised face whose :func:`close_up` has ``px`` pixels, a multiple of 8."""
    return int(px * CLOSER)


def close_up(picture: Picture) -> Picture:
    """The square of a normalised face that the face fills: geometry ``normalised-close``.

    Args:
        picture: Of ``normalised_px(px)`` pixels a side, shape (side, side, channels).

    Returns:
        Shape (px, px, channels).
    """
    side = len(picture)
    x, y = (int(side * at) for at in CLOSE_AT)
    px = int(side / CLOSER)
    return picture[y : y + px, x : x + px]


class Normaliser:
    """Normalises the faces of one process; all on one thread.

    Args:
        settings: Size, with or without hair, filters.

    Raises:
        MissingExtraError: OpenCV is not installed.
        ModelError: The mask network is missing; with hair only.
    """

    def __init__(self, settings: NormalisedFace) -> None:
        self.layout = Layout.read()
        self._settings = settings
        self._mesh = FaceMesh()
        self._grid = self.layout.grid(settings.px)
        self._inside = self.layout.inside(settings.px)  # (px, px)
        self._spectacles = read_weights()
        self._masks = Masks(("background",)) if settings.hair else None

    def __call__(self, picture: Picture, detection: Detection) -> Normalised:
        """The normalised face of a picture.

        Args:
            picture: RGB, uint8, shape (height, width, 3).
            detection: Where the face is in it.

        Raises:
            PictureError: No face in the mesh's view, or a filter refused it: ``not frontal``,
                ``open mouth``, ``spectacles``, ``dark``, ``burnt``, ``grey``.
        """
        mesh = self._mesh(picture, detection)
        posed = pose(mesh.points)
        self._check_pose(posed)
        laid = self._laid(picture, mesh)
        figures = self._figures(laid, posed)
        self._check_pixels(figures)
        texture = even_tint(even_light(laid, self._inside), self._inside)
        return Normalised(
            np.clip(np.rint(texture), 0, 255).astype(np.uint8),
            np.rint(255 * self._person(laid)).astype(np.uint8),
            self.layout.own_shape(mesh.points).astype(np.float32),
            figures,
        )

    def _laid(self, picture: Picture, mesh: Mesh) -> Float32s:
        """The picture on the mean shape, shape (px, px, 3)."""
        points = self.layout.with_rings(mesh.points)
        five, target = mesh.five, self.layout.five * self._settings.px
        shrink = math.dist(five[0], five[1]) / math.dist(target[0], target[1])
        if (factor := int(shrink)) > 1:  # whole blocks of pixels: no detail is skipped
            height, width = (side // factor * factor for side in picture.shape[:2])
            blocks = picture[:height, :width].reshape(height // factor, factor, -1, factor, 3)
            picture, points = blocks.mean(axis=(1, 3)), points / factor
        return sampled(picture, self._grid.between(points))

    def _figures(self, laid: Float32s, posed: Pose) -> dict[str, float]:
        skin = laid[self._inside > 0.5]  # (pixels, 3)
        return {
            "turned": posed.turned,
            "nodded": posed.nodded,
            "mouth": posed.mouth,
            "brightness": float((skin @ LUMA).mean()),
            "burnt": float((skin.max(axis=-1) > 250).mean()),
            "colour": float((skin.max(axis=-1) - skin.min(axis=-1)).mean()),
            "spectacles": spectacles(laid, self._spectacles),
        }

    def _check_pose(self, posed: Pose) -> None:
        filters = self._settings.filters
        at_most("not frontal", abs(posed.turned), "turned aside", filters.max_turned)
        at_most("not frontal", abs(posed.nodded), "turned up or down", filters.max_nodded)
        at_most("open mouth", posed.mouth, "of the face's height", filters.max_mouth)

    def _check_pixels(self, figures: dict[str, float]) -> None:
        filters = self._settings.filters
        at_most("burnt", figures["burnt"], "of the face at its brightest", filters.max_burnt)
        at_most("spectacles", figures["spectacles"], "as spectacles", filters.max_spectacles)
        at_least("dark", figures["brightness"], "brightness", filters.min_brightness)
        at_least("grey", figures["colour"], "colour", filters.min_colour)

    def _person(self, laid: Float32s) -> Float32s:
        """How much of each pixel is the person, 0 to 1, shape (px, px)."""
        if self._masks is None:
            return self._inside
        crop = np.clip(np.rint(laid), 0, 255).astype(np.uint8)
        found = resized(self._masks(resized(crop, SELFIE_PX)), self._settings.px)
        return np.asarray(np.maximum(found, self._inside), np.float32)
