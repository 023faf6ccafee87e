import unicodedata
from pathlib import Path

import pytest

from voice2face.corpus.prepare.inputs import HARMLESS
from voice2face.corpus.schema import KINDS, reserved_columns
from voice2face.corpus.sources import Tree, read_source
from voice2face.corpus.sources.vox1_meta import HEADER
from voice2face.errors import CorpusError

from .source_samples import META, META_HEADER, inputs_of, make_files, of_kind, reasons

BUCKLEY = {
    "voxceleb_id": "id10001",
    "gender": "male",
    "nationality": "Ireland",
    "vox1_set": "dev",
}


@pytest.fixture
def voxceleb(tmp_path: Path) -> Path:
    root = make_files(
        tmp_path / "vox",
        [
            "voices/id10001/vid2/00001.wav",
            "voices/id10001/vid1/00002.M4A",
            "voices/id10001/vid1/00001.flac",
            "voices/id10002/v/1.opus",
            "voices/id10003/v/1.wav",
            "voices/id10003/v/2.wav",
            "voices/id99999/v/1.wav",
            "faces/A.J._Buckley/00002.JPG",
            "faces/A.J._Buckley/00001.webp",
            "faces/Álvaro_Güell/1.png",
            "faces/Yves_No_Voice/1.png",
            "faces/Stranger/1.png",
        ],
    )
    (root / "vox1_meta.csv").write_text(META)
    return root


def test_voxceleb_joins_numbers_to_names(voxceleb: Path) -> None:
    inputs = inputs_of(voxceleb)
    assert [(i.kind, i.reader, i.path, i.identity, i.name) for i in inputs.usable] == [
        (
            "voice",
            "recording",
            "voices/id10001/vid1/00001.flac",
            "A.J._Buckley",
            "A.J._Buckley/vid1/00001",
        ),
        (
            "voice",
            "recording",
            "voices/id10001/vid1/00002.M4A",
            "A.J._Buckley",
            "A.J._Buckley/vid1/00002",
        ),
        (
            "voice",
            "recording",
            "voices/id10001/vid2/00001.wav",
            "A.J._Buckley",
            "A.J._Buckley/vid2/00001",
        ),
        ("voice", "recording", "voices/id10002/v/1.opus", "Álvaro_Güell", "Álvaro_Güell/v/1"),
        (
            "face",
            "picture",
            "faces/A.J._Buckley/00001.webp",
            "A.J._Buckley",
            "A.J._Buckley/00001",
        ),
        ("face", "picture", "faces/A.J._Buckley/00002.JPG", "A.J._Buckley", "A.J._Buckley/00002"),
        ("face", "picture", "faces/Álvaro_Güell/1.png", "Álvaro_Güell", "Álvaro_Güell/1"),
    ]
    assert inputs.usable[0].attributes == BUCKLEY
    assert inputs.usable[0].attributes is inputs.usable[4].attributes
    assert inputs.attributes == {"voice": HEADER, "face": HEADER}
    assert all((inputs.roots[i.source] / i.path).is_file() for i in inputs.usable)


def test_voxceleb_counts_people_with_one_kind(voxceleb: Path) -> None:
    inputs = inputs_of(voxceleb)
    assert [(s.kind, s.identity, s.path, s.reason, s.detail) for s in inputs.skipped] == [
        ("identity", "id99999", "voices/id99999", "not in vox1_meta.csv", "1 recordings"),
        ("identity", "Stranger", "faces/Stranger", "not in vox1_meta.csv", "1 pictures"),
        ("identity", "Yves_No_Voice", "faces/Yves_No_Voice", "no recordings", "1 pictures"),
        ("identity", "Zoe_No_Pictures", "voices/id10003", "no pictures", "2 recordings"),
    ]
    assert {skip.reason for skip in inputs.skipped} <= HARMLESS


def test_the_spellings_of_voxceleb(voxceleb: Path) -> None:
    expected = [(i.identity, i.name) for i in inputs_of(voxceleb).usable]
    (voxceleb / "vox1_meta.csv").rename(voxceleb.parent / "vox1_meta.csv")
    meta = voxceleb.parent / "vox1_meta.csv"
    meta.write_bytes(b"\xef\xbb\xbf" + META.replace("\t", " \t ").replace("\n", "\r\n").encode())
    (voxceleb / "dev").mkdir()
    (voxceleb / "voices").rename(voxceleb / "dev" / "wav")
    (voxceleb / "test" / "wav").mkdir(parents=True)
    (voxceleb / "dev" / "wav" / "id10002").rename(voxceleb / "test" / "wav" / "id10002")
    make_files(voxceleb, ["dev/aac/id10001/v/1.m4a"])
    inputs = inputs_of(voxceleb, aligned=True)
    assert [(i.identity, i.name) for i in inputs.usable] == expected
    assert ("folder", "dev/aac", "outside the layout") in reasons(inputs)
    assert {i.reader for i in of_kind(inputs, "face")} == {"aligned"}
    decomposed = unicodedata.normalize("NFD", "Álvaro_Güell")  # as macOS unpacks it
    (voxceleb / "faces" / "Álvaro_Güell").rename(voxceleb / "faces" / decomposed)
    assert [(i.identity, i.name) for i in inputs_of(voxceleb).usable] == expected


