import csv
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest

from .corpus_samples import fake_bands, picture, write_wav


@pytest.fixture
def fake_audio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voice2face.audio.front_end.speech_bands", fake_bands)


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., Path]:
    """Writes ``tmp_path/table.csv``."""

    def write(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
        path = tmp_path / "table.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([header, *rows])
        return path

    return write


@pytest.fixture
def people(tmp_path: Path, fake_audio: None, table: Callable[..., Path]) -> Path:
    """A table of 20 people with two clips and two pictures each."""
    rows = []
    for person in range(20):
        for take in range(2):
            name = f"{person:02d}-{take}"
            write_wav(tmp_path / f"{name}.wav", seconds=0.1 * (1 + take), hz=100 + person)
            picture(2 * person + take).save(tmp_path / f"{name}.png")
            gender = "" if person == 0 else ("female", "male")[person % 2]
            rows.append((f"p{person:02d}", f"{name}.wav", f"{name}.png", gender))
    return table(("identity", "voice", "face", "gender"), rows)
