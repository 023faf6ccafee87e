"""From a recogniser's feature to a face: a linear map to eigenfaces, in closed form."""

import numpy as np

from voice2face.evaluation.embedders.fitted import eigenfaces
from voice2face.evaluation.statistics.ridge import fit_ridge
from voice2face.evaluation.training_people import person_weights
from voice2face.parts import Arrays
from voice2face.training.closed_form import VoicesAndFaces
from voice2face.training.speech2face.features import Features

MOST_COMPONENTS = 150  # keep 96 % of the variance of some 900 canonical faces
MOST_FACES = 4000  # that the decoder is fitted to


def fit_decoder(data: VoicesAndFaces, features: Features, seed: int) -> Arrays:
    """What ``generators.speech2face.DECODER`` lists; the voices have no part in it.

    Each person counts alike; how strongly the map is regularised is chosen by leaving people out.

    Args:
        data: The faces.
        features: What the recogniser sees in them.
        seed: Seed of who is left out together.

    Raises:
        CorpusError: Fewer than two people.
    """
    rows = np.arange(len(data.pixels))[:: -(-len(data.pixels) // MOST_FACES)]  # evenly spaced
    owner = data.face_labels[rows]
    weights = person_weights(owner)
    pixels = data.pixels[rows].transpose(0, 3, 1, 2).reshape(len(rows), -1)
    values = pixels.astype(np.float32) / np.float32(127.5) - 1
    mean = weights.astype(np.float32) @ values
    axes = eigenfaces(values - mean, MOST_COMPONENTS).astype(np.float32)  # (values, k)
    along = (values - mean) @ axes
    told = fit_ridge(features.faces[rows], along, weights, owner, seed)
    return {
        "decode": told.weights.astype(np.float32),
        "decode_offset": (told.offset - told.centre @ told.weights).astype(np.float32),
        "mean": mean.astype(np.float32),
        "components": axes.T.astype(np.float16),
    }
