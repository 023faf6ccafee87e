"""OpenCV, which not all that this program does needs."""

from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.errors import MissingExtraError


def opencv(what: str) -> Any:
    """OpenCV on one thread and without its own log lines.

    Args:
        what: What it is needed for, for the message.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        import cv2
    except ImportError as error:
        raise MissingExtraError(what, "data") from error
    cv2.setNumThreads(1)  # one picture is too little to share; the processes share the pictures
    # 5.x comments on its new engine; some versions of 4.x lack the call, and the comments.
    if logging := getattr(cv2.utils, "logging", None):
        logging.setLogLevel(logging.LOG_LEVEL_SILENT)
    return cv2


def resized(array: npt.NDArray[Any], px: int) -> npt.NDArray[Any]:
    """A square picture at another size; ``array`` itself if it has that size."""
    import cv2

    if array.shape[:2] == (px, px):
        return array
    way = cv2.INTER_AREA if array.shape[0] > px else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(array, (px, px), interpolation=way))
