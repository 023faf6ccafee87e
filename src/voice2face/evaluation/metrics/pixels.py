"""Measures of pixels: copies of training faces, and values at the end of their range."""

from dataclasses import dataclass

import numpy as np

from voice2face.arrays import Bools, Float32s, Float64s, Int64s
from voice2face.errors import CorpusError
from voice2face.evaluation.metrics.distances import blocks

COMPARED_PX = 16  # side to which faces are reduced before they are compared


@dataclass(frozen=True, eq=False)
class Nearest:
    """The nearest training face of each face.

    Attributes:
        index: Its row among the training faces, shape (n,).
        distance: Root mean square difference in grey levels, 0 to 255, shape (n,).
        second: That of the second nearest, shape (n,); infinite if there is none.
        mirrored: Whether the mirror image of the nearest is meant, shape (n,).
    """

    index: Int64s
    distance: Float64s
    second: Float64s
    mirrored: Bools

    @property
    def lead(self) -> Float64s:
        """Distance to the nearest over that to the second nearest, 0 to 1, shape (n,).

        A copy is near to one face; a face like the mean is near to many.
        """
        return np.asarray(self.distance / np.maximum(self.second, 1e-9))


def memorisation(made: np.ndarray, training: np.ndarray) -> Nearest:
    """The training face, or mirror image of one, that each made face is nearest to in pixels.

    Faces are averaged down to COMPARED_PX first, so that noise and blur hide no copy. Compare the
    distances with those of unseen real faces.

    Args:
        made: RGB, uint8, shape (n, px, px, 3).
        training: RGB, uint8, aligned in the same way, shape (m, px, px, 3), m at least 1.

    Raises:
        CorpusError: Pictures of two sizes, or no training face.
    """
    if made.ndim != 4 or made.shape[1:] != training.shape[1:] or not len(training):
        sizes = f"shape {training.shape}, made faces {made.shape}"
        wanted = "at least one, of the made faces' size"
        raise CorpusError("training faces", sizes, wanted, "give faces of one size")
    small = shrunk(made)
    straight, turned = _rows(small), _rows(small[:, :, ::-1])
    index = _two_nearest(straight, turned, training)
    squared = np.empty((2, 2, len(made)))  # straight and turned, nearest and second
    for k in (0, 1):
        bank = _rows(shrunk(training[index[:, k]]))
        squared[:, k] = [((x - bank) ** 2).mean(axis=1) for x in (straight, turned)]
    nearest, second = np.sqrt(squared.min(axis=0))
    if len(training) == 1:
        second[:] = np.inf
    return Nearest(index[:, 0], nearest, second, squared[1, 0] < squared[0, 0])


def _two_nearest(straight: Float32s, turned: Float32s, training: np.ndarray) -> Int64s:
    """Rows of the two training faces that each face, or its mirror image, is nearest to: (n, 2)."""
    index = np.zeros((len(straight), 2), np.int64)
    best = np.full(index.shape, np.inf, np.float32)
    for rows in blocks(len(training)):
        bank = _rows(shrunk(training[rows]))
        for some in blocks(len(straight)):
            near = np.minimum(_squared(straight[some], bank), _squared(turned[some], bank))
            two = np.argpartition(near, min(1, len(bank) - 1), axis=1)[:, :2]
            both = np.hstack([best[some], np.take_along_axis(near, two, 1)])
            order = np.argsort(both, axis=1, kind="stable")[:, :2]
            best[some] = np.take_along_axis(both, order, 1)
            index[some] = np.take_along_axis(np.hstack([index[some], rows.start + two]), order, 1)
    return index


def shrunk(pictures: np.ndarray) -> Float32s:
    """Square faces averaged down to at most COMPARED_PX a side: (n, px, px, 3) → (n, p, p, 3)."""
    n, px = pictures.shape[:2]
    edges = np.linspace(0, px, min(COMPARED_PX, px) + 1).astype(int)[:-1]
    counts = np.diff([*edges, px]).astype(np.float32)
    small = np.empty((n, len(edges), len(edges), 3), np.float32)
    for rows in blocks(n):
        sums = np.add.reduceat(pictures[rows].astype(np.float32), edges, axis=1)
        sums = np.add.reduceat(sums, edges, axis=2)
        small[rows] = sums / (counts[:, None, None] * counts[:, None])
    return small


def saturated(raw: np.ndarray, limit: float = 1.0) -> Float64s:
    """Share of each face's values at or beyond the end of their range, before they are cut to it.

    Args:
        raw: The generator's output, nominally in [-1, 1], shape (n, 3, px, px).
        limit: End of the range; after a tanh, which never reaches 1, take 0.99.

    Returns:
        Shape (n,), 0 to 1.

    Raises:
        CorpusError: Numbers that are not finite.
    """
    if not np.isfinite(raw).all():
        remedy = "look at the run: it has diverged"
        raise CorpusError("made faces", "NaN or infinite", "finite numbers", remedy)
    return np.asarray((np.abs(raw) >= limit).reshape(len(raw), -1).mean(axis=1), np.float64)


def _rows(faces: Float32s) -> Float32s:
    """A face a row, about mid-grey, so that products of rows keep their digits: (n, values)."""
    return faces.reshape(len(faces), -1) - np.float32(127.5)


def _squared(a: Float32s, b: Float32s) -> Float32s:
    """Squared distances of all rows of one to all of the other, (n, m)."""
    return np.asarray((a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * (a @ b.T))
