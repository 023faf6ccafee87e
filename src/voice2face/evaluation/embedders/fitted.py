"""Fixed face embedders, which tell faces of one person from those of others.

Those of this module are fitted on real faces, with NumPy alone; networks are in
:mod:`.onnx_embedder`.
"""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from voice2face.arrays import Float32s, Points, UInt8s, Vectors
from voice2face.errors import ModelError
from voice2face.evaluation.embedders.face_set import FaceSet
from voice2face.faces import GEOMETRIES

if TYPE_CHECKING:
    from voice2face.evaluation.embedders.onnx_embedder import OnnxEmbedder

N_EIGENFACES = 96
N_FISHERFACES = 24
MOST_FACES = 2000  # whose products are decomposed: seconds, where 10,000 would take an hour


class Embedder(Protocol):
    """A fixed map from faces to vectors whose cosine tells how alike two faces are."""

    @property
    def name(self) -> str:
        """Name in tables and files."""

    @property
    def dim(self) -> int:
        """Length of an embedding."""

    def embed(self, faces: FaceSet) -> Vectors:
        """Embeddings, float32, shape (n, dim); not of length one, not centred."""


def open_embedder(name: str | Path) -> "OnnxEmbedder":
    """A network by its name in :mod:`voice2face.assets.pretrained`, or by its file.

    Args:
        name: Name such as ``face_reid_0095``, or ``FILE.onnx`` with ``FILE.json`` beside it.

    Raises:
        ModelError: Neither such a name nor such a file, or a file that can't be used.
    """
    from voice2face.assets import pretrained
    from voice2face.evaluation.embedders.onnx_embedder import OnnxEmbedder

    named = [n for n in pretrained.REGISTRY if f"{n}.json" in pretrained.REGISTRY]
    if str(name) in named:
        about = pretrained.find(f"{name}.json")
        return OnnxEmbedder(pretrained.find(str(name)), about)
    if Path(name).suffix.lower() != ".onnx":
        wanted = f"one of {', '.join(named)}, or a file FILE.onnx"
        raise ModelError(f"embedder {name}", "not known", wanted, "correct the name")
    return OnnxEmbedder(Path(name))


