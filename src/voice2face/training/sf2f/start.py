"""Where the head of SF2F starts: at what a regression tells of faces."""

import numpy as np

from voice2face.arrays import Float32s, Int64s
from voice2face.evaluation.embedders.fitted import eigenfaces
from voice2face.evaluation.statistics.ridge import fit_ridge
from voice2face.evaluation.training_people import person_weights

LEAST_LENGTH = 1e-6


def regression(
    windows: list[Float32s], owner: Int64s, faces: Float32s, dim: int, seed: int
) -> Float32s:
    """Weights from the mean window of a recording to the leading components of the face.

    What voices tell of a component decides how large it comes out, for people left out choose the
    strength of each. So in an embedding of length one the noise of the training drowns what voices
    don't tell, and faces can't be learned by heart along that.

    Args:
        windows: Of each recording, shape (windows, frame_dim).
        owner: Person of each recording, a row of ``faces``.
        faces: The mean face of each person, shape (people, values).
        dim: Numbers of an embedding; those beyond the components are 0.
        seed: Seed of who is left out together.

    Returns:
        Shape (frame_dim, dim); recordings come out at a length of about one.
    """
    heard = np.array([one.mean(axis=0) for one in windows])
    centred = faces - faces.mean(axis=0)
    axes = eigenfaces(centred, dim)
    told = fit_ridge(heard, (centred @ axes)[owner], person_weights(owner), owner, seed)
    length = float(np.linalg.norm((heard - told.centre) @ told.weights, axis=1).mean())
    weights = np.zeros((heard.shape[1], dim), np.float32)
    weights[:, : axes.shape[1]] = told.weights / max(length, LEAST_LENGTH)
    return weights
