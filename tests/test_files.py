import os

import pytest
from PIL import Image

import voice2face
from voice2face.errors import OutputError, Voice2FaceError, one_line
from voice2face.files import (
    atomic_write,
    bytes_on_disk,
    check_free,
    made_by,
    read_regular,
    sha256_of,
    write_bytes,
    write_text,
)
from voice2face.release.provenance import Provenance, png_bytes


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


def test_what_somebody_else_made_is_not_replaced(tmp_path):
    path = tmp_path / "anna.png"
    check_free(path)
    Image.new("RGB", (8, 8)).save(path)
    with pytest.raises(OutputError, match=r"anna\.png: a file that voice2face didn't make; a free"):
        check_free(path)
    check_free(path, force=True)
    path.unlink()
    path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputError):
        check_free(path)
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match="a folder"):
        check_free(tmp_path / "folder", force=True)


def test_a_named_pipe_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(OutputError):
        check_free(tmp_path / "pipe.png")


@pytest.mark.parametrize(
    "kind", ["png", "sheet", "plot.png", "plot.svg", "plot.pdf", "json", "end"]
)
def test_what_this_program_made_may_be_replaced(tmp_path, kind):
    path = tmp_path / f"made.{kind.rpartition('.')[2]}"
    if kind in ("png", "sheet"):
        about = Provenance(
            software=f"voice2face {voice2face.__version__}", model="m", model_sha256="0" * 64,
            front_end="clean",
        )  # fmt: skip
        write_bytes(path, png_bytes(Image.new("RGB", (8, 8)), about))
    elif kind.startswith("plot"):
        pytest.importorskip("matplotlib")
        from matplotlib.figure import Figure

        from voice2face.runs.plot import _about

        Figure().savefig(path, metadata=_about(path.suffix[1:]))
    elif kind == "json":
        write_text(path, '{"format_version": 1,\n "made_by": "voice2face 0.1"}')
    else:
        write_bytes(path, bytes(1 << 18) + made_by().encode())
    check_free(path)


def test_a_note_about_this_program_is_not_its_own(tmp_path):
    write_text(tmp_path / "notes.html", "<p>I tried voice2face 0.3 on Monday.</p>")
    with pytest.raises(OutputError):
        check_free(tmp_path / "notes.html")


def test_a_file_of_a_stranger_is_read_if_it_is_one_and_not_too_large(tmp_path):
    (tmp_path / "good").write_bytes(b"12345")
    assert read_regular(tmp_path / "good", 5) == b"12345"
    with pytest.raises(OSError, match="5 bytes, more than 4"):
        read_regular(tmp_path / "good", 4)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    for name in ("pipe", "zero", "."):
        with pytest.raises(OSError, match=r"no regular file|Is a directory"):
            read_regular(tmp_path / name, 100)
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "missing", 100)


def test_holes_of_a_file_take_no_room_on_the_disk(tmp_path):
    with (tmp_path / "sparse").open("wb") as stream:
        stream.truncate(1 << 40)
    assert bytes_on_disk(tmp_path / "sparse") < 1 << 20
    (tmp_path / "full").write_bytes(os.urandom(50_000))
    assert bytes_on_disk(tmp_path / "full") == 50_000
    assert bytes_on_disk(tmp_path / "missing") == bytes_on_disk(tmp_path / "nul\0") == 0
