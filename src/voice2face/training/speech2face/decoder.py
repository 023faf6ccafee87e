"""From a recogniser's feature to a face: a linear map to eigenfaces, in closed form."""

import numpy as np

from voice2face.arrays import Float32s, Int64s
from voice2face.evaluation.embedders.fitted import eigenfaces
from voice2face.evaluation.statistics.ridge import fit_ridge
from voice2face.evaluation.training_people import person_weights
from voice2face.generators.speech2face import DECODER, SHAPE
from voice2face.parts import Arrays
from voice2face.training.closed_form import VoicesAndFaces
from voice2face.training.speech2face.features import Features, shapes_of

MOST_COMPONENTS = 150  # keep 96 % of the variance of some 900 canonical faces
MOST_OF_SHAPE = 40
MOST_FACES = 4000  # that the decoder is fitted to


def fit_decoder(data: VoicesAndFaces, features: Features, seed: int) -> Arrays:
    """What ``generators.speech2face.DECODER`` lists, and ``SHAPE`` where faces are normalised.

    The voices have no part in it. Each person counts alike; how strongly the maps are regularised
    is chosen by leaving people out.

    Args:
        data: The faces.
        features: What the recogniser sees in them.
        seed: Seed of who is left out together.

    Raises:
        CorpusError: Fewer than two people.
    """
    rows = np.arange(len(data.pixels))[:: -(-len(data.pixels) // MOST_FACES)]  # evenly spaced
    given, owner = features.faces[rows], data.face_labels[rows]
    pixels = data.pixels[rows].transpose(0, 3, 1, 2).reshape(len(rows), -1)
    values = pixels.astype(np.float32) / np.float32(127.5) - 1
    decoded = _map(given, values, owner, MOST_COMPONENTS, seed)
    arrays: Arrays = dict(zip(DECODER, decoded, strict=True))
    arrays["components"] = arrays["components"].astype(np.float16)
    if (shapes := shapes_of(data)) is not None:
        points = shapes[rows].reshape(len(rows), -1)
        arrays |= zip(SHAPE, _map(given, points, owner, MOST_OF_SHAPE, seed), strict=True)
    return arrays


def _map(
    given: Float32s, values: Float32s, owner: Int64s, n_most: int, seed: int
) -> tuple[Float32s, ...]:
    """From features to components of values (n, numbers): weights, offset; mean, components."""
    weights = person_weights(owner)
    mean = weights.astype(np.float32) @ values
    axes = eigenfaces(values - mean, n_most).astype(np.float32)  # (numbers, k)
    told = fit_ridge(given, (values - mean) @ axes, weights, owner, seed)
    offset = (told.offset - told.centre @ told.weights).astype(np.float32)
    return told.weights.astype(np.float32), offset, mean, np.ascontiguousarray(axes.T)
