"""Where the arrays of the authors' program lie (see the README beside them)."""

import os
from pathlib import Path

import pytest
from needed import SHARED, needed


@pytest.fixture(scope="session")
def reference() -> Path:
    folder = Path(os.environ.get("VOICE2FACE_REFERENCE") or SHARED / "reference")
    return needed(folder / "training.npz", "arrays; set VOICE2FACE_REFERENCE").parent
