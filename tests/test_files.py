import pytest

from voice2face.errors import OutputError, Voice2FaceError, one_line
from voice2face.files import atomic_write, sha256_of, write_bytes, write_text


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(RuntimeError), atomic_write(path) as temporary:
        temporary.write_text("new")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_one_line(tmp_path):
    with pytest.raises(OutputError, match=r"a\.bin: could not be written \(No space left"):  # noqa: SIM117
        with atomic_write(tmp_path / "a.bin"):
            raise OSError(28, "No space left on device")
    assert not list(tmp_path.iterdir())


def test_a_folder_in_the_way_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        write_bytes(tmp_path / "file" / "below", b"")


def test_checksum(tmp_path):
    write_bytes(tmp_path / "x", b"abc")
    assert sha256_of(tmp_path / "x").startswith("ba7816bf8f01cfea414140de5dae2223")


def test_messages_stay_on_one_line_whatever_a_file_is_called():
    error = Voice2FaceError("a\nb\x1b[31m.wav", "found", "a thing", "do")
    assert str(error) == "a?b?[31m.wav: found; a thing wanted; do"
    assert one_line("\u2028\x85") == "??"
