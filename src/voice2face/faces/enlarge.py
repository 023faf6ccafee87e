"""A larger picture of a face, without making anything up."""

import numpy as np
import numpy.typing as npt
from PIL import Image

Picture = npt.NDArray[np.uint8]


def enlarged(picture: Picture, px: int) -> Picture:
    """A square picture at a larger size: the same face between its pixels, no new detail.

    Lanczos' window of three pixels leaves neither blocks nor the blur of straight lines between
    pixels. A picture that is as large already stays as it is; nothing is made smaller.

    Args:
        picture: RGB, uint8, shape (side, side, 3).
        px: Side wanted.

    Returns:
        RGB, uint8, shape (max(px, side), max(px, side), 3).
    """
    if px <= picture.shape[0]:
        return picture
    image = Image.fromarray(np.ascontiguousarray(picture))
    return np.asarray(image.resize((px, px), Image.Resampling.LANCZOS))


def enlargement_label(made_px: int, px: int) -> str:
    """What is to be said beside a picture that was enlarged; empty where none was."""
    return f"{made_px} pixels, enlarged to {px}" if px > made_px else ""
