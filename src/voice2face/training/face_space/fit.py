"""A face space from arrays: codes of faces, and what voices tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.arrays import Bools, Float32s, Float64s, Int64s, Texts, UInt8s
from voice2face.faces.layout import Layout
from voice2face.generators.soft import blur_matrix
from voice2face.parts import Arrays
from voice2face.training.face_space.components import Codes
from voice2face.training.face_space.hearing import Voices, fit_hearing
from voice2face.training.face_space.people import People

# Shares of the layout's side: how far inside its outline the face gives way to its surroundings,
# and how softly.
INSET, SOFT = 0.016, 0.019
FOREHEAD = (0.29, 0.35)  # of the side: above, hair falls on foreheads, or the picture ends


@dataclass(frozen=True)
class Sizes:
    """How many components are kept.

    Attributes:
        texture: Number of components of the texture.
        shape: Number of components of the shape.
    """

    texture: int = 150
    shape: int = 40

    def within(self, n_faces: int) -> "Sizes":
        """The same, but no more components than a third of the faces."""
        most = max(1, n_faces // 3)
        return Sizes(min(self.texture, most), min(self.shape, most))


@dataclass(frozen=True, eq=False)
class Speakers:
    """Voices of people, and their normalised faces where they are known.

    Attributes:
        embedding: Shape (n, dim).
        person: Person of each, shape (n,).
        male: Whether a man speaks, NaN where it is not known, shape (n,).
        age: Age in years, NaN where it is not known, shape (n,).
        texture: As of :class:`.people.People`; None where faces are not known.
        shape: As of :class:`.people.People`; None where faces are not known.
        on_record: Whether ``male`` is on record, not what a network sees.
        face: Row of ``texture`` and ``shape`` that shows who speaks, -1 where none does, shape
            (n,); None: of each its own.
    """

    embedding: Float32s
    person: Texts
    male: Float64s
    age: Float64s
    texture: UInt8s | None = None
    shape: Float32s | None = None
    on_record: bool = False
    face: Int64s | None = None


def fit(
    faces: People,
    speakers: Sequence[Speakers],
    sizes: Sizes | None = None,
    codes: Codes | None = None,
    *,
    headless: bool = False,
) -> Arrays:
    """Fit a face space; exact, without iterations.

    Args:
        faces: Whose pixels and shapes the space consists of.
        speakers: Who teach what voices tell. Their pixels are not in what is made: of their faces
            only the codes are used, to regress on.
        sizes: Components kept; as many as :class:`Sizes` says if not given.
        codes: How faces are written, if that is known; fitted to the faces if not.
        headless: Learn only what lies within the outline of the face; heads of others go around
            it (:mod:`.heads`).

    Returns:
        What a file of :class:`voice2face.generators.face_space.FaceSpace` holds.
    """
    sizes = sizes or Sizes()
    side = faces.texture.shape[1]
    inside = Layout.read().inside(side)
    region = _grown(inside > 0.02) if headless else np.ones((side, side), bool)
    codes = codes or Codes.fit(faces, region, sizes.texture, sizes.shape)
    voices = [_coded(one, codes) for one in speakers]
    own = codes.of(faces.texture, faces.shape).astype(np.float64)
    arrays = fit_hearing(voices, faces, own) | _decoder_arrays(codes)
    arrays["blend"] = np.ones((side, side), np.float16)
    if headless:
        arrays["blend"] = _blend(inside).astype(np.float16)
    return arrays


def _coded(speakers: Speakers, codes: Codes) -> Voices:
    n, k = len(speakers.embedding), len(codes.texture.basis) + len(codes.shape.basis)
    code = np.full((n, k), np.nan)
    if speakers.texture is not None and speakers.shape is not None:
        code = codes.of(speakers.texture, speakers.shape).astype(np.float64)
        if speakers.face is not None:
            code = np.append(code, np.full((1, k), np.nan), axis=0)[speakers.face]
    known = speakers.person, speakers.male, speakers.age
    return Voices(speakers.embedding, *known, code, speakers.on_record)


def _decoder_arrays(codes: Codes) -> Arrays:
    basis, scale = _as_integers(codes.texture.basis, np.int8)
    return {
        "texture_mean": codes.texture.mean.astype(np.float32),
        "texture_basis": basis,
        "texture_scale": scale,
        "region": codes.region,
        "shape_mean": codes.shape.mean.astype(np.float32),
        "shape_basis": codes.shape.basis.astype(np.float32),
    }


def _as_integers(
    rows: Float32s, kind: type[np.int8] | type[np.int16]
) -> tuple[npt.NDArray[Any], Float32s]:
    """Rows in the steps of a type, and what a step is worth in each."""
    step = np.maximum(np.abs(rows).max(axis=1), 1e-9) / np.iinfo(kind).max
    return np.rint(rows / step[:, None]).astype(kind), step.astype(np.float32)


def _blend(inside: Float32s) -> Float32s:
    """How much of each pixel is the face's: all inside, none beyond the outline."""
    side = len(inside)
    inset = blur_matrix(side, INSET * side)
    within = (inset @ (inside > 0.5).astype(np.float32) @ inset.T > 0.9).astype(np.float32)
    height = (np.arange(side, dtype=np.float32) + np.float32(0.5)) / np.float32(side)
    within *= np.clip((height - FOREHEAD[0]) / (FOREHEAD[1] - FOREHEAD[0]), 0, 1)[:, None]
    soft = blur_matrix(side, SOFT * side)
    return np.asarray((soft @ within @ soft.T) * inside, np.float32)


def _grown(mask: Bools) -> Bools:
    """A mask and the pixels beside it."""
    grown = mask.copy()
    for axis in (0, 1):
        for step in (-1, 1):
            grown |= np.roll(mask, step, axis)
    return grown
