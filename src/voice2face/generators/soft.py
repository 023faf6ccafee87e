"""Soft pictures: Gaussian blurs as products of matrices."""

import numpy as np

from voice2face.arrays import Float32s


def blur_matrix(side: int, sigma: float) -> Float32s:
    """What blurs the rows of a picture by a Gaussian of ``sigma`` pixels, shape (side, side)."""
    at = np.arange(side)
    weights = np.exp(-0.5 * ((at[:, None] - at) / sigma) ** 2)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def blurred(picture: Float32s, blur: Float32s) -> Float32s:
    """A picture blurred along both axes, shape (n, n, channels).

    Args:
        picture: Shape (side, side, channels).
        blur: Of :func:`blur_matrix`, or some rows of it, shape (n, side).
    """
    side, channels = picture.shape[0], picture.shape[2]
    down = (blur @ picture.reshape(side, -1)).reshape(len(blur), side, channels)
    return np.ascontiguousarray(np.matmul(blur, down), np.float32)
