"""Windows of one length over a recording, as networks of a fixed view want them."""

import math


def window_starts(length: float, window: int, hop: int, least_share: float) -> list[int]:
    """Where windows begin that cover a recording; the last may reach over its end.

    Args:
        length: Length of the recording, in frames, parts of one included.
        window: Frames of a window.
        hop: Frames from one window to the next.
        least_share: A last window with less of the recording in it is dropped, unless it is the
            only one.

    Returns:
        First frames, one at least.

    Source:
        Resemblyzer 0.1.4 (``compute_partial_slices``).
    """
    starts = list(range(0, max(1, math.floor(length) - window + hop + 2), hop))
    if len(starts) > 1 and (length - starts[-1]) / window < least_share:
        starts.pop()
    return starts
