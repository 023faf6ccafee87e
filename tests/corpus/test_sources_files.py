"""Every file of a folder is in the corpus or counted among what was left out."""

import os
from pathlib import Path

import pytest

from voice2face.corpus.prepare.inputs import Inputs
from voice2face.corpus.prepare.ledger import count_files
from voice2face.corpus.sources.found import Skip

from .source_samples import META, inputs_of, make_files

TREES = {
    "voxceleb": [
        *("wav/id10001/v/1.wav", "wav/id10001/v/2.wav", "wav/id10001/v/1.txt", "wav/loose.wav"),
        *("wav/id10003/v/1.wav", "wav/id10003/v/2.wav", "wav/id10003/v/3.wav", "wav/id1/x.wav"),
        *("wav/id10001/v/.x", "wav/.git/a/1.wav", "wav/.git/b", "wav/id10001/v/1.jpg"),
        *("faces/A.J._Buckley/1.jpg", "faces/A.J._Buckley/2.jpg", "faces/A.J._Buckley/n.txt"),
        *("faces/Yves_No_Voice/1.jpg", "faces/Yves_No_Voice/2.jpg", "faces/Stranger/1.png"),
        *("more/deep/1.wav", "more/deep/2.wav", "more/3.wav", "notes.txt", "x.tar", ".hidden/1"),
    ],
    "videos": [
        *("p/1.mp4", "p/2.mp4", "p/2.srt", "p/x.bin", "alone.mkv", ".hidden/1.mp4", ".DS_Store"),
        *(" /c.mp4", " /d.mp4", f"{'n' * 201}/a.mp4", f"{'n' * 201}/b/c.mp4", "README", "a.txt"),
    ],
    "processed": [
        *("fbank/A_B/v/1.npy", "fbank/C_D/1.npy", "fbank/C_D/2.npy", "fbank/A_B/v/1.wav"),
        *("VGG_ALL_FRONTAL/A_B/1.jpg", "VGG_ALL_FRONTAL/E_F/1.jpg", "VGG_ALL_FRONTAL/E_F/2.jpg"),
    ],
}


def _files(root: Path) -> int:
    names = [name for _, _, files in os.walk(root) for name in files]
    return len(names) - names.count("vox1_meta.csv")


def _kept(inputs: Inputs) -> int:
    return len({(item.source, item.path) for item in inputs.usable})


@pytest.mark.parametrize("layout", TREES)
def test_files_of_a_tree_are_kept_or_counted(layout: str, tmp_path: Path) -> None:
    root = make_files(tmp_path / "root", TREES[layout])
    if layout == "voxceleb":
        (root / "vox1_meta.csv").write_text(META)
    inputs = inputs_of(root, layout=layout)
    assert _kept(inputs) > 0
    assert _kept(inputs) + sum(skip.files for skip in inputs.skipped) == _files(root)
    by_reason = {skip.reason: 0 for skip in inputs.skipped}
    for skip in inputs.skipped:
        by_reason[skip.reason] += skip.files
    if layout == "voxceleb":
        assert by_reason == {
            "not in vox1_meta.csv": 2,
            "no recordings": 2,
            "no pictures": 3,
            "no identity": 1,
            "unknown file": 1,
            "outside the layout": 4,
            "hidden files": 4,
            "companion files": 3,
        }


def test_links_are_counted_as_what_they_are(tmp_path: Path) -> None:
    make_files(tmp_path / "else", ["s.mp4", "t.mp4"])
    root = make_files(tmp_path / "root", ["p/1.mp4", "store/x/2.mp4", "store/x/3.mp4"])
    for link, target in {
        "p/out.mp4": "../../else/s.mp4",
        "p/deep": "../../else",
        "p/in.mp4": "../store/x/2.mp4",
        "p/none.mp4": "nothing.mp4",
        "p/self.mp4": "self.mp4",
        "p/.git": "../../else",
        "q": "store/x",
    }.items():
        (root / link).symlink_to(target)
    inputs = inputs_of(root)
    assert _kept(inputs) + sum(skip.files for skip in inputs.skipped) == _files(root) == 7
    assert {s.path: s.files for s in inputs.skipped}["store/x"] == 0


def test_a_video_counts_once(tmp_path: Path) -> None:
    root = make_files(tmp_path, [f"p/{n}.mp4" for n in range(4)])
    inputs = inputs_of(root)
    lost = [("voice", 0), ("voice", 1), ("face", 1), ("face", 2)]
    skipped = [
        item.skip("why", "it") for item in inputs.usable
        if (item.kind, int(item.name[-1])) in lost
    ]  # fmt: skip
    counted = count_files(inputs.usable, skipped)
    assert [(skip.kind, skip.path, skip.files) for skip in counted] == [
        ("voice", "p/0.mp4", 0),  # its faces are in the corpus
        ("voice", "p/1.mp4", 1),
        ("face", "p/1.mp4", 0),
        ("face", "p/2.mp4", 0),
    ]
    other = [Skip("file", None, ".", "companion files", "9 .txt", 9),
             Skip("voice", None, "loose.wav", "no identity", "", 1)]  # fmt: skip
    assert count_files(inputs.usable, other) == other


def test_a_file_that_was_named_before_is_no_other(tmp_path: Path) -> None:
    root = make_files(tmp_path, ["p/1.mp4"])
    (tmp_path / "t.csv").write_text("identity,voice\np,p/1.mp4\nq,p/1.mp4\n")
    skipped = inputs_of(root, tmp_path / "t.csv").skipped
    assert [(skip.reason, skip.files) for skip in skipped if skip.row] == [
        ("repeated", 0),
        ("two identities", 0),
    ]
