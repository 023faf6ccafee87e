"""Class score: how surely, and how differently, a recogniser takes made faces for known people.

It is the formula of the Inception score on a face recogniser's classes, as SF2F's VGGFace score is.
That one's recogniser knows 8,631 people of VGGFace2; scores of different recognisers can't be
compared, and none is a VGGFace score but that. It rewards confident and varied faces, not likeness.
"""

import numpy as np
import numpy.typing as npt

from voice2face.errors import CorpusError

N_SPLITS = 5


def class_score(
    probabilities: npt.NDArray[np.floating], seed: int = 0, n_splits: int = N_SPLITS
) -> tuple[float, float]:
    """Mean and deviation over splits of the faces; from 1 to the number of classes.

    Each split's score is exp of the mean over faces of KL(p ‖ mean of p), so at most as many as it
    has faces: compare only figures of equally many.

    Args:
        probabilities: Of each class for each face, rows that sum to one, shape (faces, classes).
        seed: Seed of the faces' order.
        n_splits: How many.

    Raises:
        CorpusError: Fewer than two faces a split, or rows that are no probabilities.

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


def _score(p: npt.NDArray[np.float64]) -> float:
    least = np.finfo(np.float64).tiny
    surprise = np.log(np.maximum(p, least)) - np.log(np.maximum(p.mean(axis=0), least))
    return float(np.exp((p * surprise).sum(axis=1).mean()))
