"""From a face's code to its picture: texture, shape, what surrounds the face, and light.

A code is a row of numbers of mean 0 and spread 1 among the people that the face space was fitted
on: first the principal components of texture, then those of shape.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from voice2face.arrays import Bools, Float32s, Int64s
from voice2face.errors import ModelError
from voice2face.faces.drawing import Drawing
from voice2face.faces.layout import Layout
from voice2face.faces.mesh import N_POINTS
from voice2face.generators.heads import ARRAYS as HEADS
from voice2face.generators.heads import Heads
from voice2face.generators.light import ARRAYS as LIGHT
from voice2face.generators.light import Light
from voice2face.generators.natural import Natural
from voice2face.generators.rows import times
from voice2face.generators.soft import blur_matrix, blurred

BACKGROUND = 232.0  # of 255: light grey, before which faces are put together
BACKDROP = (222.0, 227.0, 233.0)  # RGB of what is behind the head, of a face without chance
DARKER = 0.84  # the backdrop's corners, as a share of its middle
MIDDLE = (0.5, 0.42)  # of the side: where the backdrop is lightest
FURTHEST = 3.5  # spreads: a component further out is taken back to there
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
        backdrop: RGB of what is behind the head, 0 to 255, shape (n, 3); ``BACKDROP`` if None.
        heads: Which head each has, of ``Heads``, shape (n,); None: nothing is around the face.
        photographed: Whether faces are in the light of photographs, or in a studio's.
    """

    codes: Float32s
    male: Bools
    age: Float32s
    backdrop: Float32s | None = None
    heads: Int64s | None = None
    photographed: bool = False

    def some(self, rows: slice) -> "Looks":
        """Some of them."""
        return replace(
            self, codes=self.codes[rows], male=self.male[rows], age=self.age[rows],
            backdrop=None if self.backdrop is None else self.backdrop[rows],
            heads=None if self.heads is None else self.heads[rows],
        )  # fmt: skip


