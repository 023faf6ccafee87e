"""Small networks that others made: what each is, and where its file is.

They are shipped with the package, each with its licence and origin (``networks/NAME.NOTICE``), and
pinned by checksum. A file of the same name in the folder that ``VOICE2FACE_MODELS`` names comes
first; it must be the same file.
"""

import os
from pathlib import Path

import msgspec

from voice2face.errors import ModelError
from voice2face.files import sha256_of

FOLDER_VARIABLE = "VOICE2FACE_MODELS"
SHIPPED = Path(__file__).parent / "networks"


class Pretrained(msgspec.Struct, frozen=True, kw_only=True):
    """One file of somebody else's, and all that must be known to use it."""

    name: str
    file: str
    sha256: str
    licence: str
    what: str
    source: str  # page of the work itself


_RECORDS = (
    Pretrained(
        name="yunet",
        file="yunet.onnx",
        sha256="25a606a145a5b6d7271ae138fbd00eba91dad8b83222ae3f2c7ecd0f4a7b0e31",
        licence="Apache-2.0",
        what="face boxes and five points (YuNet)",
        source="https://github.com/ShiqiYu/libfacedetection.train",
    ),
    Pretrained(
        name="hair",
        file="hair.onnx",
        sha256="f0969d0037bf756b1c21d954ee2849cf56b1818037991288a280fe02dc9fba71",
        licence="Apache-2.0",
        what="hair mask (MediaPipe hair segmentation, converted)",
        source="https://github.com/google-ai-edge/mediapipe",
    ),
    Pretrained(
        name="selfie",
        file="selfie.onnx",
        sha256="d9f4d9b0395298cb020e59826f8edae60d0e44dbad1a71f0fb62f2c7dfd71a3e",
        licence="Apache-2.0",
        what="person mask (MediaPipe selfie segmentation, converted)",
        source="https://github.com/google-ai-edge/mediapipe",
    ),
    Pretrained(
        name="face_mesh",
        file="face_mesh.onnx",
        sha256="62e1d0997d83d600a3354fef5efaa97b3fffc938321083dbb744e1b73ef0cac8",
        licence="Apache-2.0",
        what="468 points of a face (MediaPipe face landmarks, converted)",
        source="https://github.com/google-ai-edge/mediapipe",
    ),
    Pretrained(
        name="age_gender",
        file="age_gender.onnx",
        sha256="a39d2e330f1adb84f56ff4845bfb70e29fe2ffaa3d27ba602e35dfdbd0446748",
        licence="MIT",
        what="age and gender of a face (face-api.js, converted)",
        source="https://github.com/justadudewhohacks/face-api.js",
    ),
    Pretrained(
        name="face_reid_0095",
        file="face_reid_0095.onnx",
        sha256="4c1f59e2dbe62594dd96f3be1bc1b7674216368b637c3829a378e7083a344659",
        licence="Apache-2.0",
        what="identity of a face, 256 numbers (face-reidentification-retail-0095, as fp16)",
        source="https://github.com/openvinotoolkit/open_model_zoo",
    ),
    Pretrained(
        name="face_reid_0095.json",
        file="face_reid_0095.json",
        sha256="5660c53318d7f7d75d7837c5c8d1fac094ed1b90b66e33baa77054ce56001d4a",
        licence="Apache-2.0",
        what="how to feed face_reid_0095.onnx; lies beside it",
        source="https://github.com/openvinotoolkit/open_model_zoo",
    ),
)
REGISTRY: dict[str, Pretrained] = {record.name: record for record in _RECORDS}


def find(name: str) -> Path:
    """The file of a pretrained network.

    Args:
        name: One of ``REGISTRY``.

    Returns:
        A file whose checksum is the pinned one.

    Raises:
        ModelError: No such name, or a file that is not the pinned one.
    """
    if name not in REGISTRY:
        raise ModelError(name, "not known", f"one of {', '.join(REGISTRY)}", "correct the name")
    record = REGISTRY[name]
    if given := _in_folder(record):
        return _pinned(given, record, f"remove it, then the one of the package is used: {SHIPPED}")
    return _pinned(SHIPPED / record.file, record, "install voice2face again")


def _in_folder(record: Pretrained) -> Path | None:
    """The file in the user's folder, if anything of its name lies there."""
    if not (folder := os.environ.get(FOLDER_VARIABLE)):
        return None
    path = Path(folder).expanduser() / record.file
    if not path.parent.is_dir():
        raise ModelError(folder, "no such folder", "a folder", f"correct {FOLDER_VARIABLE}")
    return path if path.exists() or path.is_symlink() else None


def _pinned(path: Path, record: Pretrained, remedy: str) -> Path:
    found = _content(path)
    if found != f"sha256 {record.sha256}":
        raise ModelError(path, found, f"the file with sha256 {record.sha256}", remedy)
    return path


def _content(path: Path) -> str:
    if not path.is_file():  # to open a named pipe would wait for ever
        return "no file"
    try:
        return f"sha256 {sha256_of(path)}"
    except OSError as error:
        return f"not readable ({error.strerror})"
