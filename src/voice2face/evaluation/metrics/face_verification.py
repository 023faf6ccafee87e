"""Face verification: do a made face and a real one show the same person?

Errors, area and intervals are those of speaker verification; see ``verification``.
"""

from dataclasses import replace

import numpy as np

from voice2face.errors import CorpusError
from voice2face.evaluation.metrics.cosine import both_sides
from voice2face.evaluation.metrics.verification import Trials, Verification, measure
from voice2face.evaluation.trials.trial_list import TrialList


def verify_faces(
    made: np.ndarray,
    real: np.ndarray,
    trials: TrialList,
    *,
    centre: bool = False,
    seed: int = 0,
    n_resamples: int = 1000,
) -> Verification:
    """Score made faces against real ones.

    Args:
        made: Embeddings of the faces made from the probes, shape (probes, dim).
        real: Embeddings of the gallery by the same network, shape (gallery, dim).
        trials: Trials of protocol "verification".
        centre: Subtract each side's mean.
        seed: Seed of the resampling.
        n_resamples: Resamples of people, each with voice and face.

    Returns:
        Errors; ``n_clips`` is the number of made faces.

    Raises:
        CorpusError: Embeddings that don't fit the trials or are not finite, trials of another
            protocol, or no pair of one person or of two.
    """
    if trials.protocol != "verification" or trials.asked is None or trials.sets is None:
        raise CorpusError(
            "verification",
            f"trials of protocol '{trials.protocol}'",
            "'verification'",
            "make those",
        )
    probes, faces = both_sides(made, real, trials, centre=centre)
    asked, known = trials.asked, trials.sets[:, 0]
    names = trials.gallery.identity[known], trials.probes.identity[asked]
    one, other = np.unique(np.concatenate(names), return_inverse=True)[1].reshape(2, -1)
    found = measure(
        faces, probes, Trials(known, asked, one, other), seed=seed, n_resamples=n_resamples
    )
    if found is None:
        raise CorpusError(
            "verification", "no pair of one person, or none of two", "both", "make other trials"
        )
    return replace(found, n_clips=len(np.unique(asked)))
