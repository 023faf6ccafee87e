"""Small pretrained networks that others made: which file each is, and how it gets here.

Each is pinned by the checksum of its file. It is looked for in the folder that
``VOICE2FACE_MODELS`` names, then in the cache; what is in neither is downloaded once from its
public release, where it has one. With ``VOICE2FACE_OFFLINE=1`` nothing is ever downloaded.
"""

import os
import sys
from pathlib import Path

import msgspec

from voice2face.errors import ModelError
from voice2face.files import sha256_of

FOLDER_VARIABLE = "VOICE2FACE_MODELS"
OFFLINE_VARIABLE = "VOICE2FACE_OFFLINE"


class Pretrained(msgspec.Struct, frozen=True, kw_only=True):
    """One file of somebody else's, and all that must be known to get and to use it."""

    name: str
    file: str
    sha256: str
    n_bytes: int
    licence: str
    what: str
    source: str  # page of the work itself
    url: str | None = None  # of the very same bytes; None where a file was converted


_RECORDS = (
    Pretrained(
        name="yunet",
        file="yunet.onnx",
        sha256="25a606a145a5b6d7271ae138fbd00eba91dad8b83222ae3f2c7ecd0f4a7b0e31",
        n_bytes=317_466,
        licence="Apache-2.0",
        what="face boxes and five points (YuNet)",
        source="https://github.com/ShiqiYu/libfacedetection.train",
        url="https://github.com/ShiqiYu/libfacedetection.train/raw/0047ac2/onnx/yunet_n_640_640.onnx",
    ),
    Pretrained(
        name="hair",
        file="hair.onnx",
        sha256="f0969d0037bf756b1c21d954ee2849cf56b1818037991288a280fe02dc9fba71",
        n_bytes=401_583,
        licence="Apache-2.0",
        what="hair mask (MediaPipe hair segmentation, converted)",
        source="https://github.com/google-ai-edge/mediapipe",
    ),
    Pretrained(
        name="selfie",
        file="selfie.onnx",
        sha256="d9f4d9b0395298cb020e59826f8edae60d0e44dbad1a71f0fb62f2c7dfd71a3e",
        n_bytes=229_194,
        licence="Apache-2.0",
        what="person mask (MediaPipe selfie segmentation, converted)",
        source="https://github.com/google-ai-edge/mediapipe",
    ),
    Pretrained(
        name="age_gender",
        file="age_gender.onnx",
        sha256="a39d2e330f1adb84f56ff4845bfb70e29fe2ffaa3d27ba602e35dfdbd0446748",
        n_bytes=848_768,
        licence="MIT",
        what="age and gender of a face (face-api.js, converted)",
        source="https://github.com/justadudewhohacks/face-api.js",
    ),
    Pretrained(
        name="face_reid_0095",
        file="face_reid_0095.onnx",
        sha256="4c1f59e2dbe62594dd96f3be1bc1b7674216368b637c3829a378e7083a344659",
        n_bytes=2_246_532,
        licence="Apache-2.0",
        what="identity of a face, 256 numbers (face-reidentification-retail-0095, as fp16)",
        source="https://github.com/openvinotoolkit/open_model_zoo",
    ),
    Pretrained(
        name="face_reid_0095.json",
        file="face_reid_0095.json",
        sha256="5660c53318d7f7d75d7837c5c8d1fac094ed1b90b66e33baa77054ce56001d4a",
        n_bytes=111,
        licence="Apache-2.0",
        what="how to feed face_reid_0095.onnx; lies beside it",
        source="https://github.com/openvinotoolkit/open_model_zoo",
    ),
)
REGISTRY: dict[str, Pretrained] = {record.name: record for record in _RECORDS}


