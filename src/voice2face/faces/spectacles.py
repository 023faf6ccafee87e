"""Whether a face on the mean shape wears spectacles."""

import numpy as np

from voice2face.arrays import Float32s
from voice2face.faces.layout import FILE
from voice2face.faces.luma import LUMA

# The part of the layout that is looked at, as fractions of its side (top, bottom, left, right),
# and its size when it is.
PART = (0.40, 0.58, 0.27, 0.73)
HEIGHT, WIDTH = 20, 48
COARSE = 4.0  # pixels: what changes more slowly is light


def read_weights() -> tuple[Float32s, float]:
    """The weights that come with this program, shape (2 × 20 × 48,), and what is added.

    They were fitted by ridge regression on the eyes' surroundings of 3,297 FairFace faces, from a
    first guess by edges on the bridge of the nose and under the eyes, then on their own answers.
    """
    with np.load(FILE, allow_pickle=False) as stored:
        return stored["spectacles"].astype(np.float32), float(stored["spectacles_offset"])


def spectacles(face: Float32s, weights: tuple[Float32s, float]) -> float:
    """How much a face looks as if it wore spectacles, or as if its eyes lay in the shade.

    Among FairFace's faces, those above 0.25 are a fifth; about four in five of these wear
    spectacles or sun-glasses, and few of those below do.

    Args:
        face: On the mean shape, 0 to 255, shape (px, px, 3).
        weights: Weights of :func:`read_weights`.

    Returns:
        About -1 (bare) to 1.5 (thick frames).
    """
    import cv2

    px = face.shape[0]
    top, bottom, left, right = (round(share * px) for share in PART)
    luma = np.ascontiguousarray(face[top:bottom, left:right] @ LUMA)
    way = cv2.INTER_AREA if px > WIDTH / (PART[3] - PART[2]) else cv2.INTER_LINEAR
    small = np.asarray(cv2.resize(luma, (WIDTH, HEIGHT), interpolation=way), np.float32)
    edges = small - np.asarray(cv2.GaussianBlur(small, (0, 0), COARSE), np.float32)
    edges /= max(float(edges.std()), 1e-3)
    seen = np.concatenate([edges.ravel(), np.abs(edges).ravel()])
    return float(seen @ weights[0] + weights[1])
