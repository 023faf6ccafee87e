"""What lies beside the checkout on some machines, and cannot be in it."""

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared"


def needed(path: Path, what: str) -> Path:
    """The path if it is there; else the test is skipped, or fails where all is to be run."""
    if not path.exists():
        if os.environ.get("VOICE2FACE_REQUIRE_REFERENCE"):
            pytest.fail(f"no {what} in {path}")
        pytest.skip(f"no {what} in {path}")
    return path
