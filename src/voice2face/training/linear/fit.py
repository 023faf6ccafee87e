"""From embeddings to eigenfaces by ridge regression, as a part that can be released."""

import numpy as np

from voice2face.evaluation.baselines import EigenfaceMap, fit_eigenface_map
from voice2face.evaluation.training_people import TrainingFaces, TrainingVoices
from voice2face.generators.linear import FILE, LinearPart
from voice2face.release.writing import NewPart, part_of_arrays
from voice2face.settings import Settings
from voice2face.training.closed_form import VoicesAndFaces


class LinearFit(Settings, frozen=True):
    """Ridge regression from embeddings to eigenfaces of people's mean faces.

    Each person, or group, counts alike; the strength of the regularisation is chosen by leaving
    people out (:func:`voice2face.evaluation.statistics.ridge.fit_ridge`).
    """

    @property
    def name(self) -> str:
        """In the card."""
        return "linear"

    def __call__(self, data: VoicesAndFaces, seed: int) -> NewPart:
        """The map as a part.

        Raises:
            CorpusError: Too few people have both a voice and a face.
        """
        labels = np.asarray(data.labels, str)
        whose_voice, whose_face = labels[data.voice_labels], labels[data.face_labels]
        voices = TrainingVoices(data.embeddings, whose_voice, np.full(len(whose_voice), ""))
        faces = TrainingFaces(data.pixels, whose_face, np.full(len(whose_face), ""))
        return as_part(fit_eigenface_map(voices, faces), data.pixels.shape[1])


def as_part(fitted: EigenfaceMap, px: int) -> NewPart:
    """A fitted map as a part of a model.

    Args:
        fitted: In grey levels, 0 to 255, of pictures (px, px, 3).
        px: Side of the faces.
    """
    mean = fitted.centre + fitted.axes @ fitted.told.offset
    left_over = fitted.left_over - fitted.left_over.mean(axis=0)
    values, vectors = np.linalg.eigh(left_over.T @ left_over / max(1, len(left_over) - 1))
    spread = np.sqrt(np.maximum(values, 0))[:, None] * vectors.T  # z @ spread has that covariance
    arrays = {
        "centre": fitted.told.centre.astype(np.float32),
        "weights": (fitted.told.weights / 127.5).astype(np.float32),
        "mean": (_planes(mean[None], px)[0] / 127.5 - 1).astype(np.float32),
        "components": _planes(fitted.axes.T, px).astype(np.float16),
        "spread": (spread / 127.5).astype(np.float32),
    }
    dim, n_components = arrays["weights"].shape
    part = LinearPart(px=px, embedding_dim=dim, n_components=n_components)
    return part_of_arrays(part, FILE, arrays)


def _planes(values: np.ndarray, px: int) -> np.ndarray:
    """(n, px·px·3) with the colours last to (n, 3·px·px) with the colours first."""
    return values.reshape(-1, px, px, 3).transpose(0, 3, 1, 2).reshape(len(values), -1)
