"""Heads: hair, ears, neck and shoulders around a face.

Linear components of hair, mixed, have no outline and no strands. So a face gets the mean of a few
heads that look alike, whose skin takes the colour of the face.
"""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from voice2face.arrays import Bools, Float32s
from voice2face.errors import ModelError
from voice2face.faces.luma import LUMA
from voice2face.generators.rows import times
from voice2face.generators.soft import blur_matrix, blurred

# In a face space's file. Pictures are JPEG files, one after another: RGB in the layout of
# normalised faces, the face blank, and below it the opacity.
ARRAYS = {
    "head_pictures": "uint8 stored",
    "head_ends": "int64 heads",
    "head_male": "bool heads",
    "head_age": "float32 heads",
    "head_skin": "float32 heads channels",
    "head_hair": "float32 heads",
    "head_by": "float16 dim heads",
}
# Who gets which head: one of about this age and skin, by how far both may differ, in years and in
# logarithms of brightness, of red over green and of blue over green.
AGES, SKINS = 8.0, np.array((0.15, 0.1, 0.1), np.float32)
# Of a skin that few heads have, one near the end of most is enough, for it takes the face's colour.
MOST_SKINS = (0.15, 0.85)  # quantiles
# Hair does not: with skin up to some brightness, of 255, it is dark. Each further step of skin lets
# hair be lighter by so much, and beyond that it soon suits no more.
DARK_SKIN, DARK_HAIR, LIGHTER_BY, BEYOND = 95.0, 45.0, 1.2, 12.0
DARKEST = np.float32(12.0)  # of 255
# What is skin around the face: by its hue and, less, by its light.
UNLIKE, BY_HUE, BY_LIGHT = 0.3, 3.0, 0.35
# How far the colour at the face's border reaches, in shares of the side: near it, and further away.
NEAR, WIDE, SMOOTH = 0.05, 0.19, 0.01


