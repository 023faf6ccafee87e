"""Embeddings prepared for cosines: checked, centred if wanted, at length 1."""

import numpy as np

from voice2face.arrays import Float64s, Vectors
from voice2face.errors import CorpusError
from voice2face.evaluation.trials.trial_list import Items, TrialList

ROUNDING = 1e-6  # cosines in float32 that differ by less are equal
NOTHING_LEFT = 1e-5  # of the usual length; shorter vectors after centring are rounding


def unit_vectors(
    embeddings: np.ndarray, items: Items, what: str, *, centre: bool = False
) -> Vectors:
    """Embeddings at length 1; zero where only rounding is left after centring.

    Args:
        embeddings: Shape (n, dim).
        items: The items that were embedded, shape (n,).
        what: Their name in errors.
        centre: Subtract the mean, since what all faces have in common can't tell people apart.

    Returns:
        Shape (n, dim).

    Raises:
        CorpusError: There is not one for each item, or a number is not finite.
    """
    embeddings = np.asarray(embeddings)
    if embeddings.ndim != 2 or len(embeddings) != len(items) or not embeddings.shape[1]:
        raise CorpusError(
            f"embeddings of {what}",
            f"shape {embeddings.shape}",
            f"({len(items)}, dim): one for each of the trials",
            "embed the faces that the trials name, in their order",
        )
    bad = np.flatnonzero(~np.isfinite(embeddings).all(axis=1))
    if len(bad):
        raise CorpusError(
            f"embeddings of {what}",
            f"{len(bad)} of {len(items)} not finite, the first of '{items.name[bad[0]]}'",
            "finite numbers",
            "look at that picture, and at the network",
        )
    vectors = embeddings.astype(np.float64)
    usual = np.sqrt((vectors**2).sum(axis=1).mean())
    if centre:
        vectors -= vectors.mean(axis=0)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[(lengths <= NOTHING_LEFT * usual)[:, 0]] = 0
    return np.asarray(vectors / np.maximum(lengths, np.finfo(np.float64).tiny), np.float32)


def unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors, (n, dim), at length 1, in their own precision; zero stays zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12))


def mean_where(values: np.ndarray, where: np.ndarray) -> Float64s:
    """Mean of each row where a mask holds; NaN where it never does: (n, m) → (n,)."""
    found = np.ma.array(values, mask=~where, dtype=np.float64).mean(axis=1)
    return np.asarray(np.ma.filled(found, np.nan))


def both_sides(
    made: np.ndarray, real: np.ndarray, trials: TrialList, *, centre: bool = False
) -> tuple[Vectors, Vectors]:
    """Embeddings of the probes and of the gallery of a list, each as :func:`unit_vectors`.

    Args:
        made: Embeddings of the faces made from the probes, shape (probes, dim).
        real: Embeddings of the gallery by the same network, shape (gallery, dim).
        trials: The list.
        centre: Subtract each side's mean.

    Raises:
        CorpusError: They do not fit the trials, are not finite, or are of two networks.
    """
    probes = unit_vectors(made, trials.probes, "made faces", centre=centre)
    faces = unit_vectors(real, trials.gallery, "real faces", centre=centre)
    if probes.shape[1] != faces.shape[1]:
        raise CorpusError(
            "embeddings of made and real faces",
            f"{probes.shape[1]} and {faces.shape[1]} numbers each",
            "one length",
            "embed both with one network",
        )
    return probes, faces
