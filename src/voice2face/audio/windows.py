"""Windows over a recording: those of a spectrum, and those of networks with a fixed view."""

import math

import numpy as np

from voice2face.arrays import Float64s, Floats


def triangles(places: Floats, edges: Float64s) -> Float64s:
    """Triangular filters of height 1: each rises from one edge to the next, and falls to a third.

    Args:
        places: Where their weights are wanted, shape (places,).
        edges: Ascending, shape (filters + 2,).

    Returns:
        Weights, shape (places, filters).
    """
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    at = places[:, None]
    rise, fall = (at - left) / (centre - left), (right - at) / (right - centre)
    return np.asarray(np.minimum(rise, fall).clip(0), np.float64)


def window_starts(length: float, window: int, hop: int, least_share: float) -> list[int]:
    """First frames of windows that cover a recording; the last may reach over its end.

    Args:
        length: Length of the recording, in frames, parts of one included.
        window: Frames of a window.
        hop: Frames from one window to the next.
        least_share: A last window with less of the recording in it is dropped, unless it is the
            only one.

    Returns:
        One at least.

    Source:
        Resemblyzer 0.1.4 (``compute_partial_slices``).
    """
    starts = list(range(0, max(1, math.floor(length) - window + hop + 2), hop))
    if len(starts) > 1 and (length - starts[-1]) / window < least_share:
        starts.pop()
    return starts
