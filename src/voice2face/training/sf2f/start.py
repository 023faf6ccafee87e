"""Start of a training of SF2F: mean faces, a regression for the head, a recogniser."""

import numpy as np
from torch import Tensor

from voice2face.arrays import Float32s, Int64s, UInt8s
from voice2face.evaluation.embedders.fitted import eigenfaces
from voice2face.evaluation.statistics.ridge import fit_ridge
from voice2face.evaluation.training_people import person_weights
from voice2face.training.closed_form import VoicesAndFaces, mean_of_each
from voice2face.training.data.in_memory import FaceBank, faces_of
from voice2face.training.recogniser.network import Recogniser, RecogniserRecipe
from voice2face.training.recogniser.train import RecogniserTrainee

LEAST_LENGTH = 1e-6


def regression(
    windows: list[Float32s], owner: Int64s, faces: Float32s, dim: int, seed: int
) -> Float32s:
    """Weights from the mean window of a recording to the leading components of the face.

    What voices tell of a component decides how large it comes out, for people left out choose the
    strength of each. So in an embedding of length one the noise of the training drowns what voices
    don't tell, and faces can't be learned by heart along that.

    Args:
        windows: Windows of each recording, shape (windows, frame_dim).
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


def trained_recogniser(data: VoicesAndFaces, recipe: RecogniserRecipe, seed: int) -> Recogniser:
    """A recogniser of the training people, on faces of half the size; frozen."""
    order = np.argsort(data.face_labels, kind="stable")
    small = halved_pixels(data.pixels[order])
    trainee = RecogniserTrainee(FaceBank.of(small, data.face_labels[order]), recipe, seed)
    for _ in range(recipe.iterations):
        trainee.step()
    return trainee.recogniser.eval().requires_grad_(False)


def halved_pixels(pixels: UInt8s) -> UInt8s:
    """Pictures of half the size: (n, px, px, 3) → (n, px / 2, px / 2, 3)."""
    n, px = pixels.shape[:2]
    small = np.empty((n, px // 2, px // 2, 3), np.uint8)
    for row, one in enumerate(pixels):
        blocks = one.reshape(px // 2, 2, px // 2, 2, 3)
        small[row] = np.rint(blocks.mean(axis=(1, 3)))
    return small


def mean_face(data: VoicesAndFaces) -> Tensor:
    """The mean face, each person alike, in [-1, 1], shape (3, px, px)."""
    weights = person_weights(data.face_labels)
    total = np.zeros(data.pixels.shape[1:])
    for weight, one in zip(weights, data.pixels, strict=True):
        total += weight * one
    return faces_of(total[None])[0].float()


def mean_faces(data: VoicesAndFaces) -> Float32s:
    """The mean face of each person at half the size, in [-1, 1], shape (people, values)."""
    small = halved_pixels(data.pixels).reshape(len(data.pixels), -1)
    means = mean_of_each(small / np.float32(127.5) - 1, data.face_labels, len(data.labels))
    return means.astype(np.float32)
