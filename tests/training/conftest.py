"""A corpus that generators without a loop learn from."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def dozen(tmp_path_factory) -> Path:
    """A corpus of twelve people, two recordings and two faces each."""
    from voice2face.corpus.prepare import prepare
    from voice2face.faces.settings import FaceCrop
    from voice2face.synthetic import CohortSettings, write_cohort

    folder = tmp_path_factory.mktemp("people")
    settings = CohortSettings(
        n_identities=12, seed=1, clips_per_identity=2, faces_per_identity=2, face_px=16
    )
    write_cohort(folder / "people", settings)
    crop = FaceCrop(px=16)
    prepare([folder / "people"], folder / "corpus", face_crop=crop, split="hash:100/0/0")
    return folder / "corpus"
