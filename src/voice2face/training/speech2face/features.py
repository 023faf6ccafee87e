"""What a face recogniser sees in the faces of a training."""

from dataclasses import dataclass

import numpy as np

from voice2face.arrays import Float32s
from voice2face.errors import TrainingError
from voice2face.evaluation.embedders.face_set import FaceSet
from voice2face.evaluation.embedders.fitted import Embedder
from voice2face.evaluation.metrics.cosine import ROUNDING
from voice2face.faces.drawing import Drawing
from voice2face.faces.layout import Layout
from voice2face.faces.mesh import five_points
from voice2face.training.closed_form import VoicesAndFaces, mean_of_each


@dataclass(frozen=True, eq=False)
class Features:
    """Features less their mean over people, in units of the usual length of what is left.

    Attributes:
        faces: Of each face, shape (faces, feature).
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
    px = data.pixels.shape[1]
    drawing = Drawing(Layout.read(), px)
    pairs = zip(data.pixels, shapes, strict=True)
    drawn = [np.rint(np.clip(drawing(face, shape), 0, 255)) for face, shape in pairs]
    points = np.array([five_points(shape) for shape in shapes], np.float64)
    return FaceSet(np.array(drawn, np.uint8), px * points)
