import os
from pathlib import Path

import pytest

from voice2face.corpus.prepare.inputs import HARMLESS
from voice2face.corpus.sources import Tree, read_source
from voice2face.errors import CorpusError
from voice2face.files import stored_text

from .source_samples import META, inputs_of, make_files, of_kind, reasons


def _paths(root: Path) -> list[str]:
    return [item.path for item in of_kind(inputs_of(root), "voice")]


def test_the_order_is_that_of_bytes(tmp_path: Path) -> None:
    names = ["b/2.mp4", "b/10.mp4", "B/1.mp4", "é/1.mp4", "z/1.mp4", "a b/x/1.mp4", "a b/y.mp4"]
    root = make_files(tmp_path, names)
    assert _paths(root) == [
        *("B/1.mp4", "a b/y.mp4", "a b/x/1.mp4", "b/10.mp4", "b/2.mp4", "z/1.mp4", "é/1.mp4")
    ]


def test_names_of_any_bytes(tmp_path: Path) -> None:
    names = ["new\nline/a b.mp4", "顔/ق.mp4", os.fsdecode(b"\xff\xfe/\x80.mp4"), "%2e/\t.mp4"]
    try:
        root = make_files(tmp_path, names)
    except OSError:
        pytest.skip("names on this disk are UTF-8")
    inputs = inputs_of(root)
    assert {(root / item.path).is_file() for item in inputs.usable} == {True}
    bad = next(item for item in inputs.usable if "\udcff" in item.path)
    assert (bad.identity, bad.name) == (r"\xff\xfe", r"\xff\xfe/\x80")
    skip = bad.skip("why", f"because of {bad.path}")
    for text in (bad.identity, bad.name, skip.path, skip.detail):
        text.encode()
    assert inputs.usable[0].split in ("train", "validation", "test")


def test_stored_text() -> None:
    assert stored_text("plain") == "plain"
    assert stored_text("顔.jpg") == "顔.jpg"
    assert stored_text("é\udcff\udc80") == r"é\xff\x80"


def test_links_out_are_not_followed_and_links_inside_are(tmp_path: Path) -> None:
    make_files(tmp_path / "secret", ["s.mp4"])
    root = make_files(tmp_path / "root", ["p/1.mp4", "store/x/2.mp4"])
    for link, target in {
        "p/out.mp4": "../../secret/s.mp4",
        "p/deep": "../../secret",
        "p/abs.mp4": str(tmp_path / "secret" / "s.mp4"),
        "p/in.mp4": "../store/x/2.mp4",
        "p/none.mp4": "nothing.mp4",
        "p/self.mp4": "self.mp4",
        "q": "store/x",
    }.items():
        (root / link).symlink_to(target)
    make_files(tmp_path / "root-twin", ["t.mp4"])
    (root / "p" / "twin").symlink_to("../../root-twin")  # a name that begins like the root's
    inputs = inputs_of(root)
    assert [item.path for item in of_kind(inputs, "voice")] == [*("p/1.mp4", "p/in.mp4", "q/2.mp4")]
    assert set(reasons(inputs)) == {
        ("file", "p/abs.mp4", "link out of the folder"),
        ("file", "p/deep", "link out of the folder"),
        ("file", "p/out.mp4", "link out of the folder"),
        ("file", "p/twin", "link out of the folder"),
        ("file", "p/none.mp4", "missing file"),
        ("file", "p/self.mp4", "unreadable file"),
        ("folder", "store/x", "repeated"),
    }
    assert "link out of the folder" not in HARMLESS


def test_a_root_that_is_a_link_is_the_users_choice(tmp_path: Path) -> None:
    make_files(tmp_path / "real", ["p/1.mp4"])
    (tmp_path / "link").symlink_to("real")
    assert _paths(tmp_path / "link") == ["p/1.mp4"]


