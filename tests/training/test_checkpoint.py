import fcntl
import os
import resource
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch

from voice2face.errors import OutputError, TrainingError
from voice2face.training import checkpoint, run_folder
from voice2face.training.run_folder import Writer, alone


def state(value: float = 1.0):
    return {"identity": {"seed": "0"}, "trainee": {"weight": torch.full((40,), value)}}


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def saved(folder: Path, *steps: int, keep: int = 9) -> Path:
    for step in steps:
        path = checkpoint.save(folder, step, state(float(step)), keep)
    return path


def test_the_last_ones_stay(tmp_path):
    saved(tmp_path, 1, 2, 100_000_000, 3, 4, keep=2)  # by number, not by name
    assert names(tmp_path) == {"00000004.pt", "100000000.pt"}
    step, found = checkpoint.load_last(tmp_path)
    assert step == 100_000_000 == found["step"]
    assert torch.equal(found["trainee"]["weight"], torch.full((40,), 1e8))


def test_none_is_none(tmp_path):
    assert checkpoint.load_last(tmp_path / "nowhere") is None
    assert checkpoint.steps_done(tmp_path) is None
    assert checkpoint.load_best(tmp_path, "matching") is None


def test_a_checkpoint_is_a_file_that_torch_and_zip_read(tmp_path):
    path = saved(tmp_path, 1)
    assert torch.load(path, weights_only=True)["step"] == 1
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None


def truncate(path):
    path.write_bytes(path.read_bytes()[:-500])


def flip(path):
    """One bit in the middle of a tensor's numbers, where no parser sees it."""
    data = bytearray(path.read_bytes())
    place = data.index(torch.full((40,), 2.0).numpy().tobytes()) + 81
    data[place] ^= 0x10
    path.write_bytes(data)


def flip_a_checksum(path):
    with zipfile.ZipFile(path) as archive:
        place, crc = archive.start_dir, archive.infolist()[0].CRC.to_bytes(4, "little")
    data = bytearray(path.read_bytes())
    data[data.index(crc, place)] ^= 1
    path.write_bytes(data)


def another_type(path):
    path.unlink()
    torch.save({"weights": torch.zeros(3)}, path)


def pickled(path):
    torch.save({"identity": {}, "trainee": Path("code")}, path)


def folder_instead(path):
    path.unlink()
    path.mkdir()


DAMAGES = [
    truncate,
    flip,
    flip_a_checksum,
    another_type,
    pickled,
    folder_instead,
    lambda path: path.write_bytes(b""),
    lambda path: path.write_text("not a checkpoint\n" * 99),
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_newest_one_falls_back_to_the_one_before(damage, tmp_path, capsys):
    saved(tmp_path, 1)
    damage(saved(tmp_path, 2))
    step, found = checkpoint.load_last(tmp_path)
    assert (step, found["trainee"]["weight"][0]) == (1, 1.0)
    assert names(tmp_path) == {"00000001.pt", "00000002.pt.damaged"}
    (line,) = capsys.readouterr().err.splitlines()
    assert "00000002.pt: damaged, kept as 00000002.pt.damaged" in line
    assert line.endswith("going on from step 1")
    assert checkpoint.load_last(tmp_path)[0] == 1
    assert capsys.readouterr().err == ""


def test_two_damaged_ones_of_the_same_name_are_both_kept(tmp_path):
    saved(tmp_path, 1)
    for _ in range(2):
        truncate(saved(tmp_path, 2))
        checkpoint.load_last(tmp_path)
    assert names(tmp_path) == {"00000001.pt", "00000002.pt.damaged", "00000002.pt.damaged2"}


def test_the_best_serves_where_no_other_is_whole(tmp_path):
    checkpoint.save_best(tmp_path, 3, state(3), "matching", 0.6)
    assert checkpoint.steps_done(tmp_path) == 0
    assert checkpoint.load_last(tmp_path)[0] == 3
    truncate(saved(tmp_path, 7))
    assert checkpoint.load_last(tmp_path)[0] == 3


def test_where_none_is_whole_nothing_is_moved(tmp_path):
    for step in (1, 2):
        truncate(saved(tmp_path, step))
    with pytest.raises(TrainingError, match=r"00000002\.pt: damaged .* and so are 1 others"):
        checkpoint.load_last(tmp_path)
    assert names(tmp_path) == {"00000001.pt", "00000002.pt"}


def test_the_best_has_its_value_and_the_reading_that_chose_it(tmp_path, capsys):
    checkpoint.save_best(tmp_path, 3, state(), "matching", 0.625)
    saved(tmp_path, 4, 5, 6, keep=1)
    assert names(tmp_path) == {"00000006.pt", "best.pt"}
    assert checkpoint.load_best(tmp_path, "matching") == 0.625
    assert checkpoint.load_best(tmp_path, "diversity") is None
    found = torch.load(tmp_path / "best.pt", weights_only=True)
    assert found["best"] == {"by": "matching", "value": 0.625, "step": 3}
    truncate(tmp_path / "best.pt")
    assert checkpoint.load_best(tmp_path, "matching") is None
    assert "best.pt: damaged" in capsys.readouterr().err


def test_the_old_go_only_after_the_new_is_whole(tmp_path, monkeypatch):
    saved(tmp_path, 1)

    def full(_state, path):
        assert names(tmp_path) == {"00000001.pt"}
        Path(path).write_bytes(b"half")
        raise RuntimeError("PytorchStreamWriter failed writing file data/0: file write failed")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OutputError, match=r"00000002\.pt: could not be written .*write failed"):
        checkpoint.save(tmp_path, 2, state(), keep=1)
    assert names(tmp_path) == {"00000001.pt"}
    assert checkpoint.load_last(tmp_path)[0] == 1


def test_a_full_disk(tmp_path):
    """Files may not grow beyond 20 kB, so that the real writers fail as on a full disk."""
    saved(tmp_path, 1)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    big = state() | {"trainee": torch.zeros(100_000)}
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(OutputError, match="could not be written"):
            checkpoint.save(tmp_path, 2, big, keep=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert names(tmp_path) == {"00000001.pt"}


def test_an_unwritable_folder_is_told_before_hours_of_work(tmp_path):
    (tmp_path / "checkpoints").write_text("a file in its place")
    with (
        pytest.raises(OutputError, match="could not be written"),
        alone(tmp_path, tmp_path / "checkpoints"),
    ):
        pytest.fail("not writable")


def test_leftovers_of_a_killed_run_go_and_nothing_else(tmp_path):
    folder = tmp_path / "checkpoints"
    saved(folder, 1)
    (tmp_path / "samples").mkdir()
    kept = {".mine.pt", ".0123456789abcde.pt", "0123456789abcdef.pt", "00000001.pt"}
    for name in kept - {"00000001.pt"}:
        (folder / name).write_text("mine")
    left = [
        folder / ".0123456789abcdef.pt", tmp_path / ".00000000000000ff.yaml",
        tmp_path / "samples" / ".0123456789abcdef.png",
    ]  # fmt: skip
    for path in left:
        path.write_text("half")
    with alone(tmp_path, folder):
        assert not any(path.exists() for path in left)
        assert names(folder) == kept


def test_two_runs_do_not_share_a_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(run_folder, "WAIT_S", 0.2)
    folder = tmp_path / "checkpoints"
    with (
        alone(tmp_path, folder),
        pytest.raises(TrainingError, match="another run is at work"),
        alone(tmp_path, folder),
    ):
        pytest.fail("two at once")
    with alone(tmp_path, folder):
        pass


def test_a_killed_run_leaves_the_folder_free(tmp_path):
    program = (
        "import fcntl, os, sys\n"
        "fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_EX)\n"
        "print('mine', flush=True); input()"
    )
    words = [sys.executable, "-S", "-c", program, str(tmp_path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        holder.stdout.readline()
        probe = os.open(tmp_path, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
        holder.kill()
        holder.wait()
        os.close(probe)
        with alone(tmp_path, tmp_path):
            pass


def test_in_the_background_what_is_written_is_the_state_of_that_moment(tmp_path):
    changing = state(1.0)
    with Writer(background=True) as writer:
        writer.write(lambda s: checkpoint.save(tmp_path, 1, s, 9), changing)
        changing["trainee"]["weight"].fill_(2.0)  # training goes on meanwhile
        writer.write(lambda s: checkpoint.save(tmp_path, 2, s, 9), changing)
    (_, last), first = checkpoint.load_last(tmp_path), torch.load(tmp_path / "00000001.pt")
    assert first["trainee"]["weight"][0] == 1
    assert last["trainee"]["weight"][0] == 2


@pytest.mark.parametrize("background", [False, True])
def test_a_write_that_fails_is_an_error_of_the_run(background):
    def fail(_):
        raise OutputError("there", "full", "room", "free some")

    with pytest.raises(OutputError, match="full"), Writer(background) as writer:
        writer.write(fail, state())
    if background:
        with pytest.raises(OutputError, match="full"), Writer(background) as writer:
            writer.write(fail, state())
            writer.write(lambda _: pytest.fail("after an error"), state())


def test_the_error_that_ended_the_run_comes_first(capsys):
    def fail(_):
        raise OutputError("there", "full", "room", "free some")

    with pytest.raises(KeyError), Writer(background=True) as writer:
        writer.write(fail, state())
        raise KeyError("first")
    assert capsys.readouterr().err == "note: there: full; room wanted; free some\n"
