"""A run that is interrupted, killed or starved goes on where it was, to the same bytes."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from voice2face.corpus import Corpus
from voice2face.corpus.prepare import PrepareReport, shards
from voice2face.corpus.prepare.journal import Journal
from voice2face.errors import CorpusError, OutputError

from .corpus_samples import picture, prepare, write_speech

Table = Callable[..., Path]


@pytest.fixture
def source(tmp_path: Path, table: Table, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Eight recordings and 900 pictures, one of them broken, another twice; shards are small."""
    monkeypatch.setattr(shards, "MAX_ROWS", 200)
    monkeypatch.setenv("VOICE2FACE_TEST_ROWS", "200")
    rows = []
    for i in range(900):
        picture(i, size=(24, 24)).save(tmp_path / f"{i}.png")
        rows.append((f"p{i % 30}", "", f"{i}.png"))
    (tmp_path / "40.png").write_bytes(b"not a picture")
    (tmp_path / "700.png").write_bytes((tmp_path / "10.png").read_bytes())
    rows += [(f"p{i}", str(write_speech(tmp_path / f"{i}.wav", hz=100 + i)), "") for i in range(8)]
    return table(("identity", "voice", "face"), rows)


def _bytes_of(corpus: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(corpus.iterdir())}


def _prepare(source: Path, out: Path, **options: object) -> PrepareReport:
    return prepare([source], out, **options)


def _stop_at(n: int) -> Callable[[int, int], None]:
    def stop(done: int, of: int) -> None:
        if done >= n:
            raise KeyboardInterrupt

    return stop


def test_interrupted_at_many_points_it_ends_at_the_same_bytes(source: Path, tmp_path: Path) -> None:
    whole = _bytes_of(_prepare(source, tmp_path / "whole").path)
    assert len(whole) > 6  # several shards: some are written before, some after an interruption
    out = tmp_path / "out"
    for n in (1, 8, 130, 400, 401, 700, 890):
        with pytest.raises(KeyboardInterrupt):
            _prepare(source, out, progress=_stop_at(n))
        assert not out.exists()
        assert (tmp_path / "out.partial").is_dir()
    report = _prepare(source, out, workers=2)
    assert _bytes_of(out) == whole
    assert not (tmp_path / "out.partial").exists()
    assert report.info.skipped == {"duplicate": 1, "not a picture": 1}


