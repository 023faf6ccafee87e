"""A small corpus of made-up people, made once for all tests, and where networks lie."""

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from voice2face.assets.pretrained import SHIPPED
from voice2face.corpus.prepare import prepare
from voice2face.faces.settings import FaceCrop
from voice2face.synthetic import CohortSettings, write_cohort

HERE = Path(__file__).parent
NEEDS_TORCH = re.compile(
    r"^(from|import) (torch|models|small_steps|benchmarks|voice2face\.training)\b", re.MULTILINE
)

collect_ignore: list[Path] = []
if not find_spec("torch"):  # `make test-light`: what imports it at its top is left out
    needing = [path for path in HERE.rglob("*.py") if NEEDS_TORCH.search(path.read_text())]
    collect_ignore = [
        HERE / "docs",  # their commands train
        *(path.parent if path.name == "conftest.py" else path for path in needing),
    ]


@pytest.fixture(scope="session", autouse=True)
def frames_folder(tmp_path_factory) -> Iterator[Path]:
    """Where trainings keep frames: not in the user's folder."""
    folder = tmp_path_factory.mktemp("frames")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VOICE2FACE_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def people(tmp_path_factory) -> Path:
    """Folder of a cohort: ten people, each with two recordings and three pictures of 16 pixels."""
    folder = tmp_path_factory.mktemp("people") / "cohort"
    settings = CohortSettings(
        n_identities=10, seed=7, clips_per_identity=2, faces_per_identity=3, face_px=16
    )
    write_cohort(folder, settings)
    return folder


@pytest.fixture(scope="session")
def corpus(people, tmp_path_factory) -> Path:
    """The corpus of these people; some of them are held out."""
    out = tmp_path_factory.mktemp("corpora") / "corpus"
    report = prepare([people], out, face_crop=FaceCrop(px=16), split="hash:50/20/30")
    assert report.info.counts["train"].identities >= 3
    assert report.info.counts["validation"].identities + report.info.counts["test"].identities >= 2
    return out


@pytest.fixture(scope="session")
def convolutional_model(tmp_path_factory) -> Path:
    """A small model with random weights whose encoder tells nothing but what the face needs."""
    pytest.importorskip("torch")
    from models import small_model

    return small_model(tmp_path_factory.mktemp("models") / "small")


@pytest.fixture(scope="session")
def models() -> Path:
    """Folder of the pretrained networks that come with the package."""
    return SHIPPED
