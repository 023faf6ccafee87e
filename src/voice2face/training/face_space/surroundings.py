"""Hair, head, neck and shoulders that go with a face, learned from portraits."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voice2face.faces.layout import Layout
from voice2face.generators.face_decoder import surrounding_features
from voice2face.generators.soft import blur_matrix, blurred
from voice2face.training.face_space.components import Codes
from voice2face.training.face_space.people import People

Floats = npt.NDArray[np.float32]
# Ridge: how many people a feature must outweigh: none for the mean, then age, then the face.
FOR_AGE, FOR_FACE = 15.0, 40.0
NONE = 1e-6
# Shares of the layout's side: how far from the outline, and how strongly, pictures are made soft.
NEAR, BLUR = 0.012, 0.025
STRAND = 0.00625  # of the side: strands of hair of one portrait are no strands of a mixture


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What surrounds the faces of one gender, linear in who it is.

    Attributes:
        mean: RGB times opacity, and opacity, all 0 to 255, shape (numbers,).
        change: For each feature after the mean, shape (features, numbers); the last ``n_hair`` are
            principal components of what the others leave, times their spread.
        hair: What each portrait and its mirror image have of these, mean 0 and spread 1, shape
            (2 × portraits, n_hair).
    """

    mean: Floats
    change: Floats
    hair: Floats

    @classmethod
    def fit(cls, portraits: People, codes: Codes, men: bool, n_hair: int) -> "Surroundings":
        """Fit on the women or on the men among portraits.

        Args:
            portraits: People with hair, and what of each pixel is theirs.
            codes: How their faces are written.
            men: Of which gender.
            n_hair: Components of what age and face leave.
        """
        assert portraits.person is not None
        of_it = portraits.male == men
        code = codes.of(portraits.texture[of_it], portraits.shape[of_it])
        age, none = portraits.age[of_it].astype(np.float32), np.zeros((len(code), 0), np.float32)
        features = surrounding_features(code[:, : len(codes.texture.basis)], age, none)
        around = _premultiplied(portraits.texture[of_it], portraits.person[of_it])
        both = (around + _mirrored(around)) / 2
        wide = np.column_stack([np.ones(len(code)), features]).astype(np.float64)
        penalty = np.diag([NONE, FOR_AGE] + [FOR_FACE] * (features.shape[1] - 1))
        flat = both.reshape(len(both), -1)
        solved = np.linalg.solve(wide.T @ wide + penalty, wide.T @ flat).astype(np.float32)
        # Each portrait and its mirror image: hair is parted on one side, for one as for the other.
        left = np.concatenate([around, _mirrored(around)]).reshape(2 * len(around), -1)
        left -= np.tile(wide.astype(np.float32) @ solved, (2, 1))
        values, vectors = np.linalg.eigh(left @ left.T)
        leading, size = vectors[:, ::-1][:, :n_hair], values[::-1][:n_hair] / len(left)
        chance = leading.T @ left / np.float32(np.sqrt(len(left)))  # times the spread along each
        scores = left @ chance.T / np.maximum(size, 1e-9)
        rows = np.concatenate([solved, chance]).astype(np.float32)
        side = portraits.texture.shape[1]
        pictures = _without_border(rows.reshape(-1, side, side, 4))
        soft = blur_matrix(side, STRAND * side)
        pictures[-n_hair:] = [blurred(one, soft) for one in pictures[-n_hair:]]
        rows = pictures.reshape(len(rows), -1)
        return cls(rows[0], rows[1:], scores.astype(np.float32))


def _without_border(pictures: Floats) -> Floats:
    """Pictures that are soft along the face's outline, shape (n, side, side, 4).

    Within it light was evened out, beyond it was not: a thin line shows where one meets the other.
    """
    side = pictures.shape[1]
    inside = Layout.read().inside(side)
    near = blur_matrix(side, NEAR * side)
    band = near @ (4 * inside * (1 - inside)) @ near.T
    band = np.clip(2 * band / band.max(), 0, 1)[..., None]
    blur = blur_matrix(side, BLUR * side)
    return np.array([one + band * (blurred(one, blur) - one) for one in pictures], np.float32)


def _premultiplied(texture: npt.NDArray[np.uint8], person: npt.NDArray[np.uint8]) -> Floats:
    """RGB times opacity, and opacity, shape (n, side, side, 4)."""
    opacity = person[..., None].astype(np.float32) / np.float32(255)
    return np.asarray(np.concatenate([texture * opacity, 255 * opacity], axis=-1))


def _mirrored(pictures: Floats) -> Floats:
    return np.asarray(pictures[:, :, ::-1])