def test_what_is_done_is_not_done_again(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        _prepare(source, out, progress=_stop_at(700))
    from voice2face.corpus.prepare import engines

    files = []
    real = engines.process
    monkeypatch.setattr(
        engines, "process", lambda task, recipe: files.append(task) or real(task, recipe)
    )
    _prepare(source, out)
    assert len(files) == 132  # of 908: two chunks of ten


def test_the_journal_forgets_what_lies_in_shards(source: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        _prepare(source, tmp_path / "out", progress=_stop_at(890))
    with Journal.open(tmp_path / "out.partial") as journal:
        query = "SELECT sum(length(content)) FROM payload"
        (n_bytes,) = journal._connection.execute(query).fetchone()
    n_all = 900 * 64 * 64 * 3
    assert 0 < n_bytes < 0.5 * n_all


KILLED = """
import os, sys
from pathlib import Path
from voice2face.corpus.prepare import prepare, shards
shards.MAX_ROWS = int(os.environ["VOICE2FACE_TEST_ROWS"])
if __name__ == "__main__":
    prepare([Path(sys.argv[1])], Path(sys.argv[2]), aligned=True, workers=int(sys.argv[3]))
"""


@pytest.mark.parametrize("workers", [0, 2])
def test_killed_it_goes_on(source: Path, tmp_path: Path, workers: int) -> None:
    whole = _bytes_of(_prepare(source, tmp_path / "whole").path)
    script = tmp_path / "run.py"
    script.write_text(KILLED)
    command = [sys.executable, str(script), str(source), str(tmp_path / "out"), str(workers)]
    rng, n_killed = random.Random(workers), 0
    for _ in range(5):
        process = subprocess.Popen(command, start_new_session=True)
        partial = tmp_path / "out.partial"
        deadline = time.monotonic() + 20
        while process.poll() is None and not partial.exists() and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(rng.uniform(0, 0.4))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)  # its workers too
            n_killed += 1
        process.wait()
    if not (tmp_path / "out").exists():
        subprocess.run(command, check=True)
    assert n_killed > 0
    assert _bytes_of(tmp_path / "out") == whole


def test_two_at_once_refuse(source: Path, tmp_path: Path) -> None:
    tried = []

    def try_too(done: int, of: int) -> None:
        if done > 100 and not tried:
            for restart in (False, True):
                with pytest.raises(CorpusError, match="another process is at work there"):
                    _prepare(source, tmp_path / "out", restart=restart)
                tried.append(restart)

    _prepare(source, tmp_path / "out", progress=try_too)
    assert tried == [False, True]
    Corpus.open(tmp_path / "out", verify=True)


def test_unfinished_work_of_another_kind_is_kept_until_it_is_given_up(
    source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        _prepare(source, out, progress=_stop_at(400))
    with pytest.raises(CorpusError, match=r"unfinished work with other split rule; .*--restart"):
        _prepare(source, out, split="hash:50/25/25")
    (tmp_path / "3.png").write_bytes((tmp_path / "4.png").read_bytes())
    with pytest.raises(CorpusError, match=r"other files \(some were changed"):
        _prepare(source, out)
    assert (tmp_path / "out.partial" / "journal.sqlite").exists()
    assert _prepare(source, out, restart=True).info.counts["all"].faces == 897


def test_more_may_be_left_out_than_at_first(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voice2face.corpus.prepare.workplace.WORTH_KEEPING_S", 0)
    with pytest.raises(CorpusError, match="not a picture 1"):
        _prepare(source, tmp_path / "out", max_skipped=0)
    assert (tmp_path / "out.partial").exists()
    report = _prepare(source, tmp_path / "out", max_skipped=0.01)
    assert report.info.counts["all"].faces == 898


def test_killed_while_it_tidied_up(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("voice2face.corpus.prepare.workplace.shutil.rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            _prepare(source, tmp_path / "out")
    assert (tmp_path / "out").exists()
    assert (tmp_path / "out.partial").exists()
    report = _prepare(source, tmp_path / "out")
    assert report.info == Corpus.open(tmp_path / "out", verify=True).info
    assert len(report.skipped) == 2
    assert not (tmp_path / "out.partial").exists()
    with pytest.raises(OutputError, match="a corpus already"):
        _prepare(source, tmp_path / "out")


def test_what_was_half_written_when_it_was_killed_goes(source: Path, tmp_path: Path) -> None:
    whole = _bytes_of(_prepare(source, tmp_path / "whole").path)
    with pytest.raises(KeyboardInterrupt):
        _prepare(source, tmp_path / "out", progress=_stop_at(700))
    (tmp_path / "out.partial" / "corpus" / ".1a2b.parquet").write_bytes(b"half a shard")
    _prepare(source, tmp_path / "out")
    assert _bytes_of(tmp_path / "out") == whole


def test_a_flipped_bit_of_what_is_done_is_noticed(source: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        _prepare(source, tmp_path / "out", progress=_stop_at(890))
    partial = tmp_path / "out.partial"
    with Journal.open(partial) as journal:
        query = "SELECT chunk, place, content FROM payload ORDER BY chunk DESC"
        chunk, place, content = journal._connection.execute(query).fetchone()
        flipped = content[:9] + bytes([content[9] ^ 1]) + content[10:]
        query = "UPDATE payload SET content = ? WHERE chunk = ? AND place = ?"
        journal._connection.execute(query, (flipped, chunk, place))
    with pytest.raises(CorpusError, match=r"chunk \d+: checksum does not fit.*--restart"):
        _prepare(source, tmp_path / "out")
    with pytest.raises(KeyboardInterrupt):
        _prepare(source, tmp_path / "out", restart=True, progress=_stop_at(890))
    path = next((partial / "corpus").glob("face-train-*.parquet"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(CorpusError, match="--restart"):
        _prepare(source, tmp_path / "out")


@pytest.mark.parametrize("unfinished", ["nothing", "other work"])
@pytest.mark.parametrize("restart", [False, True])
def test_a_corpus_is_no_answer_to_another_question(
    source: Path, tmp_path: Path, unfinished: str, restart: bool
) -> None:
    out, partial = tmp_path / "out", tmp_path / "out.partial"
    before = _bytes_of(_prepare(source, out).path)
    if unfinished == "nothing":
        partial.mkdir()
    else:
        with pytest.raises(KeyboardInterrupt):
            _prepare(source, tmp_path / "x", face_px=32, progress=_stop_at(400))
        (tmp_path / "x.partial").rename(partial)
    with pytest.raises((OutputError, CorpusError)) as caught:
        _prepare(source, out, face_px=32, restart=restart)
    assert "a corpus already" in str(caught.value)
    assert _bytes_of(out) == before
    assert partial.exists()


def test_no_corpus_inside_a_source(tmp_path: Path) -> None:
    (tmp_path / "people" / "Ann").mkdir(parents=True)
    (tmp_path / "people" / "Ann" / "a.mp4").touch()
    for out in (tmp_path / "people" / "corpus", tmp_path / "people" / "Ann" / "x" / "y"):
        with pytest.raises(OutputError, match="lies inside the source"):
            _prepare(tmp_path / "people", out)
        assert not out.parent.joinpath(f"{out.name}.partial").exists()


def test_workers_end_with_a_killed_parent(source: Path, tmp_path: Path) -> None:
    script = tmp_path / "run.py"
    script.write_text(KILLED)
    command = [sys.executable, str(script), str(source), str(tmp_path / "out"), "2"]
    process = subprocess.Popen(command, start_new_session=True)
    journal = tmp_path / "out.partial" / "journal.sqlite-wal"
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not (journal.exists() and journal.stat().st_size > 9e5):
        time.sleep(0.01)
    assert len(_alive(process.pid)) >= 3
    process.kill()  # and not its workers
    process.wait()
    deadline = time.monotonic() + 10
    while _alive(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _alive(process.pid) == []


def _alive(group: int) -> list[int]:
    """Processes of a group (Linux), but for those that have ended and wait to be asked about."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, pgrp = stat.read_text().rsplit(")", 1)[1].split()[:3]
        except OSError:
            continue
        if int(pgrp) == group and state != "Z":
            found.append(int(stat.parent.name))
    return found


@pytest.mark.parametrize("victim", ["journal.sqlite", "shard"])
def test_damaged_unfinished_work_says_so(source: Path, tmp_path: Path, victim: str) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        _prepare(source, out, progress=_stop_at(800))
    partial = tmp_path / "out.partial"
    if victim == "shard":
        path = next((partial / "corpus").glob("face-train-*.parquet"))
        path.write_bytes(path.read_bytes()[:-1])
    else:
        (partial / victim).write_bytes(b"no database " * 999)
        for name in ("journal.sqlite-wal", "journal.sqlite-shm"):
            (partial / name).unlink(missing_ok=True)
    with pytest.raises(CorpusError, match="--restart"):
        _prepare(source, out)
    assert _prepare(source, out, restart=True).info.counts["all"].faces == 898
