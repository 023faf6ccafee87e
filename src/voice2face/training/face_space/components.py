"""Principal components of texture and shape: what a face's code consists of."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.faces.layout import Layout
from voice2face.training.face_space.people import People

Floats = npt.NDArray[np.float32]
OVERSAMPLED = 30  # directions more than are kept
POWERS = 3  # times that the leading directions are driven out


@dataclass(frozen=True, eq=False)
class Components:
    """Mean, directions and spreads.

    Attributes:
        mean: Shape (numbers,).
        basis: One direction a row, times the spread along it, shape (components, numbers).
    """

    mean: Floats
    basis: Floats

    def along(self, values: Floats) -> Floats:
        """Where rows lie, in spreads, shape (n, components)."""
        squares = (self.basis**2).sum(axis=1)
        return np.asarray((values - self.mean) @ self.basis.T / squares, np.float32)


@dataclass(frozen=True, eq=False)
class Codes:
    """How faces are written as codes.

    Attributes:
        region: Pixels of the layout that the texture consists of, shape (side, side).
        texture: Of these pixels' RGB, 0 to 255.
        shape: Of the points.
    """

    region: npt.NDArray[np.bool_]
    texture: Components
    shape: Components

    @classmethod
    def fit(
        cls, people: People, region: npt.NDArray[np.bool_], n_texture: int, n_shape: int
    ) -> "Codes":
        """Fit on people and on their mirror images, each as much as the person counts.

        Args:
            people: Their faces.
            region: Pixels that count, the same on both sides, shape (side, side).
            n_texture: Components of texture.
            n_shape: Components of shape.
        """
        layout = Layout.read()
        weight = np.concatenate([people.weight, people.weight]) / 2
        mirrored = np.array([layout.mirrored(shape) for shape in people.shape])
        shapes = np.concatenate([people.shape, mirrored]).reshape(2 * len(people.shape), -1)
        textures = np.concatenate(
            [_pixels(people.texture, region), _pixels(people.texture[:, :, ::-1], region)]
        )
        return cls(
            region,
            _components(textures, weight, n_texture),
            _components(shapes.astype(np.float32), weight, n_shape),
        )

    def of(self, texture: npt.NDArray[np.uint8], shape: npt.NDArray[Any]) -> Floats:
        """Codes of normalised faces, shape (n, K).

        Args:
            texture: RGB, shape (n, side, side, 3).
            shape: Shape (n, 468, 2).
        """
        shapes = shape.reshape(len(shape), -1).astype(np.float32)
        return np.column_stack(
            [self.texture.along(_pixels(texture, self.region)), self.shape.along(shapes)]
        )


def _pixels(texture: npt.NDArray[np.uint8], region: npt.NDArray[np.bool_]) -> Floats:
    return texture[:, region].reshape(len(texture), -1).astype(np.float32)


def _components(values: Floats, weight: npt.NDArray[np.float64], n: int) -> Components:
    """Leading principal components of weighted rows; the rows are overwritten.

    Source:
        Halko, Martinsson and Tropp 2011, with power iterations.
    """
    mean = (weight @ values).astype(np.float32)
    values -= mean
    values *= np.sqrt(weight)[:, None].astype(np.float32)
    n = min(n, *values.shape)
    start = np.random.default_rng(0).standard_normal((len(values), min(n + OVERSAMPLED, len(values))))
    found = values.T @ start.astype(np.float32)
    for _ in range(POWERS):
        found = values.T @ (values @ np.linalg.qr(found)[0])
    found = np.linalg.qr(found)[0]  # (numbers, directions)
    _, spread, turn = np.linalg.svd(values @ found, full_matrices=False)
    basis = (found @ turn.T).T[:n] * spread[:n, None]
    return Components(mean, np.asarray(basis, np.float32))