def find(name: str) -> Path:
    """The file of a pretrained network; downloaded if it is nowhere on this machine.

    Args:
        name: One of ``REGISTRY``.

    Returns:
        A file whose checksum is the pinned one.

    Raises:
        ModelError: No such name, a file that is not the pinned one, or none to be had.
    """
    if name not in REGISTRY:
        raise ModelError(name, "not known", f"one of {', '.join(REGISTRY)}", "correct the name")
    return obtain(REGISTRY[name])


def obtain(record: Pretrained) -> Path:
    """The file of a record, as :func:`find` does it for a name.

    Raises:
        ModelError: As there.
    """
    here = locate(record)
    if here is not None:
        return here
    target = cache_folder() / record.file
    damaged = _exists(target)
    if record.url is None:
        found = f"{target} is another or damaged file" if damaged else "not on this machine"
        raise ModelError(record.file, found, _wanted(record), _remedy(record))
    if os.environ.get(OFFLINE_VARIABLE, "") not in ("", "0"):
        found = f"not on this machine, and {OFFLINE_VARIABLE} forbids to download it"
        raise ModelError(record.file, found, _wanted(record), _remedy(record))

    from voice2face.assets.download import DownloadError, download  # needed once on a machine

    try:
        download(record.url, target, sha256=record.sha256, n_bytes=record.n_bytes)
    except DownloadError as error:
        if _is_pinned(target, record):  # another process was faster, and its file is in use
            return target
        raise ModelError(
            record.file, f"could not be {error}", _wanted(record), _remedy(record)
        ) from error
    return target


def locate(record: Pretrained) -> Path | None:
    """Where a file is on this machine, in the user's folder or the cache; None if in neither.

    A file in the cache that is not the pinned one counts as absent: it is made anew.

    Raises:
        ModelError: The user's folder does not exist, or the file in it is not the pinned one.
    """
    folder = os.environ.get(FOLDER_VARIABLE)
    if folder:
        path = Path(folder).expanduser() / record.file
        if not path.parent.is_dir():
            raise ModelError(folder, "no such folder", "a folder", f"correct {FOLDER_VARIABLE}")
        if _is_pinned(path, record):
            return path
        if _exists(path):
            raise ModelError(
                path,
                _described(path),
                _wanted(record),
                f"remove it, or put the right one there ({_origin(record)})",
            )
    path = cache_folder() / record.file
    return path if _is_pinned(path, record) else None


def cache_folder() -> Path:
    """Where downloaded files are kept: the place that each system has for it, not created.

    Raises:
        ModelError: The system does not say where.
    """
    try:
        if sys.platform == "win32":
            base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
        elif sys.platform == "darwin":
            base = Path.home() / "Library" / "Caches"
        else:
            base = Path(os.environ.get("XDG_CACHE_HOME") or "")
            if not base.is_absolute():  # the specification: others are to be ignored
                base = Path.home() / ".cache"
    except RuntimeError as error:  # no home
        raise ModelError(
            "cache", str(error), "a home folder", f"set HOME, or {FOLDER_VARIABLE}"
        ) from error
    return base / "voice2face"


def _is_pinned(path: Path, record: Pretrained) -> bool:
    try:
        # A regular file only: to open a named pipe would wait for ever.
        if not path.is_file() or path.stat().st_size != record.n_bytes:
            return False
        return sha256_of(path) == record.sha256
    except OSError:  # not readable
        return False


def _exists(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _described(path: Path) -> str:
    if not path.is_file():
        return "no file"
    try:
        return f"sha256 {sha256_of(path)}"
    except OSError as error:
        return f"not readable ({error.strerror})"


def _wanted(record: Pretrained) -> str:
    return f"the file with sha256 {record.sha256}"


def _origin(record: Pretrained) -> str:
    return record.url or f"converted from {record.source}; no public file is the same"


def _remedy(record: Pretrained) -> str:
    if record.url:
        return f"get it from {record.url} and put it into the folder named by {FOLDER_VARIABLE}"
    return f"put it into the folder named by {FOLDER_VARIABLE} ({_origin(record)})"
