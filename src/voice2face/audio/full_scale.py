"""From floats, which may reach beyond full scale, to whole numbers, which can't."""

import numpy as np

from voice2face.arrays import Int16s
from voice2face.audio.resample import Block

FULL_SCALE = 32_768.0
SCALED_AT_ONCE = 1 << 20  # samples


def to_int16(block: Block, scale: float = 1.0) -> Int16s:
    """Samples times a factor, rounded; what is above full scale is clipped.

    Args:
        block: int16, or floats in [-1, 1], shape (samples,).
        scale: The factor.
    """
    if block.dtype == np.int16:
        if scale == 1.0:
            return np.asarray(block, np.int16)
        loud = block * np.float32(scale)
    else:
        loud = block * np.float32(scale * FULL_SCALE)
    clipped = np.clip(np.rint(loud), -FULL_SCALE, FULL_SCALE - 1)
    return np.asarray(clipped, np.int16)


class Whole:
    """A recording that grows block by block, as int16.

    A block that reaches beyond full scale makes all of it quieter, those before it and those that
    follow, so that the highest peak is at full scale.
    """

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._scale = 1.0

    def add(self, block: Block) -> None:
        """Append a block: int16, or floats in [-1, 1] and beyond, shape (samples,)."""
        if block.dtype != np.int16 and len(block):
            peak = float(np.abs(block).max())
            if peak * self._scale > 1:
                self._make_quieter(1 / peak)
        self._bytes += to_int16(block, self._scale).tobytes()

    def samples(self) -> Int16s:
        """The whole recording, shape (samples,)."""
        return np.frombuffer(self._bytes, np.int16)

    def _make_quieter(self, scale: float) -> None:
        so_far = self.samples()
        for start in range(0, len(so_far), SCALED_AT_ONCE):
            part = so_far[start : start + SCALED_AT_ONCE]
            part[:] = to_int16(part, scale / self._scale)
        self._scale = scale