def test_circles_of_links_end(tmp_path: Path) -> None:
    root = make_files(tmp_path, ["a/1.mp4", "b/2.mp4"])
    for folder in ("a", "b"):
        for number in range(3):  # 6 links, each to both: endless without a memory
            (root / folder / f"up{number}").symlink_to("..")
            (root / folder / f"b{number}").symlink_to("../b")
    assert _paths(root) == ["a/1.mp4", "a/b0/2.mp4"]
    assert {skip.reason for skip in inputs_of(root).skipped} == {"repeated"}


def test_a_layout_folder_that_leads_out_is_an_error(tmp_path: Path) -> None:
    make_files(tmp_path / "else", ["A/1.npy"])
    root = make_files(tmp_path / "root", ["VGG_ALL_FRONTAL/A/1.jpg"])
    (root / "fbank").symlink_to("../else")
    with pytest.raises(CorpusError, match="fbank: a link out of the folder"):
        read_source(root)


def test_folders_that_cannot_be_read_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_files(tmp_path, ["p/1.mp4", "p/shut/2.mp4", "q/3.mp4"])
    scan = os.scandir

    def refuse(path: str) -> object:  # the tests may run as root, who may read everything
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    inputs = inputs_of(root)
    assert [item.path for item in of_kind(inputs, "voice")] == ["p/1.mp4", "q/3.mp4"]
    assert [(s.kind, s.path, s.reason, s.detail) for s in inputs.skipped] == [
        ("folder", "p/shut", "unreadable folder", "Permission denied")
    ]
    monkeypatch.setattr(os, "scandir", lambda path: refuse("shut"))
    with pytest.raises(CorpusError, match=f"{tmp_path.name}: Permission denied"):
        read_source(root)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_pipes_are_not_opened(tmp_path: Path) -> None:
    root = make_files(tmp_path, ["p/1.mp4"])
    os.mkfifo(root / "p" / "pipe.mp4")
    inputs = inputs_of(root)
    assert len(inputs.usable) == 2
    assert reasons(inputs) == [("file", "p/pipe.mp4", "unknown file")]


def test_one_file_in_two_sources_counts_once(tmp_path: Path) -> None:
    root = make_files(tmp_path, ["p/1.mp4"])
    (tmp_path / "t.csv").write_text("identity,voice,face\np,p/1.mp4,p/1.mp4\nq,p/./1.mp4,\n")
    inputs = inputs_of(root, tmp_path / "t.csv")
    assert [(i.kind, i.source, i.row) for i in inputs.usable] == [
        ("voice", 0, None),
        ("face", 0, None),
    ]
    assert [(s.source, s.row, s.reason) for s in inputs.skipped if s.row] == [
        (1, 2, "repeated"),
        (1, 2, "repeated"),
        (1, 3, "two identities"),
    ]


def test_persons_of_a_tree_share_one_dict(tmp_path: Path) -> None:
    source = read_source(make_files(tmp_path, [f"p/{n}.mp4" for n in range(3)]))
    assert isinstance(source, Tree)
    assert source.info.rows == 3
    inputs = inputs_of(tmp_path)
    assert len({id(item.attributes) for item in inputs.usable}) == 1


def test_what_has_an_unknown_ending_is_looked_into(tmp_path: Path) -> None:
    who = "A.J._Buckley"
    names = [f"voices/{who}/1.wav", f"voices/{who}/4.bin", f"faces/{who}/1.png"]
    root = make_files(tmp_path, names)
    (root / "vox1_meta.csv").write_text(META)
    for name in ("2.rec", "3"):
        (root / "voices" / who / name).write_bytes(b"RIFF\0\0\0\0WAVEfmt ")
    for name in ("2.dat", "3.txt"):  # the second is a companion, and is not looked into
        (root / "faces" / who / name).write_bytes(b"\xff\xd8\xff\xe0")
    inputs = inputs_of(root)
    found = [item.path.rpartition("/")[2] for item in inputs.usable]
    assert found == ["1.wav", "2.rec", "3", "1.png", "2.dat"]
    assert ("file", f"voices/{who}/4.bin", "unknown file") in reasons(inputs)
