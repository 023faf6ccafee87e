"""Recordings of training people that no stage hears, so that one can ask about them later."""

import zlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt


def is_aside(clips: Iterable[str], share: float) -> npt.NDArray[np.bool_]:
    """Which recordings are set aside: decided by each name alone, so the same in every stage.

    Args:
        clips: Names of recordings.
        share: About how many of them, 0 to 1; of a larger share, the same and more.

    Returns:
        Shape (clips,).
    """
    places = [zlib.crc32(f"aside {clip}".encode("utf-8", "surrogateescape")) for clip in clips]
    return np.array([place / 2**32 < share for place in places], bool)
