from collections.abc import Callable
from pathlib import Path

import pytest

from voice2face.corpus.prepare.forecast import forecast
from voice2face.corpus.prepare.run import Request, look_at
from voice2face.corpus.sources import Columns
from voice2face.errors import CorpusError

from .corpus_samples import picture, prepare, write_speech

N_PICTURES, N_CLIPS = 120, 12


@pytest.fixture
def source(tmp_path: Path, table: Callable[..., Path]) -> Path:
    rows = [("p", f"{i}.wav", "") for i in range(N_CLIPS)]
    for i in range(N_CLIPS):
        write_speech(tmp_path / f"{i}.wav", seconds=3, hz=100 + i)
    for i in range(N_PICTURES):
        picture(i, size=(90, 90)).save(tmp_path / f"{i}.png")
        rows.append(("p", "", f"{i}.png"))
    (tmp_path / "7.png").write_bytes(b"not a picture")
    return table(("identity", "voice", "face"), rows)


def _asked(source: Path) -> Request:
    return look_at(
        [source], Columns(), layout=None, aligned=True, preset=None, face_crop=None,
        split="hash:100/0/0",
    )  # fmt: skip


def test_sizes_are_foretold(source: Path, tmp_path: Path) -> None:
    answer = forecast(_asked(source), workers=2, n_sample=10)
    samples = {sampled.reader: sampled for sampled in answer.samples}
    assert (samples["recording"].n_files, samples["recording"].n_sampled) == (N_CLIPS, 10)
    assert (samples["aligned"].n_files, samples["aligned"].n_sampled) == (N_PICTURES, 10)
    corpus = prepare([source], tmp_path / "corpus", split="hash:100/0/0")
    n_bytes = sum(shard.bytes for shard in corpus.info.shards)
    assert 0.8 < answer.corpus_bytes / n_bytes < 1.25
    assert answer.corpus_bytes < answer.disk_bytes <= 2 * answer.corpus_bytes
    assert answer.worker_bytes > 30e6
    assert answer.parent_bytes > 50e6


def test_time_is_shared_by_the_workers_but_for_the_start(source: Path) -> None:
    one, many = (forecast(_asked(source), workers=n, n_sample=120) for n in (1, 4))
    read_s = sum(s.n_files * s.file_s for s in one.samples)
    write_s = sum(s.n_files * s.write_s for s in one.samples)
    assert one.seconds == pytest.approx(one.start_s + read_s + write_s)
    # All files were read: nothing is left to guess.
    assert one.seconds_low == one.seconds == one.seconds_high
    read_s = sum(s.n_files * s.file_s for s in many.samples)
    write_s = sum(s.n_files * s.write_s for s in many.samples)
    shared_s = max((read_s + write_s) / 4, write_s)  # one process writes
    assert many.seconds == pytest.approx(many.start_s + shared_s)
    failed = {sampled.reader: sampled.n_failed for sampled in one.samples}
    assert failed == {"recording": 0, "aligned": 1}


def test_the_sample_is_the_seeds(source: Path) -> None:
    few = [forecast(_asked(source), workers=1, n_sample=3, seed=seed) for seed in (5, 5, 6)]
    sizes = [[sampled.bytes_each for sampled in answer.samples] for answer in few]
    assert sizes[0] == sizes[1]
    assert few[0].seconds_low < few[0].seconds < few[0].seconds_high


def test_nothing_to_read(tmp_path: Path, table: Callable[..., Path]) -> None:
    with pytest.raises(CorpusError, match="nothing to read"):
        forecast(_asked(table(("identity", "voice", "face"), [("", "x.wav", "")])), workers=1)
