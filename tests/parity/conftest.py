"""Where the arrays of the authors' program lie (see the README beside them)."""

import os
from pathlib import Path

import pytest

BESIDE_THE_CHECKOUT = Path(__file__).parents[3] / "shared" / "reference"


@pytest.fixture(scope="session")
def reference() -> Path:
    folder = Path(os.environ.get("VOICE2FACE_REFERENCE") or BESIDE_THE_CHECKOUT)
    if not (folder / "training.npz").is_file():
        reason = f"no reference arrays in {folder}; set VOICE2FACE_REFERENCE to their folder"
        if os.environ.get("VOICE2FACE_REQUIRE_REFERENCE"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder
