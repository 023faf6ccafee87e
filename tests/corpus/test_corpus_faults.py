import os
import resource
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from voice2face.corpus import Corpus
from voice2face.errors import CorpusError, MissingExtraError, OutputError

from .corpus_samples import picture, prepare, write_wav

Table = Callable[..., Path]


def _good_rows(folder: Path, n: int) -> list[Sequence[str]]:
    for i in range(n):
        picture(i).save(folder / f"good{i}.png")
    return [(f"p{i}", "", f"good{i}.png") for i in range(n)]


def _left(folder: Path) -> list[str]:
    """Corpora, whole or half-written."""
    return [path.name for path in folder.iterdir() if path.is_dir()]


def test_every_input_left_out_is_listed(tmp_path: Path, fake_audio: None, table: Table) -> None:
    rows = _good_rows(tmp_path, 12)
    write_wav(tmp_path / "ok.wav")
    (tmp_path / "text.wav").write_text("not a wav")
    (tmp_path / "text.png").write_text("not a picture")
    (tmp_path / "half.png").write_bytes((tmp_path / "good0.png").read_bytes()[:99])
    (tmp_path / "tiny.png").write_bytes((tmp_path / "good0.png").read_bytes())
    picture(size=(9, 9)).save(tmp_path / "tiny.png")
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "circle.wav").symlink_to("circle.wav")
    rows += [
        ("p", "ok.wav", "gone.png"),
        ("p", "text.wav", "text.png"),
        ("p", "pipe.wav", "half.png"),
        ("p", ".", "tiny.png"),
        ("p", "nul\0.wav", "x" * 5000),
        ("p", "circle.wav", ""),
        ("", "ok.wav", ""),
        ("p" * 999, "ok.wav", ""),
        ("p", "", " "),
        ("p", "ok.wav"),
    ]
    info = prepare([table(("identity", "voice", "face"), rows)], tmp_path / "c", max_skipped=1).info
    assert (info.counts["all"].voices, info.counts["all"].faces) == (1, 12)
    assert info.inputs == 13 + sum(info.skipped.values())
    assert info.skipped == {
        "damaged picture": 1,
        "empty row": 1,
        "long identity": 1,
        "missing file": 6,
        "no identity": 1,
        "not a picture": 1,
        "picture too small": 1,
        "ragged row": 1,
        "unreadable recording": 1,
    }
    skipped = pq.read_table(tmp_path / "c" / "skipped.parquet").to_pylist()
    gone = next(s for s in skipped if s["path"] == "gone.png")
    assert gone == {
        "source": 0,
        "row": 14,
        "kind": "face",
        "identity": "p",
        "path": "gone.png",
        "files": 1,
        "reason": "missing file",
        "detail": "no such file",
    }


def test_a_file_that_may_not_be_read(
    tmp_path: Path, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("voice2face.corpus.prepare.work._bytes_of", refuse)  # root may read all
    source = table(("identity", "voice", "face"), _good_rows(tmp_path, 1))
    with pytest.raises(CorpusError, match=r"unreadable file 1.*good0.png: Permission denied"):
        prepare([source], tmp_path / "c")


def test_too_many_left_out(tmp_path: Path, table: Table) -> None:
    rows = [*_good_rows(tmp_path, 18), ("q", "", "gone.png"), ("q", "", "also\ngone.png")]
    source = table(("identity", "voice", "face"), rows)
    with pytest.raises(CorpusError) as caught:
        prepare([source], tmp_path / "c")
    message = str(caught.value)
    assert message.startswith("2 of 20 inputs: cannot be used (missing file 2), the first in ")
    assert f"{source}, row 20: gone.png: no such file" in message
    assert "at most 0.05" in message
    assert "\n" not in message
    assert _left(tmp_path) == []  # nothing but what a table that is corrected needs again
    assert prepare([source], tmp_path / "c", max_skipped=0.1).info.skipped == {"missing file": 2}


def test_nothing_kept(tmp_path: Path, table: Table) -> None:
    with pytest.raises(CorpusError, match="1 of 1 inputs"):
        prepare([table(("identity", "face"), [("p", "x.png")])], tmp_path / "c", max_skipped=1)
    assert _left(tmp_path) == []


def test_out_in_use(tmp_path: Path, table: Table) -> None:
    source = table(("identity", "voice", "face"), _good_rows(tmp_path, 1))
    (tmp_path / "c").mkdir()
    prepare([source], tmp_path / "c")  # an empty folder will do
    with pytest.raises(OutputError, match=r"a corpus already.*choose another folder or remove it"):
        prepare([source], tmp_path / "c")
    Corpus.open(tmp_path / "c", verify=True)
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "mine.txt").touch()
    with pytest.raises(OutputError, match="something else already"):
        prepare([source], tmp_path / "d")
    with pytest.raises(OutputError, match="is a file"):
        prepare([source], tmp_path / "d" / "mine.txt")
    with pytest.raises(OutputError, match=r"could not be written|Not a directory"):
        prepare([source], tmp_path / "d" / "mine.txt" / "c")


FULL_DISK = """
import resource, sys
from pathlib import Path
from voice2face.corpus.prepare import prepare
from voice2face.errors import OutputError
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    prepare([Path(sys.argv[1])], Path(sys.argv[2]), aligned=True)
except OutputError as error:
    print(error)
"""


def test_full_disk(tmp_path: Path, table: Table) -> None:
    assert resource.RLIMIT_FSIZE is not None
    source = table(("identity", "voice", "face"), _good_rows(tmp_path, 10))
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(source), str(tmp_path / "c")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(f"{tmp_path / 'c.partial'}: could not be written")
    assert done.stdout.count("\n") == 1
    assert "goes on where it was" in done.stdout
    assert not (tmp_path / "c").exists()
    assert prepare([source], tmp_path / "c").info.counts["all"].faces == 10  # it does


CRASHES = """
import os, sys
from pathlib import Path
from voice2face.corpus.prepare import prepare, work
real = work._bytes_of
work._bytes_of = lambda path: os.abort() if path.name in sys.argv[3:] else real(path)
if __name__ == "__main__":
    prepare([Path(sys.argv[1])], Path(sys.argv[2]), aligned=True, workers=2, max_skipped=0.5)
"""


def test_files_that_crash_their_reader(tmp_path: Path, table: Table) -> None:
    source = table(("identity", "voice", "face"), _good_rows(tmp_path, 300))
    script = tmp_path / "run.py"
    script.write_text(CRASHES)
    command = [sys.executable, str(script), str(source), str(tmp_path / "c")]
    quiet = {"stderr": subprocess.DEVNULL}
    subprocess.run([*command, "good3.png", "good200.png"], check=True, **quiet)
    corpus = Corpus.open(tmp_path / "c", verify=True)
    assert corpus.info.skipped == {"crashed its reader": 2}
    assert {row["path"] for row in corpus.skipped()} == {"good3.png", "good200.png"}
    assert corpus.info.counts["all"].faces == 298


@pytest.mark.slow  # Ray takes its time over each worker that dies
def test_files_that_crash_their_reader_on_a_cluster(tmp_path: Path, table: Table) -> None:
    pytest.importorskip("ray")
    source = table(("identity", "voice", "face"), _good_rows(tmp_path, 140))
    script = tmp_path / "run.py"
    script.write_text(CRASHES_ON_RAY)
    command = [sys.executable, str(script), str(source), str(tmp_path / "c")]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL, timeout=300)
    corpus = Corpus.open(tmp_path / "c", verify=True)
    assert {row["path"] for row in corpus.skipped()} == {"good3.png"}
    assert corpus.info.counts["all"].faces == 139


CRASHES_ON_RAY = """
import os, sys
from pathlib import Path
from voice2face.corpus.prepare import prepare, cluster

real = cluster.process_chunk_or_end


def crash(tasks, recipe):
    if b"/good3.png" in tasks:
        os.abort()
    return real(tasks, recipe)


if __name__ == "__main__":
    cluster.process_chunk_or_end = crash
    cluster._process_row = lambda row, recipe: {
        "number": row["number"], "outcomes": crash(row["tasks"], recipe)
    }
    options = {"aligned": True, "workers": 2, "max_skipped": 0.5, "engine": "ray"}
    prepare([Path(sys.argv[1])], Path(sys.argv[2]), **options)
"""


def test_processes_that_die_at_every_file(tmp_path: Path, table: Table) -> None:
    names = [f"good{i}.png" for i in range(150)]
    source = table(("identity", "voice", "face"), _good_rows(tmp_path, 150))
    script = tmp_path / "run.py"
    script.write_text(CRASHES)
    command = [sys.executable, str(script), str(source), str(tmp_path / "c")]
    done = subprocess.run([*command, *names], stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert "its processes were killed at each of" in done.stderr


def test_without_the_data_extra(
    tmp_path: Path, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    source = table(("identity", "voice", "face"), _good_rows(tmp_path, 1))
    with pytest.raises(MissingExtraError, match=r"pip install 'voice2face\[data\]'"):
        prepare([source], tmp_path / "c")


def test_a_shard_that_would_unpack_to_far_more_than_its_rows_need(
    tmp_path: Path, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = table(("identity", "voice", "face"), _good_rows(tmp_path, 1))
    corpus = prepare([source], tmp_path / "c")
    opened = Corpus.open(corpus.path)
    shard = corpus.path / opened.info.shards[0].name
    rows = pq.read_table(shard)
    bomb = pa.array([bytes(1 << 24)], pa.binary())
    rows = rows.set_column(rows.schema.get_field_index("pixels"), "pixels", bomb)
    pq.write_table(rows, shard, compression="zstd", use_dictionary=False)
    monkeypatch.setattr("voice2face.corpus.read.OTHER_BYTES", 1 << 20)
    with pytest.raises(CorpusError, match=r"1 rows of \d{8} bytes"):
        opened.faces()


SLOW = """
import sys
from pathlib import Path
from voice2face.corpus.prepare import engines, prepare, work
real = work._bytes_of
engines.SECONDS = work.SECONDS = 1.0


def read(path):
    while path.name == "good3.png":
        pass
    return real(path)


work._bytes_of = read
if __name__ == "__main__":
    prepare([Path(sys.argv[1])], Path(sys.argv[2]), aligned=True, workers=1, max_skipped=0.5)
"""


def test_a_file_that_takes_too_long_is_left_out(tmp_path: Path, table: Table) -> None:
    source = table(("identity", "voice", "face"), _good_rows(tmp_path, 6))
    script = tmp_path / "run.py"
    script.write_text(SLOW)
    command = [sys.executable, str(script), str(source), str(tmp_path / "c")]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL, timeout=60)
    corpus = Corpus.open(tmp_path / "c", verify=True)
    assert corpus.info.skipped == {"takes too long to read": 1}
    assert {row["path"] for row in corpus.skipped()} == {"good3.png"}


def test_a_file_that_takes_too_much_memory_is_left_out(tmp_path: Path, monkeypatch) -> None:
    from voice2face.audio.settings import FRONT_ENDS
    from voice2face.corpus.prepare import work
    from voice2face.faces.settings import FaceCrop

    monkeypatch.setattr(work, "MEMORY_BYTES", 1 << 28)
    monkeypatch.setitem(work._READERS, "picture", lambda path, recipe: [bytearray(1 << 30)])
    path = tmp_path / "bomb.png"
    path.write_bytes(b"x")
    task = work.Task("picture", bytes(path))
    recipe = work.Recipe(front_end=FRONT_ENDS["released"], face_crop=FaceCrop())
    assert work.process(task, recipe).reason == "too large"
