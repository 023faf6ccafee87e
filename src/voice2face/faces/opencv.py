"""OpenCV, which not all that this program does needs."""

from typing import Any

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
