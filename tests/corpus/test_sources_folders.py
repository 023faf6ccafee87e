"""Videos, cohorts, and which layout a folder has."""

import csv
import warnings
from pathlib import Path

import pytest
from PIL import Image

from voice2face.corpus.sources import Table, Tree, found, read_source
from voice2face.errors import CorpusError, SettingsError
from voice2face.faces.pictures import FORMATS
from voice2face.synthetic.latent import CohortSettings
from voice2face.synthetic.write import write_cohort

from .source_samples import META, inputs_of, make_files, of_kind, reasons


def test_videos_give_a_voice_and_faces(tmp_path: Path) -> None:
    names = ["Zoë/2/b.MP4", "Zoë/a.mpg", "Ann/x.webm", "alone.mkv", "Ann.mp4", "Zoë/a.srt", "n.wav"]
    inputs = inputs_of(make_files(tmp_path / "v", names))
    voices, faces = of_kind(inputs, "voice"), of_kind(inputs, "face")
    assert inputs.usable == voices + faces
    assert [(v.path, v.identity, v.name) for v in voices] == [
        ("Ann.mp4", "Ann~2", "Ann"),
        ("alone.mkv", "alone", "alone"),
        ("Ann/x.webm", "Ann", "Ann/x"),
        ("Zoë/a.mpg", "Zoë", "Zoë/a"),
        ("Zoë/2/b.MP4", "Zoë", "Zoë/2/b"),
    ]
    assert [(f.path, f.identity, f.name) for f in faces] == [
        (v.path, v.identity, v.name) for v in voices
    ]
    assert {v.reader for v in voices} == {"recording"}
    assert {f.reader for f in faces} == {"video"}
    assert reasons(inputs) == [("file", "n.wav", "unknown file"), ("file", ".", "companion files")]


def test_people_without_a_usable_name(tmp_path: Path) -> None:
    inputs = inputs_of(
        make_files(tmp_path, [f"{'n' * 201}/a.mp4", f"{'n' * 201}/b.mp4", " /c.mp4"])
    )
    assert not inputs.usable
    assert [(s.kind, s.path, s.reason, s.detail) for s in inputs.skipped] == [
        ("identity", " ", "no identity", "the name is empty; 1 files"),
        (
            "identity",
            "n" * 201,
            "long identity",
            "201 characters; at most 200 wanted; 2 files",
        ),
    ]


def test_a_cohort_is_its_table_with_aligned_pictures(tmp_path: Path) -> None:
    settings = CohortSettings(n_identities=2, clips_per_identity=1, faces_per_identity=1)
    table = write_cohort(tmp_path / "c", settings)
    by_folder, by_table = read_source(tmp_path / "c"), read_source(table)
    assert by_folder == by_table
    assert isinstance(by_folder, Table)
    assert (by_folder.info.layout, by_folder.info.path) == ("cohort", str(tmp_path / "c"))
    readers = [item.reader for item in inputs_of(table).usable]
    assert readers == ["recording", "recording", "aligned", "aligned"]
    assert read_source(table, "table").info.layout == "table"
    (tmp_path / "c" / "other.csv").write_text("identity,face\np,a.png\n")
    with pytest.raises(CorpusError, match=r"its cohort\.csv"):
        read_source(tmp_path / "c" / "other.csv", "cohort")
    table.unlink()
    with pytest.raises(CorpusError, match="was cut off"):
        read_source(tmp_path / "c")
    (tmp_path / "c" / "cohort.json").write_text("{}")
    with pytest.raises(CorpusError, match="schema 1"):
        read_source(tmp_path / "c")


def test_layouts_are_told_apart(tmp_path: Path) -> None:
    root = make_files(tmp_path, ["voices/id10001/v/1.mp4", "faces/A.J._Buckley/1.jpg"])
    (root / "vox1_meta.csv").write_text(META)
    assert read_source(root).info.layout == "voxceleb"
    assert read_source(root, "videos").info.layout == "videos"
    make_files(tmp_path, ["fbank/id10001/v/1.npy", "VGG_ALL_FRONTAL/A.J._Buckley/1.jpg"])
    assert read_source(root).info.layout == "processed"
    assert read_source(root / "voices").info.layout == "videos"
    assert read_source(root, "voxceleb").info.layout == "voxceleb"
    with (root / "t.tsv").open("w") as file:
        csv.writer(file, delimiter="\t").writerows([("voice",), ("a.wav",)])
    assert read_source(root / "t.tsv").info.layout == "table"
    assert isinstance(read_source(root), Tree)


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        ("voxceleb", "no folder voices or wav or .*; one, as the layout 'voxceleb'"),
        ("processed", "no folder fbank"),
        ("videos", "no videos"),
        ("cohort", r"no cohort\.json"),
        (None, r"no known layout, with a\.wav, pairs\.csv; .*voxceleb.*name the table pairs\.csv"),
    ],
)
def test_a_folder_of_another_layout(tmp_path: Path, layout: str | None, message: str) -> None:
    make_files(tmp_path, ["pairs.csv", "a.wav"])
    with pytest.raises(CorpusError, match=message):
        read_source(tmp_path, layout)


def test_layouts_that_need_a_folder_and_names_of_none(tmp_path: Path) -> None:
    make_files(tmp_path, ["a.csv"])
    (tmp_path / "empty").mkdir()
    for layout in ("voxceleb", "processed", "videos"):
        with pytest.raises(CorpusError, match=f"a file; a folder of the layout '{layout}'"):
            read_source(tmp_path / "a.csv", layout)
    with pytest.raises(SettingsError, match="one of table, voxceleb, processed, videos, cohort"):
        read_source(tmp_path, "vox")
    with pytest.raises(CorpusError, match="with nothing in it"):
        read_source(tmp_path / "empty")


def test_suffixes_of_pictures_are_those_that_are_read() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        Image.init()
    known = {suffix for suffix, name in Image.registered_extensions().items() if name in FORMATS}
    assert set(found.PICTURES) <= known | {".apng"}
    assert set(found.PICTURES) == set(found.ALIGNED)
    assert set(found.VIDEOS).isdisjoint(found.PICTURES)
