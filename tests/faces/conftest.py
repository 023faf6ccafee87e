from pathlib import Path

import pytest
from needed import needed

from voice2face.faces import YuNet

from .face_samples import SHARED


@pytest.fixture(scope="session")
def photographs() -> Path:
    """Folder of real pictures, beside the checkout."""
    return needed(SHARED / "data", "pictures")


@pytest.fixture(scope="session")
def yunet(models: Path) -> YuNet:
    pytest.importorskip("cv2")
    return YuNet(models / "yunet.onnx", 0.6)
