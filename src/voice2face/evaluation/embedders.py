"""Fixed face embedders: what tells faces of one person from those of others."""

from dataclasses import dataclass

import numpy as np

N_EIGENFACES = 96
N_FISHERFACES = 24
MOST_FACES = 2000  # whose products are decomposed: seconds, where 10,000 would take an hour


@dataclass(frozen=True)
class Fisherfaces:
    """Eigenfaces, then the directions in which people differ more than pictures of one person.

    Fitted once on real faces and fixed from then on; light, pose and background, which change
    from picture to picture of one person, count for little.

    Attributes:
        mean: Mean face, shape (pixels,).
        axes: From centred pixels to the embedding, shape (pixels, dim).

    Source:
        Belhumeur, Hespanha and Kriegman 1997, "Eigenfaces vs. Fisherfaces".
    """

    mean: np.ndarray
    axes: np.ndarray

    @classmethod
    def fit(cls, faces: np.ndarray, identity: np.ndarray) -> "Fisherfaces":
        """Fit on real faces of several people, several of each.

        Args:
            faces: In [-1, 1], shape (faces, 3, px, px).
            identity: Whose each is.

        Raises:
            ValueError: Fewer than two people, or nobody has two faces.
        """
        pixels = faces.reshape(len(faces), -1).astype(np.float32)
        _, owner, count = np.unique(identity, return_inverse=True, return_counts=True)
        n_people = len(count)
        if n_people < 2 or count.max() < 2:
            raise ValueError("fisherfaces: need two people, and two faces of somebody")
        mean = pixels.mean(axis=0)
        eigenfaces = _eigenfaces(pixels - mean, min(N_EIGENFACES, len(pixels) - n_people))
        projected = (pixels - mean) @ eigenfaces
        centres = np.stack([projected[owner == i].mean(axis=0) for i in range(n_people)])
        within = (projected - centres[owner]).T @ (projected - centres[owner]) / len(pixels)
        between = centres.T @ (centres * count[:, None]) / len(pixels)
        # Whiten what differs within people; the leading directions between them then remain.
        values, vectors = np.linalg.eigh(within)
        whiten = vectors / np.sqrt(values + 1e-3 * values.max())
        _, directions = np.linalg.eigh(whiten.T @ between @ whiten)
        fisher = whiten @ directions[:, ::-1][:, : min(N_FISHERFACES, n_people - 1)]
        return cls(mean, eigenfaces @ fisher)

    def embed(self, faces: np.ndarray) -> np.ndarray:
        """(faces, 3, px, px) in [-1, 1] → (faces, dim), centred on the mean of real faces."""
        return np.asarray((faces.reshape(len(faces), -1) - self.mean) @ self.axes)


@dataclass(frozen=True)
class LinearAttributes:
    """What can be read off a face by ridge regression, such as sex and age, as an embedding.

    Attributes:
        mean: Mean face, shape (pixels,).
        axes: From centred pixels to the attributes, shape (pixels, attributes).
    """

    mean: np.ndarray
    axes: np.ndarray

    @classmethod
    def fit(cls, faces: np.ndarray, values: np.ndarray) -> "LinearAttributes":
        """Fit on real faces whose attributes are known.

        Args:
            faces: In [-1, 1], shape (faces, 3, px, px).
            values: Numbers, shape (faces, attributes); each is brought to zero mean and unit
                variance, so that all count alike in a cosine.
        """
        pixels = faces.reshape(len(faces), -1).astype(np.float32)
        mean = pixels.mean(axis=0)
        eigenfaces = _eigenfaces(pixels - mean, min(N_EIGENFACES, len(pixels) - 1))
        projected = (pixels - mean) @ eigenfaces
        targets = (values - values.mean(axis=0)) / values.std(axis=0)
        gram = projected.T @ projected
        gram += 1e-3 * np.trace(gram) / len(gram) * np.eye(len(gram))
        weights = np.linalg.solve(gram, projected.T @ targets)
        return cls(mean, eigenfaces @ weights)

    def embed(self, faces: np.ndarray) -> np.ndarray:
        """(faces, 3, px, px) in [-1, 1] → (faces, attributes)."""
        return np.asarray((faces.reshape(len(faces), -1) - self.mean) @ self.axes)


def _eigenfaces(centred: np.ndarray, n_axes: int) -> np.ndarray:
    """Leading principal axes (Turk and Pentland 1991), by way of the products of the faces.

    Args:
        centred: Shape (faces, pixels).
        n_axes: How many, at most as many as faces.

    Returns:
        Orthonormal columns, shape (pixels, n_axes).
    """
    some = centred[:: -(-len(centred) // MOST_FACES)]  # evenly spaced: the axes need no more
    n_axes = min(n_axes, len(some) - 1)
    values, vectors = np.linalg.eigh(some @ some.T)  # (faces, faces), ascending
    leading = vectors[:, ::-1][:, :n_axes] / np.sqrt(np.maximum(values[::-1][:n_axes], 1e-12))
    return np.asarray(some.T @ leading)