@dataclass(frozen=True, eq=False)
class _Projection:
    """A linear map of aligned pixels.

    Attributes:
        mean: Mean face, shape (pixels,).
        axes: Map from centred pixels to the embedding, shape (pixels, dim).
        geometry: Where the five points lie in the faces that it was fitted on, shape (5, 2).
        name: Name in tables.
    """

    mean: np.ndarray
    axes: np.ndarray
    geometry: Points = field(default_factory=lambda: GEOMETRIES["released"])
    name: str = "projection"

    @property
    def dim(self) -> int:
        """Length of an embedding."""
        return int(self.axes.shape[1])

    @property
    def px(self) -> int:
        """Side of the faces that it was fitted on."""
        return math.isqrt(len(self.mean) // 3)

    def embed(self, faces: FaceSet | np.ndarray) -> Vectors:
        """Centred on the mean of real faces, and projected.

        Args:
            faces: Anywhere in pictures; or aligned as those that it was fitted on, in [-1, 1],
                shape (n, 3, px, px).

        Returns:
            Shape (n, dim).
        """
        if not isinstance(faces, FaceSet):
            return self._project(faces)
        parts = [self._project(as_faces(b.aligned(self.geometry, self.px))) for b in faces.blocks()]
        return np.concatenate([np.zeros((0, self.dim), np.float32), *parts])

    def _project(self, faces: np.ndarray) -> Vectors:
        return np.asarray((faces.reshape(len(faces), -1) - self.mean) @ self.axes, np.float32)


class Eigenfaces(_Projection):
    """Coordinates of a face along the axes in which faces differ most, divided by their spread.

    Source:
        Turk and Pentland 1991; cosines of whitened axes: Moon and Phillips 2001.
    """

    @classmethod
    def fit(
        cls, faces: np.ndarray, geometry: Points = GEOMETRIES["released"], name: str = "eigenfaces"
    ) -> "Eigenfaces":
        """Fit on real faces.

        Args:
            faces: Faces in [-1, 1], shape (faces, 3, px, px).
            geometry: Where the five points lie in them, shape (5, 2).
            name: Name in tables.

        Raises:
            ValueError: Fewer than three faces.
        """
        if len(faces) < 3:
            raise ValueError("eigenfaces: need three faces")
        mean, axes, projected = _decomposed(faces, N_EIGENFACES)
        spread = projected.std(axis=0)
        kept = spread > 1e-4 * spread.max(initial=0)  # the others are rounding
        return cls(mean, axes[:, kept] / spread[kept], geometry, name)


class Fisherfaces(_Projection):
    """Eigenfaces, then the directions in which people differ more than pictures of one person.

    Light, pose and background change from picture to picture of a person, so they count for
    little.

    Source:
        Belhumeur, Hespanha and Kriegman 1997, "Eigenfaces vs. Fisherfaces".
    """

    @classmethod
    def fit(
        cls,
        faces: np.ndarray,
        identity: np.ndarray,
        geometry: Points = GEOMETRIES["released"],
        name: str = "fisherfaces",
    ) -> "Fisherfaces":
        """Fit on real faces of several people, several of each.

        Args:
            faces: Faces in [-1, 1], shape (faces, 3, px, px).
            identity: Person of each.
            geometry: Where the five points lie in them, shape (5, 2).
            name: Name in tables.

        Raises:
            ValueError: Fewer than two people, or nobody has two faces.
        """
        _, owner, count = np.unique(identity, return_inverse=True, return_counts=True)
        n_people = len(count)
        if n_people < 2 or count.max() < 2:
            raise ValueError("fisherfaces: need two people, and two faces of somebody")
        mean, eigenfaces, projected = _decomposed(faces, min(N_EIGENFACES, len(faces) - n_people))
        centres = np.stack([projected[owner == i].mean(axis=0) for i in range(n_people)])
        within = (projected - centres[owner]).T @ (projected - centres[owner]) / len(faces)
        between = centres.T @ (centres * count[:, None]) / len(faces)
        # Whiten what differs within people; the leading directions between them then remain.
        values, vectors = np.linalg.eigh(within)
        whiten = vectors / np.sqrt(values + 1e-3 * values.max())
        _, directions = np.linalg.eigh(whiten.T @ between @ whiten)
        fisher = whiten @ directions[:, ::-1][:, : min(N_FISHERFACES, n_people - 1)]
        return cls(mean, eigenfaces @ fisher, geometry, name)


class LinearAttributes(_Projection):
    """Attributes that are predicted from a face by ridge regression, as an embedding."""

    @classmethod
    def fit(
        cls,
        faces: np.ndarray,
        values: np.ndarray,
        geometry: Points = GEOMETRIES["released"],
        name: str = "attributes",
    ) -> "LinearAttributes":
        """Fit on real faces whose attributes are known.

        Args:
            faces: Faces in [-1, 1], shape (faces, 3, px, px).
            values: Numbers, shape (faces, attributes); each is brought to zero mean and unit
                variance, so that all count alike in a cosine.
            geometry: Where the five points lie in the faces, shape (5, 2).
            name: Name in tables.
        """
        mean, eigenfaces, projected = _decomposed(faces, min(N_EIGENFACES, len(faces) - 1))
        targets = (values - values.mean(axis=0)) / values.std(axis=0)
        gram = projected.T @ projected
        gram += 1e-3 * np.trace(gram) / len(gram) * np.eye(len(gram))
        weights = np.linalg.solve(gram, projected.T @ targets)
        return cls(mean, eigenfaces @ weights, geometry, name)


def as_faces(crops: UInt8s) -> Float32s:
    """Crops (n, px, px, 3), uint8, as faces in [-1, 1], (n, 3, px, px)."""
    return (crops.transpose(0, 3, 1, 2).astype(np.float32) - 127.5) / np.float32(127.5)


def _decomposed(faces: np.ndarray, n_axes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean face (pixels,), leading axes (pixels, n_axes), faces along them (faces, n_axes)."""
    pixels = faces.reshape(len(faces), -1).astype(np.float32)
    mean = pixels.mean(axis=0)
    axes = eigenfaces(pixels - mean, n_axes)
    return mean, axes, (pixels - mean) @ axes


def eigenfaces(centred: np.ndarray, n_axes: int) -> np.ndarray:
    """Leading principal axes (Turk and Pentland 1991), computed from inner products of faces.

    Args:
        centred: Shape (faces, pixels).
        n_axes: Number of axes, at most that of faces.

    Returns:
        Orthonormal columns, shape (pixels, n_axes).
    """
    some = centred[:: -(-len(centred) // MOST_FACES)]  # evenly spaced: the axes need no more
    n_axes = min(n_axes, len(some) - 1)
    values, vectors = np.linalg.eigh(some @ some.T)  # (faces, faces), ascending
    leading, spread = vectors[:, ::-1][:, :n_axes], values[::-1][:n_axes]
    # Where faces are alike, what is left along an axis is rounding: not to be blown up.
    return np.asarray(some.T @ (leading / np.sqrt(np.maximum(spread, 1e-6 * values[-1] + 1e-12))))
