from pathlib import Path

import pytest
from needed import SHARED, needed

from voice2face.faces import YuNet


@pytest.fixture(scope="session")
def photographs() -> Path:
    """Folder of real pictures, beside the checkout."""
    return needed(SHARED / "data", "pictures")


@pytest.fixture(scope="session")
def yunet(models: Path) -> YuNet:
    pytest.importorskip("cv2")
    return YuNet(models / "yunet.onnx", 0.6)