class Heads:
    """The heads of a face space.

    Args:
        arrays: As ARRAYS names them; others are not looked at.
        blend: How much of each pixel is the face's, shape (side, side, 1).

    Attributes:
        n: How many there are, each and its mirror image.

    Raises:
        ModelError: There is none for women, or none for men.
    """

    def __init__(self, arrays: Mapping[str, npt.NDArray[Any]], blend: Float32s) -> None:
        self._ends = arrays["head_ends"]
        self._pictures = arrays["head_pictures"]
        self._male, self._age = arrays["head_male"], arrays["head_age"]
        if self._male.all() or not self._male.any():
            raise _damaged("heads of one gender")
        self._skin, self._by = arrays["head_skin"], arrays["head_by"].astype(np.float32)
        self._features = _features(self._skin)
        self._usual = np.quantile(self._features, MOST_SKINS, axis=0).astype(np.float32)
        self._hair = arrays["head_hair"]
        self.n = 2 * len(self._ends)
        self._ring = 4 * blend * (1 - blend)
        side = len(blend)
        self._smooth, self._near, self._wide = (
            blur_matrix(side, share * side) for share in (SMOOTH, NEAR, WIDE)
        )
        self._reached = [_reach(self._ring, blur) for blur in (self._near, self._wide)]

    def along(self, heard: Float32s) -> Float32s:
        """What decides in place of chance which head a voice gets: no finding, but it keeps it.

        Args:
            heard: Standardised embeddings, shape (n, dim).

        Returns:
            Shape (n, self.n); mirror images are not taken.
        """
        own = times(heard, self._by) / np.float32(np.sqrt(len(self._by)))
        return np.concatenate([own, np.full_like(own, -np.inf)], axis=1)

    def chosen(self, male: bool, age: float, skin: Float32s, chance: Float32s) -> int:
        """A head that suits somebody; from ``n`` / 2 on, mirrored.

        Args:
            male: Gender.
            age: Years.
            skin: Colour, RGB, 0 to 255, shape (3,).
            chance: Of Gumbel's distribution, shape (n,): a head comes about as often as its
                likeness says; or of :meth:`along`.
        """
        far = ((self._age - np.float32(age)) / np.float32(AGES)) ** 2
        wanted = np.clip(_features(skin[None]), *self._usual)
        far += (((self._features - wanted) / SKINS) ** 2).sum(axis=1)
        lightest = DARK_HAIR + LIGHTER_BY * max(float(skin @ LUMA) - DARK_SKIN, 0)
        far += (np.maximum(self._hair - np.float32(lightest), 0) / np.float32(BEYOND)) ** 2
        suits = np.where(self._male == male, -far / 2, -np.inf)
        return int(np.argmax(np.tile(suits, 2) + chance))

    def __call__(self, number: int, face: Float32s, region: Bools) -> Float32s:
        """A head whose skin goes on in the colour that the face has at its border.

        Args:
            number: Of :meth:`chosen`.
            face: RGB, 0 to 255, shape (side, side, 3).
            region: Where the face is known, shape (side, side).

        Returns:
            RGB and opacity, 0 to 255, shape (side, side, 4).
        """
        row = number % len(self._ends)
        head = self._read(row)
        if number >= len(self._ends):
            head = head[:, ::-1]
        colour = np.ascontiguousarray(head[..., :3])
        alike = blurred(skin_likeness(colour, self._skin[row]), self._smooth)
        weight = self._ring * alike * region[..., None]
        change = np.log(np.maximum(face, DARKEST) / np.maximum(colour, DARKEST))
        weighted = np.concatenate([weight * change, weight], axis=-1)
        field = weight.ravel() @ change.reshape(-1, 3) / np.maximum(weight.sum(), 1e-6)
        for blur, reached in zip((self._wide, self._near), self._reached[::-1], strict=True):
            soft = blurred(weighted, blur)
            there = soft[..., :3] / np.maximum(soft[..., 3:], 1e-4)
            field = field + reached * np.minimum(soft[..., 3:] / 1e-3, 1) * (there - field)
        toned = np.clip(colour * np.exp(field * alike), 0, 255)
        return np.concatenate([toned, head[..., 3:]], axis=-1, dtype=np.float32)

    def _read(self, row: int) -> Float32s:
        """RGB and opacity, 0 to 255, shape (side, side, 4)."""
        side = len(self._ring)
        start = self._ends[row - 1] if row else 0
        try:
            stored = BytesIO(self._pictures[start : self._ends[row]].tobytes())
            with Image.open(stored, formats=["JPEG"]) as image:
                if image.size != (side, 2 * side) or image.mode != "RGB":
                    raise ValueError(f"a head of {image.size} pixels")
                both = np.asarray(image, np.float32)
        except Exception as error:  # damaged pictures make Pillow raise many kinds
            raise _damaged(str(error) or type(error).__name__) from error
        return np.concatenate([both[:side], both[side:, :, 1:2]], axis=-1)


def _damaged(found: str) -> ModelError:
    wanted = "heads of women and men, as JPEG"
    return ModelError("face space", found[:120], wanted, "fetch the model again")


def _features(skin: Float32s) -> Float32s:
    """Logarithms of brightness, of red over green and of blue over green, shape (n, 3)."""
    seen = np.log(np.maximum(skin, DARKEST))
    return np.asarray(
        np.column_stack([seen @ LUMA, seen[:, 0] - seen[:, 1], seen[:, 2] - seen[:, 1]]), np.float32
    )


def skin_likeness(colour: Float32s, skin: Float32s) -> Float32s:
    """How much each pixel looks like some skin, 0 to 1.

    Args:
        colour: RGB, 0 to 255, shape (side, side, 3).
        skin: Likewise, shape (3,).

    Returns:
        Shape (side, side, 1).
    """
    hue = colour / np.maximum(colour.sum(axis=-1, keepdims=True), 1)
    hue = hue - skin / max(float(skin.sum()), 1)
    light = np.abs(np.log(np.maximum(colour @ LUMA, DARKEST) / np.maximum(skin @ LUMA, DARKEST)))
    unlike = BY_HUE * np.sqrt((hue**2).sum(axis=-1)) + BY_LIGHT * light
    return np.asarray(np.exp(-((unlike / np.float32(UNLIKE)) ** 2))[..., None], np.float32)


def _reach(ring: Float32s, blur: Float32s) -> Float32s:
    """How far a border's colour counts, 0 to 1, shape (side, side, 1)."""
    soft = blurred(ring, blur)
    return np.asarray(np.clip(4 * soft / max(float(soft.max()), 1e-6), 0, 1), np.float32)