class FaceDecoder:
    """Draws people of a face space.

    Args:
        arrays: ``texture_mean``, ``texture_basis``, ``texture_scale``, ``region``, ``blend``,
            ``shape_mean``, ``shape_basis``; those of heads and of the light on drawn people,
            where there are any.
        px: Side of the faces.
        sharpening: How much is added of what is finer than a pixel of the textures.

    Raises:
        ModelError: Texture and region do not go together.
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
        if len(self._texture_mean) != 3 * np.count_nonzero(self._region):
            found = f"{len(self._texture_mean)} values of texture in a region of another size"
            raise ModelError("face space", found, "three a pixel", "fetch the model again")
        side = self._region.shape[0]
        self._fine = blur_matrix(side, FINE)
        self.heads = Heads(arrays, self._blend) if HEADS.keys() <= arrays.keys() else None
        self._of_light = {name: arrays[name] for name in LIGHT if name in arrays}
        self._layout = Layout.read()
        self._draw = Drawing(self._layout, px)
        at = (np.arange(side, dtype=np.float32) + np.float32(0.5)) / np.float32(side)
        apart = np.hypot(at - np.float32(MIDDLE[0]), at[:, None] - np.float32(MIDDLE[1]))
        self._backdrop = (1 - (1 - DARKER) * np.minimum(apart / np.float32(0.75), 1) ** 2)[
            ..., None
        ]

    @cached_property  # drawn people alone need it
    def _light(self) -> Light | None:
        """The light of photographs; None where it is not known."""
        if not self._of_light:
            return None
        return Light(self._of_light, self._layout.inside(len(self._region))[..., None])

    def __call__(self, looks: Looks) -> Float32s:
        """Their faces, RGB in 0 to 255, shape (n, px, px, 3)."""
        faces = np.empty((len(looks.codes), self.px, self.px, 3), np.float32)
        for row, shape in enumerate(self.shapes(looks.codes)):
            behind = BACKDROP if looks.backdrop is None else looks.backdrop[row]
            picture = self._before(np.asarray(behind, np.float32), self._laid(looks, row))
            faces[row] = self._draw(self._enlarged(picture), shape)
        return np.clip(faces, 0, 255, out=faces)

    def _before(self, behind: Float32s, shown: Float32s) -> Float32s:
        """The picture before a backdrop, shape (side, side, 3)."""
        clear = 1 - shown[..., 3:] / np.float32(255)
        return np.asarray(
            shown[..., :3] + clear * (behind * self._backdrop - np.float32(BACKGROUND)), np.float32
        )

    def _laid(self, looks: Looks, row: int) -> Float32s:
        """One of the faces on the mean shape, RGB and opacity, 0 to 255, shape (side, side, 4)."""
        face = self._lit(looks.codes[row], looks.photographed)
        if self.heads is None or looks.heads is None:
            face = self._sharpened(face)
            return np.concatenate([face, 255 * self._region[..., None]], axis=-1, dtype=np.float32)
        around = self.heads(int(looks.heads[row]), face, self._region)
        colour, edge = around[..., :3], around[..., 3:] / np.float32(255)
        whole = self._sharpened(colour + self._blend * (face - colour))
        picture = BACKGROUND + edge * (whole - np.float32(BACKGROUND))
        return np.concatenate([picture, 255 * edge], axis=-1, dtype=np.float32)

    @cached_property
    def _natural(self) -> Natural:
        mean, basis = self._texture_mean, self._texture_basis
        return Natural(mean, basis, self._texture_scale, self._region)

    def shown(self, codes: Float32s) -> Float32s:
        """Codes of faces with skin, eyes and features as people have, shape (n, K)."""
        n = len(self._texture_basis)
        texture = self._natural(np.clip(codes[:, :n], -FURTHEST, FURTHEST))
        return np.concatenate([texture, codes[:, n:]], axis=1, dtype=np.float32)

    def skins(self, codes: Float32s, photographed: bool) -> Float32s:
        """Colours of people's skin, RGB, 0 to 255, shape (n, 3); arguments as of ``Looks``."""
        cheeks = self._blend[..., 0] > CHEEKS
        faces = (self._lit(code, photographed) for code in codes)
        return np.array([face[cheeks].mean(axis=0) for face in faces], np.float32).reshape(-1, 3)

    def shapes(self, codes: Float32s) -> Float32s:
        """Where the points of their meshes lie, in sides of the picture, shape (n, 468, 2)."""
        own = np.clip(codes[:, len(self._texture_basis) :], -FURTHEST, FURTHEST)
        shapes: Float32s = self._shape_mean + times(own.astype(np.float32), self._shape_basis)
        return shapes.reshape(len(codes), N_POINTS, 2)

    def _texture_code(self, code: Float32s) -> Float32s:
        own = code[: len(self._texture_basis)]
        return np.clip(own, -FURTHEST, FURTHEST).astype(np.float32)

    def _lit(self, code: Float32s, photographed: bool) -> Float32s:
        """The face as :meth:`_face` gives it, or in a photograph's light, where that is known."""
        face = self._face(code)
        return self._light(face) if photographed and self._light is not None else face

    def _face(self, code: Float32s) -> Float32s:
        """The face on the mean shape before a plain background, RGB, shape (side, side, 3)."""
        face = np.full((*self._region.shape, 3), BACKGROUND, np.float32)
        change = (self._texture_code(code) * self._texture_scale) @ self._texture_basis
        face[self._region] = (self._texture_mean + change).reshape(-1, 3)
        return face

    def _sharpened(self, picture: Float32s) -> Float32s:
        if not self._sharpening:
            return picture
        detail = picture - blurred(picture, self._fine)
        strength = np.float32(self._sharpening) * (LEAST_SHARP + (1 - LEAST_SHARP) * self._blend)
        return np.asarray(picture + strength * detail, np.float32)

    def _enlarged(self, picture: Float32s) -> Float32s:
        """At twice the size where faces are larger than textures: sampling then blurs less."""
        side = picture.shape[0]
        if self.px <= side:
            return picture
        parts = [
            np.asarray(Image.fromarray(part).resize((2 * side, 2 * side), Image.Resampling.BICUBIC))
            for part in np.moveaxis(picture, -1, 0)
        ]
        return np.stack(parts, axis=-1)
