"""Hair, head, neck and shoulders that go with a face, learned from portraits."""

import numpy as np
import numpy.typing as npt

from voice2face.generators.face_decoder import Looks, surrounding_features
from voice2face.training.face_space.components import Codes
from voice2face.training.face_space.people import People

Floats = npt.NDArray[np.float32]
# Ridge: how many people a feature must outweigh. Of each feature: constant, gender, age, age by
# gender; the components of the face; chance.
FOR_AGE, FOR_FACE = 15.0, 40.0
NONE = 1e-6


def fit_surroundings(portraits: People, codes: Codes, n_hair: int) -> Floats:
    """What surrounds a face, linear in who it is.

    Women and men count alike, however many there are of each. What gender, age and face leave is
    described by its principal components, which chance draws from.

    Args:
        portraits: People with hair, and what of each pixel is theirs.
        codes: How their faces are written.
        n_hair: Components of what is left.

    Returns:
        For each feature of :func:`.face_decoder.surrounding_features`, RGB times opacity and
        opacity, 0 to 255 and 0 to 1; shape (features, side × side × 4).
    """
    assert portraits.person is not None
    male = portraits.male
    weight = np.where(male, 0.5 / male.mean(), 0.5 / (~male).mean())
    looks = Looks(
        codes.of(portraits.texture, portraits.shape),
        male,
        portraits.age.astype(np.float32),
        np.zeros((len(male), 0), np.float32),
    )
    features = surrounding_features(looks, len(codes.texture.basis)).astype(np.float64)
    around = _premultiplied(portraits.texture, portraits.person)  # (n, numbers)
    penalty = np.diag([NONE, NONE, FOR_AGE, FOR_AGE] + [FOR_FACE] * (features.shape[1] - 4))
    weighted = features * weight[:, None]
    solved = np.linalg.solve(weighted.T @ features + penalty, weighted.T @ around)
    left = (around - features.astype(np.float32) @ solved.astype(np.float32)) * np.sqrt(
        weight[:, None] / weight.sum()
    ).astype(np.float32)
    chance = np.zeros((0, around.shape[1]))
    if n_hair:
        values, vectors = np.linalg.eigh(left @ left.T)
        leading = vectors[:, ::-1][:, :n_hair]
        chance = leading.T @ left  # one component a row, times its spread
    return np.concatenate([solved, chance]).astype(np.float32)


def _premultiplied(texture: npt.NDArray[np.uint8], person: npt.NDArray[np.uint8]) -> Floats:
    """RGB times opacity and opacity, the mean of each portrait and its mirror image."""
    opacity = person[..., None].astype(np.float32) / np.float32(255)
    both = np.concatenate([texture * opacity, opacity], axis=-1)
    return np.asarray(((both + both[:, :, ::-1]) / 2).reshape(len(both), -1), np.float32)
