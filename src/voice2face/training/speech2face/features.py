"""From the faces of a training to a recogniser's features, and back by a linear decoder."""

from dataclasses import dataclass

import numpy as np

from voice2face.arrays import Float32s, Int64s
from voice2face.errors import TrainingError
from voice2face.evaluation.embedders.face_set import FaceSet
from voice2face.evaluation.embedders.fitted import Embedder, eigenfaces
from voice2face.evaluation.metrics.cosine import ROUNDING
from voice2face.evaluation.statistics.ridge import fit_ridge
from voice2face.evaluation.training_people import person_weights
from voice2face.faces.layout import Layout
from voice2face.generators.speech2face import DECODER, SHAPE
from voice2face.parts import Arrays
from voice2face.training.closed_form import VoicesAndFaces, mean_of_each
from voice2face.training.face_space.attributes import on_own_shapes

MOST_COMPONENTS = 150  # keep 96 % of the variance of some 900 canonical faces
MOST_OF_SHAPE = 40
MOST_FACES = 4000  # that the decoder is fitted to


@dataclass(frozen=True, eq=False)
class Features:
    """Features less their mean over people, in units of the usual length of what is left.

    Attributes:
        faces: Feature of each face, shape (faces, feature).
        people: Mean over the faces of each person, shape (people, feature).
    """

    faces: Float32s
    people: Float32s

    @classmethod
    def of(cls, data: VoicesAndFaces, recogniser: Embedder) -> "Features":
        """What a recogniser sees in each face.

        Raises:
            TrainingError: The faces' alignment is not known, or they all look alike to it.
        """
        if data.geometry is None:
            found = "faces whose alignment is not known"
            raise TrainingError("corpus", found, "faces that were aligned", "prepare it anew")
        seen = recogniser.embed(_as_they_are(data, data.geometry))
        people = mean_of_each(seen, data.face_labels, len(data.labels)).astype(np.float32)
        centre = people.mean(axis=0)
        length = float(np.linalg.norm(people - centre, axis=1).mean())
        if not length > ROUNDING:
            raise TrainingError("corpus", "faces that are all alike", "different ones", "add some")
        return cls((seen - centre) / length, (people - centre) / length)


def shapes_of(data: VoicesAndFaces) -> Float32s | None:
    """Shapes of normalised faces, (faces, 468, 2), the mean one where none is known; else None."""
    if data.shapes is None:
        return None
    mean = Layout.read().shape.astype(np.float32)
    known = np.isfinite(data.shapes).all(axis=(1, 2), keepdims=True)
    return np.where(known, data.shapes, mean)


def _as_they_are(data: VoicesAndFaces, geometry: str) -> FaceSet:
    """Faces to be recognised: normalised ones in their own shapes, which tell who they are too."""
    shapes = shapes_of(data)
    if shapes is None:
        return FaceSet.of_crops(data.pixels, geometry)
    return on_own_shapes(data.pixels, shapes, data.pixels.shape[1])


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
