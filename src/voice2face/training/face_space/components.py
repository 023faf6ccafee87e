"""Principal components of texture and shape: what a face's code consists of."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.arrays import Bools, Float32s, Float64s, UInt8s
from voice2face.faces.layout import Layout
from voice2face.parts import Arrays
from voice2face.training.face_space.people import People

OVERSAMPLED = 30  # directions more than are kept
POWERS = 3  # times that the leading directions are driven out


@dataclass(frozen=True, eq=False)
class Components:
    """Mean, directions and spreads.

    Attributes:
        mean: Shape (numbers,).
        basis: One direction a row, times the spread along it, shape (components, numbers).
    """

    mean: Float32s
    basis: Float32s

    def along(self, values: Float32s) -> Float32s:
        """Components of rows, in spreads, shape (n, components)."""
        squares = (self.basis**2).sum(axis=1)
        return np.asarray((values - self.mean) @ self.basis.T / squares, np.float32)


@dataclass(frozen=True, eq=False)
class Codes:
    """How faces are written as codes.

    Attributes:
        region: Pixels of the layout that the texture consists of, shape (side, side).
        texture: Components of these pixels' RGB, 0 to 255.
        shape: Components of the points.
    """

    region: Bools
    texture: Components
    shape: Components

    @classmethod
    def fit(cls, people: People, region: Bools, n_texture: int, n_shape: int) -> "Codes":
        """Fit on the mean of each face and its mirror image.

        What differs between the sides of a face in a picture is light, pose and expression rather
        than who it is.

        Args:
            people: Their faces.
            region: Pixels that count, the same on both sides, shape (side, side).
            n_texture: Components of texture.
            n_shape: Components of shape.
        """
        return cls(
            region,
            principal_components(_pixels(people.texture, region), people.weight, n_texture),
            principal_components(points_of(people.shape), people.weight, n_shape),
        )

    @classmethod
    def read(cls, arrays: Arrays) -> "Codes":
        """From the arrays of :mod:`voice2face.generators.face_space`."""
        basis = arrays["texture_basis"].astype(np.float32) * arrays["texture_scale"][:, None]
        return cls(
            arrays["region"],
            Components(arrays["texture_mean"], basis),
            Components(arrays["shape_mean"].ravel(), arrays["shape_basis"]),
        )

    @property
    def spread(self) -> Float32s:
        """How far people differ in each number of a code, over the mean of its kind, (K,)."""
        return np.concatenate([relative_spread(self.texture), relative_spread(self.shape)])

    def of(self, texture: UInt8s, shape: npt.NDArray[Any]) -> Float32s:
        """Codes of normalised faces, shape (n, K).

        Args:
            texture: RGB, shape (n, side, side, 3).
            shape: Shape (n, 468, 2).
        """
        textures = self.texture.along(_pixels(texture, self.region))
        return np.column_stack([textures, self.shape.along(points_of(shape))])

    def textures(self, codes: Float32s) -> UInt8s:
        """Normalised faces of codes, black outside, shape (n, side, side, 3)."""
        inner = self.texture.mean + codes[:, : len(self.texture.basis)] @ self.texture.basis
        whole = np.zeros((len(codes), *self.region.shape, 3), np.uint8)
        whole[:, self.region] = np.clip(inner, 0, 255).reshape(len(codes), -1, 3)
        return whole


def relative_spread(components: Components) -> Float32s:
    """Spread along each direction, in pixels or points, over their mean, shape (components,)."""
    lengths = np.linalg.norm(components.basis, axis=1)
    return np.asarray(lengths / lengths.mean(), np.float32)


def _pixels(texture: UInt8s, region: Bools) -> Float32s:
    """Mean of each texture and its mirror image, where the region is, shape (n, numbers)."""
    both = texture[:, region].astype(np.float32) + texture[:, :, ::-1][:, region]
    return np.asarray(both.reshape(len(texture), -1) / 2, np.float32)


def points_of(shape: npt.NDArray[Any]) -> Float32s:
    """Mean of each shape and its mirror image, shape (n, 936)."""
    layout = Layout.read()
    both = [(one + layout.mirrored(one)) / 2 for one in shape]
    return np.array(both, np.float32).reshape(len(shape), -1)


def principal_components(values: Float32s, weight: Float64s, n: int) -> Components:
    """Leading principal components of weighted rows; the rows are overwritten.

    Source:
        Halko, Martinsson and Tropp 2011, with power iterations.
    """
    mean = (weight @ values).astype(np.float32)
    values -= mean
    values *= np.sqrt(weight)[:, None].astype(np.float32)
    n = min(n, *values.shape)
    start = np.random.default_rng(0).standard_normal(
        (len(values), min(n + OVERSAMPLED, len(values)))
    )
    found = values.T @ start.astype(np.float32)
    for _ in range(POWERS):
        found = values.T @ (values @ np.linalg.qr(found)[0])
    found = np.linalg.qr(found)[0]  # (numbers, directions)
    _, spread, turn = np.linalg.svd(values @ found, full_matrices=False)
    basis = (found @ turn.T).T[:n] * spread[:n, None]
    return Components(mean, np.asarray(basis, np.float32))
