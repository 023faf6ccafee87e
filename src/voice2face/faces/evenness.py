"""Light from one side and the tint of the light, taken out of a face on the mean shape."""

import numpy as np

from voice2face.arrays import Float32s
from voice2face.faces.luma import LUMA

REACH = 0.06  # of the side: standard deviation of what counts as light, not as the face's relief
LEAST, MOST = 0.5, 2.0  # by which light is made weaker or stronger
DARKEST = 8.0  # of 255: below it a pixel says nothing about light
# Logarithms of red over green and of blue over green of a face in even light: the median of the
# portraits, and the direction in which pictures differ most, from cool to warm light.
TINT_MIDDLE = np.array((0.345, -0.18))
TINT_ALONG = np.array((0.5, -0.866))
FURTHEST = 0.1  # along the line from its middle: groups of people differ by no more


def even_light(face: Float32s, inside: Float32s) -> Float32s:
    """The face with the same light on both of its sides.

    Where the coarse brightness of one side differs from that of the other, both get the mean of
    their logarithms. Done twice it changes nothing more.

    Args:
        face: On the mean shape, 0 to 255, shape (px, px, 3).
        inside: How much of each pixel belongs to the face, shape (px, px).

    Returns:
        Shape (px, px, 3).
    """
    light = coarse_light(face @ LUMA, inside)
    change = np.clip((light[:, ::-1] - light) / 2, np.log(LEAST), np.log(MOST))
    return np.asarray(face * np.exp(change * inside)[..., None], np.float32)


def even_tint(face: Float32s, inside: Float32s) -> Float32s:
    """The face in daylight: its mean tint moved at right angles onto the line of skin.

    How pale, brown or ruddy the skin is stays, as does its brightness. Done twice it changes
    nothing more.

    Args:
        face: On the mean shape, 0 to 255, shape (px, px, 3).
        inside: How much of each pixel belongs to the face, shape (px, px).

    Returns:
        Shape (px, px, 3).
    """
    mean = np.maximum(np.average(face.reshape(-1, 3), axis=0, weights=inside.ravel()), DARKEST)
    tint = np.log(mean[[0, 2]] / mean[1])
    place = float(np.clip((tint - TINT_MIDDLE) @ TINT_ALONG, -FURTHEST, FURTHEST))
    change = TINT_MIDDLE + place * TINT_ALONG - tint
    gains = np.exp(np.array((change[0], 0.0, change[1])))
    gains *= float(mean @ LUMA) / float((mean * gains) @ LUMA)
    return np.asarray(face * gains.astype(np.float32), np.float32)


def coarse_light(channel: Float32s, inside: Float32s) -> Float32s:
    """Logarithm of one channel of a face without the face's relief, shape (px, px).

    Args:
        channel: On the mean shape, 0 to 255, shape (px, px).
        inside: How much of each pixel belongs to the face, shape (px, px).
    """
    return np.asarray(np.log(np.maximum(coarse(channel, inside), np.float32(DARKEST))))


def coarse(luma: Float32s, inside: Float32s) -> Float32s:
    """Brightness of the face without its relief, shape (px, px)."""
    import cv2

    sigma = REACH * luma.shape[0]

    def blurred(array: Float32s) -> Float32s:
        made = cv2.GaussianBlur(array, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
        return np.asarray(made, np.float32)

    share = np.maximum(blurred(inside), np.float32(1e-3))
    return np.asarray(blurred(luma * inside) / share, np.float32)
