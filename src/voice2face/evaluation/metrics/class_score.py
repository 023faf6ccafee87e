"""Class score: how surely, and how differently, a recogniser takes made faces for known people.

It is the formula of the Inception score on the classes of a face recogniser, as is the VGGFace
score of SF2F, whose recogniser knows 8,631 people of VGGFace2. Scores of different recognisers
can't be compared. The score rewards confident and varied faces, not likeness.
"""

import numpy as np

from voice2face.arrays import Float64s, Floats
from voice2face.errors import CorpusError

N_SPLITS = 5


def class_score(
    probabilities: Floats, seed: int = 0, n_splits: int = N_SPLITS
) -> tuple[float, float]:
    """Mean and standard deviation over splits of the faces; from 1 to the number of classes.

    The score of a split is exp of the mean over faces of KL(p ‖ mean of p). It is at most the
    number of faces, so compare only figures of equally many.

    Args:
        probabilities: Probabilities of the classes; rows sum to one, shape (faces, classes).
        seed: Seed of the order of the faces.
        n_splits: Number of splits.

    Raises:
        CorpusError: There are fewer than two faces a split, or rows are no probabilities.

    Source:
        Salimans et al. 2016; on a face recogniser Bai et al. 2022.
    """
    p = np.asarray(probabilities, np.float64)
    thing = "class score"
    if len(p) < 2 * n_splits:
        raise CorpusError(thing, f"{len(p)} faces", f"{2 * n_splits} or more", "make more")
    if not (np.isfinite(p).all() and (p >= 0).all() and np.allclose(p.sum(axis=1), 1, atol=1e-3)):
        raise CorpusError(thing, "rows that do not sum to one", "probabilities", "give a softmax")
    order = np.random.default_rng(seed).permutation(len(p))
    scores = [_score(p[rows]) for rows in np.array_split(order, n_splits)]
    return float(np.mean(scores)), float(np.std(scores))


def _score(p: Float64s) -> float:
    least = np.finfo(np.float64).tiny
    surprise = np.log(np.maximum(p, least)) - np.log(np.maximum(p.mean(axis=0), least))
    return float(np.exp((p * surprise).sum(axis=1).mean()))
