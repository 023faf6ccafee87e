"""From a face's code to its picture: texture, shape, what surrounds the face, and light.

A code is a row of numbers of mean 0 and spread 1 among the people that the face space was fitted
on: first the principal components of texture, then those of shape.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from voice2face.faces.drawing import Drawing
from voice2face.faces.layout import Layout
from voice2face.faces.mesh import N_POINTS
from voice2face.generators.heads import ARRAYS as HEADS
from voice2face.generators.heads import Heads
from voice2face.generators.light import ARRAYS as LIGHT
from voice2face.generators.light import Light
from voice2face.generators.rows import times
from voice2face.generators.soft import blur_matrix, blurred, smooth_step

Floats = npt.NDArray[np.float32]

BACKGROUND = 232.0  # of 255: light grey, before which faces are put together
BACKDROP = (222.0, 227.0, 233.0)  # RGB of what is behind the head, of a face without chance
DARKER = 0.84  # the backdrop's corners, as a share of its middle
MIDDLE = (0.5, 0.42)  # of the side: where the backdrop is lightest
EDGE = (0.3, 0.7)  # mean opacities that become 0 and 1: people's outlines differ, a face has one
FURTHEST = 3.5  # spreads: a component further out is taken back to there
# What surrounds the face takes its tint from the face's border, as far as it looks like skin.
REACH = 0.05  # of the side
UNLIKE = 0.25  # difference in colour at which skin is skin no more
AGE_MIDDLE, AGE_SPREAD = 48.0, 12.0  # years; of the people whose surroundings were learned
FURTHEST_AGE = 2.0  # spreads
# The first components of texture are colour and light, which go with hair.
ABOUT_HAIR, FURTHEST_TONE = 8, 2.5  # components, spreads
CHEEKS = 0.9  # of the blend: within, there is skin, eyes and mouth
FINE = 1.7  # pixels of the textures: what is finer than that is made stronger by sharpening
LEAST_SHARP = np.float32(0.3)  # share of sharpening outside the face: mixed hair has strands enough


@dataclass(frozen=True, eq=False)
class Looks:
    """People to be drawn.

    Attributes:
        codes: Shape (n, K).
        male: Whether each is a man, shape (n,).
        age: Age in years, shape (n,).
        hair: Chance in what surrounds the face, mean 0 and spread 1, shape (n, H); or zeros.
        backdrop: RGB of what is behind the head, 0 to 255, shape (n, 3); ``BACKDROP`` if None.
        heads: Which head each has, of ``Heads``, shape (n,); None: what surrounds usual people.
        photographed: Whether faces are in the light of photographs, or in a studio's.
    """

    codes: Floats
    male: npt.NDArray[np.bool_]
    age: Floats
    hair: Floats
    backdrop: Floats | None = None
    heads: npt.NDArray[np.int64] | None = None
    photographed: bool = False


class FaceDecoder:
    """Draws people of a face space.

    Args:
        arrays: ``texture_mean``, ``texture_basis``, ``texture_scale``, ``region``, ``blend``,
            ``shape_mean``, ``shape_basis``; and, where faces were learned without what surrounds
            them, ``around_mean``, ``around``, ``around_step``, each of women and of men, and
            those of heads and of the light on drawn people.
        px: Side of the faces.
        sharpening: How much is added of what is finer than a pixel of the textures.
    """

    def __init__(self, arrays: Mapping[str, npt.NDArray[Any]], px: int, sharpening: float) -> None:
        self.px, self._sharpening = px, sharpening
        self._region = arrays["region"]  # (side, side)
        self._blend = arrays["blend"].astype(np.float32)[..., None]  # (side, side, 1)
        self._texture_mean = arrays["texture_mean"].astype(np.float32)
        self._texture_scale = arrays["texture_scale"].astype(np.float32)
        self._texture_basis = arrays["texture_basis"].astype(np.float32)
        self._shape_mean = arrays["shape_mean"].astype(np.float32).ravel()
        self._shape_basis = arrays["shape_basis"].astype(np.float32)
        self._around: Floats | None = None
        if "around_mean" in arrays:
            self._around_mean = arrays["around_mean"].astype(np.float32)
            self._around_step = arrays["around_step"].astype(np.float32)
            self._around = arrays["around"].astype(np.float32)
        side = self._region.shape[0]
        # To a quarter of the size and back: what is so soft needs no more.
        self._soft = blur_matrix(side, REACH * side)[2::4]
        self._back = blur_matrix(side, 2.0)[2::4].T
        self._back /= self._back.sum(axis=1, keepdims=True)
        self._fine = blur_matrix(side, FINE)
        self.heads = Heads(arrays, self._blend) if HEADS.keys() <= arrays.keys() else None
        self._light: Light | None = None
        if LIGHT.keys() <= arrays.keys():
            self._light = Light(arrays, Layout.read().inside(side)[..., None])
        ring = 4 * self._blend * (1 - self._blend)
        self._ring, self._ring_soft = ring, np.maximum(self._softened(ring), 1e-3)
        self._reach = np.clip(3 * self._ring_soft / self._ring_soft.max(), 0, 1)
        self._draw = Drawing(Layout.read(), px)
        at = (np.arange(side, dtype=np.float32) + np.float32(0.5)) / np.float32(side)
        apart = np.hypot(at - np.float32(MIDDLE[0]), at[:, None] - np.float32(MIDDLE[1]))
        self._backdrop = (1 - (1 - DARKER) * np.minimum(apart / np.float32(0.75), 1) ** 2)[
            ..., None
        ]

    def __call__(self, looks: Looks) -> Floats:
        """Their faces, RGB in 0 to 255, shape (n, px, px, 3)."""
        faces = np.empty((len(looks.codes), self.px, self.px, 3), np.float32)
        for row, shape in enumerate(self.shapes(looks.codes)):
            behind = BACKDROP if looks.backdrop is None else looks.backdrop[row]
            picture = self._before(np.asarray(behind, np.float32), self._laid(looks, row))
            faces[row] = self._draw(self._enlarged(picture), shape)
        return np.clip(faces, 0, 255)

    def _before(self, behind: Floats, shown: Floats) -> Floats:
        """The picture before a backdrop, shape (side, side, 3)."""
        clear = 1 - shown[..., 3:] / np.float32(255)
        return np.asarray(
            shown[..., :3] + clear * (behind * self._backdrop - np.float32(BACKGROUND)), np.float32
        )

    def _laid(self, looks: Looks, row: int) -> Floats:
        """One of the faces on the mean shape, RGB and opacity, 0 to 255, shape (side, side, 4)."""
        face = self._lit(looks.codes[row], looks.photographed)
        if self._around is None:
            face = self._sharpened(face)
            return np.concatenate([face, 255 * self._region[..., None]], axis=-1, dtype=np.float32)
        if self.heads is not None and looks.heads is not None:
            around = self.heads(int(looks.heads[row]), face, self._region)
        else:
            code = self._texture_code(looks.codes[row])[None]
            feature = surrounding_features(
                code, looks.age[row : row + 1], looks.hair[row : row + 1]
            )
            around = self._usual(feature[0], int(looks.male[row]), face)
        colour, edge = around[..., :3], around[..., 3:] / np.float32(255)
        whole = self._sharpened(colour + self._blend * (face - colour))
        picture = BACKGROUND + edge * (whole - np.float32(BACKGROUND))
        return np.concatenate([picture, 255 * edge], axis=-1, dtype=np.float32)

    def skins(self, codes: Floats, photographed: bool) -> Floats:
        """Colours of people's skin, RGB, 0 to 255, shape (n, 3); arguments as of ``Looks``."""
        cheeks = self._blend[..., 0] > CHEEKS
        faces = (self._lit(code, photographed) for code in codes)
        return np.array([face[cheeks].mean(axis=0) for face in faces], np.float32).reshape(-1, 3)

    def shapes(self, codes: Floats) -> Floats:
        """Where the points of their meshes lie, in sides of the picture, shape (n, 468, 2)."""
        own = np.clip(codes[:, len(self._texture_basis) :], -FURTHEST, FURTHEST)
        shapes: Floats = self._shape_mean + times(own.astype(np.float32), self._shape_basis)
        return shapes.reshape(len(codes), N_POINTS, 2)

    def _texture_code(self, code: Floats) -> Floats:
        own = code[: len(self._texture_basis)]
        return np.clip(own, -FURTHEST, FURTHEST).astype(np.float32)

    def _lit(self, code: Floats, photographed: bool) -> Floats:
        """The face as :meth:`_face` gives it, or in a photograph's light, where that is known."""
        face = self._face(code)
        return self._light(face) if photographed and self._light is not None else face

    def _face(self, code: Floats) -> Floats:
        """The face on the mean shape before a plain background, RGB, shape (side, side, 3)."""
        face = np.full((*self._region.shape, 3), BACKGROUND, np.float32)
        change = (self._texture_code(code) * self._texture_scale) @ self._texture_basis
        face[self._region] = (self._texture_mean + change).reshape(-1, 3)
        return face

    def _usual(self, feature: Floats, man: int, face: Floats) -> Floats:
        """Usual surroundings in the tint of the face, RGB and opacity, shape (side, side, 4)."""
        assert self._around is not None
        side = self._region.shape[0]
        change = (feature * self._around_step[man]) @ self._around[man]
        around = (self._around_mean[man] + change).reshape(side, side, 4)
        opacity = around[..., 3:] / np.float32(255)
        colour = np.clip(around[..., :3] / np.clip(opacity, 0.1, 1.0), 0, 255)
        colour = self._tinted(colour, np.where(self._region[..., None], face, colour))
        edge = np.float32(255) * smooth_step(opacity, *EDGE)
        return np.concatenate([colour, edge], axis=-1, dtype=np.float32)

    def _tinted(self, colour: Floats, face: Floats) -> Floats:
        """Surroundings whose skin goes on in the colour that the face has at its border."""
        difference = self._softened(self._ring * (face - colour)) / self._ring_soft
        skin = colour[self._blend[..., 0] > 0.9].mean(axis=0)
        hue = colour / np.maximum(colour.sum(axis=-1, keepdims=True), 1.0) - skin / skin.sum()
        light = np.abs(colour.mean(axis=-1) - skin.mean()) / skin.mean()
        unlike = 3 * np.sqrt((hue**2).sum(axis=-1)) + 0.5 * light
        alike = np.exp(-((unlike / UNLIKE) ** 2))[..., None]
        return np.asarray(colour + difference * self._reach * alike, np.float32)

    def _softened(self, picture: Floats) -> Floats:
        return blurred(blurred(picture, self._soft), self._back)

    def _sharpened(self, picture: Floats) -> Floats:
        if not self._sharpening:
            return picture
        detail = picture - blurred(picture, self._fine)
        strength = np.float32(self._sharpening) * (LEAST_SHARP + (1 - LEAST_SHARP) * self._blend)
        return np.asarray(picture + strength * detail, np.float32)

    def _enlarged(self, picture: Floats) -> Floats:
        """At twice the size where faces are larger than textures: sampling then blurs less."""
        side = picture.shape[0]
        if self.px <= side:
            return picture
        parts = [
            np.asarray(Image.fromarray(part).resize((2 * side, 2 * side), Image.Resampling.BICUBIC))
            for part in np.moveaxis(picture, -1, 0)
        ]
        return np.stack(parts, axis=-1)


def surrounding_features(texture_codes: Floats, age: Floats, hair: Floats) -> Floats:
    """What the surroundings of faces follow from, shape (n, 1 + ABOUT_HAIR + H).

    Args:
        texture_codes: Shape (n, components).
        age: Age in years, shape (n,).
        hair: Chance, shape (n, H).
    """
    old = np.clip((age - AGE_MIDDLE) / AGE_SPREAD, -FURTHEST_AGE, FURTHEST_AGE)
    first = np.clip(texture_codes[:, :ABOUT_HAIR], -FURTHEST_TONE, FURTHEST_TONE)
    return np.column_stack([old, first, hair]).astype(np.float32)