def test_voxceleb_by_its_own_sets(voxceleb: Path) -> None:
    inputs = inputs_of(voxceleb, split="column:vox1_set")
    assert {i.identity: i.split for i in inputs.usable} == {
        "A.J._Buckley": "train",
        "Álvaro_Güell": "test",
    }
    assert "vox1_set" not in inputs.attributes["voice"]
    assert "vox1_set" not in inputs.usable[0].attributes
    assert {i.split for i in inputs_of(voxceleb, split="initials").usable} == {"validation"}
    with pytest.raises(CorpusError, match="no column 'split'"):
        inputs_of(voxceleb, split="column")


def test_what_is_in_the_wrong_place_is_named(voxceleb: Path) -> None:
    make_files(
        voxceleb,
        [
            "voices/loose.wav",
            "voices/id10001/vid1/00001.txt",
            "voices/id10001/vid1/00002.txt",
            "voices/id10001/vid1/3.jpg",
            "faces/A.J._Buckley/.DS_Store",
            "faces/A.J._Buckley/._1.jpg",
            "more/x.wav",
            "backup.tar",
        ],
    )
    inputs = inputs_of(voxceleb)
    known = set(reasons(inputs_of(voxceleb))) - {r for r in reasons(inputs) if r[0] == "identity"}
    assert known == {
        ("voice", "voices/loose.wav", "no identity"),
        ("file", "voices/id10001/vid1/3.jpg", "unknown file"),
        ("file", "backup.tar", "outside the layout"),
        ("folder", "more", "outside the layout"),
        ("file", ".", "hidden files"),
        ("file", ".", "companion files"),
    }
    details = {skip.reason: skip.detail for skip in inputs.skipped}
    assert details["companion files"] == "2 .txt"
    assert details["hidden files"].startswith("2, the first faces/A.J._Buckley/.")
    assert {"unknown file", "no identity"}.isdisjoint(HARMLESS)


@pytest.mark.parametrize(
    ("meta", "message"),
    [
        (None, "no vox1_meta.csv"),
        ("", "no columns 'VoxCeleb1 ID'"),
        ("VoxCeleb1 ID,VGGFace1 ID\nid10001,A\n", "no columns 'VoxCeleb1 ID'"),
        (META_HEADER, "no rows"),
        (META_HEADER + "id10001\n", "row 2 without a number or a name"),
        (META_HEADER + "id10001\tA\nid10001\tB\n", "row 3: id10001 is 'B'"),
        (META_HEADER + "id10001\t\udcff\n", "codec can't decode"),
        (META_HEADER + "id77777\tNobody_Here\n", r"nobody with .* 8 not in vox1_meta.csv"),
    ],
)
def test_vox1_meta_that_cannot_be_used(voxceleb: Path, meta: str | None, message: str) -> None:
    path = voxceleb / "vox1_meta.csv"
    path.unlink()
    if meta is not None:
        path.write_text(meta, errors="surrogateescape")
    with pytest.raises(CorpusError, match=message):
        read_source(voxceleb)


def test_processed_by_number_and_by_name(tmp_path: Path) -> None:
    by_name = [
        "fbank/A_B/v/1.npy",
        "fbank/C_D/1.npy",
        "fbank/E_F/1.npy",
        "VGG_ALL_FRONTAL/A_B/1.jpg",
        "VGG_ALL_FRONTAL/C_D/1.jpg",
    ]
    inputs = inputs_of(make_files(tmp_path / "names", by_name))
    assert [(i.reader, i.identity, i.name) for i in inputs.usable] == [
        ("log_mel", "A_B", "A_B/v/1"),
        ("log_mel", "C_D", "C_D/1"),
        ("aligned", "A_B", "A_B/1"),
        ("aligned", "C_D", "C_D/1"),
    ]
    assert reasons(inputs) == [("identity", "fbank/E_F", "no pictures")]
    assert inputs.attributes == {"voice": (), "face": ()}
    by_number = ["fbank/id10001/v/1.npy", "fbank/id55555/v/1.npy", "fbank/Other/1.npy"]
    faces = ["VGG_ALL_FRONTAL/A.J._Buckley/1.jpg", "VGG_ALL_FRONTAL/Other/1.jpg"]
    root = make_files(tmp_path / "numbers", by_number + faces)
    with pytest.raises(CorpusError, match=r"no vox1_meta\.csv"):
        read_source(root)
    (tmp_path / "vox1_meta.csv").write_text(META)
    inputs = inputs_of(root)
    assert {i.identity for i in inputs.usable} == {"A.J._Buckley", "Other"}
    assert inputs.usable[0].attributes == BUCKLEY
    assert reasons(inputs) == [("identity", "fbank/id55555", "not in vox1_meta.csv")]


def test_the_checksum_is_that_of_paths_sizes_and_meta(voxceleb: Path) -> None:
    def sha256() -> str:
        source = read_source(voxceleb)
        assert isinstance(source, Tree)
        assert source.info.rows == len(list(voxceleb.rglob("*/*.*"))) - 1 - n_notes
        return source.info.sha256

    n_notes = 0
    first = sha256()
    picture = voxceleb / "faces" / "Stranger" / "1.png"
    picture.write_bytes(b"x")
    second = sha256()
    picture.rename(picture.with_name("2.png"))
    third = sha256()
    meta = voxceleb / "vox1_meta.csv"
    meta.write_text(META.replace("Spain", "Chile"))
    assert len({first, second, third, sha256()}) == 4
    last = sha256()
    (voxceleb / "faces" / "Stranger" / ".DS_Store").touch()
    n_notes = 1
    assert sha256() == last
    assert len(last) == 64


def test_attributes_of_folders_have_free_names() -> None:
    assert all(reserved_columns(kind).isdisjoint(HEADER) for kind in KINDS)
