import codecs
import unicodedata
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from voice2face.corpus.prepare.inputs import HARMLESS, Input, Inputs
from voice2face.errors import CorpusError, SettingsError

from .source_samples import inputs_of, make_files, of_kind


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_files(tmp_path, [f"{name}.{kind}" for name in "abcd" for kind in ("png", "wav")])


def _inputs(folder: Path, content: str | bytes, **options: str) -> Inputs:
    """What a table with this content names."""
    path = folder / "t.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return inputs_of(path, **options)  # type: ignore[arg-type]


def _faces(folder: Path, content: str | bytes, **options: str) -> list[Input]:
    return of_kind(_inputs(folder, content, **options), "face")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("bom", [b"", codecs.BOM_UTF8])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_spellings_of_csv(folder: Path, delimiter: str, bom: bytes, end: str) -> None:
    rows = [["identity", " face ", "a, b; c"], ["Ünï", "a.png", "x"], [], ["q", "b.png", ""]]
    quoted = [delimiter.join(f'"{cell}"' for cell in row) for row in rows]
    faces = _faces(folder, bom + end.join(quoted).encode())
    assert {face.identity: face.attributes for face in faces} == {"Ünï": {"a, b; c": "x"}, "q": {}}
    assert [face.row for face in faces] == [2, 4]


def test_quoted_newlines_and_long_cells(folder: Path) -> None:
    long = "é" * 300_000  # more than Python's csv takes by default
    faces = _faces(folder, f'identity,face,note\n"p\nq",a.png,"one\ntwo"\nr,b.png,{long}\n')
    assert {face.identity: face.attributes["note"] for face in faces} == {
        "p\nq": "one\ntwo",
        "r": long,
    }


def test_names_in_any_script_and_shape(folder: Path) -> None:
    rows = '../x,"顔 1.png"\n/etc,وجه.png\n"n\n\n",\n"nul","a\nb.png"\n$(x),-rf.png\n.,..png\n'
    inputs = _inputs(folder, "identity,face\n" + rows)
    assert [item.identity for item in inputs.usable] == ["../x", "/etc", "nul", "$(x)", "."]
    assert [item.name for item in inputs.usable] == ["顔 1", "وجه", "a\nb", "-rf", "."]
    assert [(skip.row, skip.kind, skip.reason, skip.files) for skip in inputs.skipped] == [
        (4, "row", "empty row", 0)
    ]


def test_rows_that_cannot_be_used(folder: Path) -> None:
    rows = f"p,a.png,x\nq,b.png\n,c.png,\n{'n' * 201},d.png,\n{'n' * 200},d.png,\n"
    inputs = _inputs(folder, "identity,face,note\n" + rows)
    assert [item.identity for item in inputs.usable] == ["p", "n" * 200]
    assert [(skip.row, skip.path, skip.reason, skip.files) for skip in inputs.skipped] == [
        (3, "b.png", "ragged row", 1),
        (4, "c.png", "no identity", 1),
        (5, "d.png", "long identity", 1),
    ]
    assert not HARMLESS & {skip.reason for skip in inputs.skipped}


def test_mapped_columns_and_only_a_voice_or_a_face(folder: Path) -> None:
    content = "who,sound,photo,age\np,a.wav,,30\nq,,b.png,40\nq,b.wav,c.png,41\n"
    inputs = _inputs(folder, content, identity="who", voice="sound", face="photo")
    assert [(i.kind, i.identity, i.path, i.attributes["age"]) for i in inputs.usable] == [
        ("voice", "p", "a.wav", "30"),
        ("voice", "q", "b.wav", "41"),
        ("face", "q", "b.png", "40"),
        ("face", "q", "c.png", "41"),
    ]
    with pytest.raises(CorpusError, match="columns who, sound, photo, age; a column 'speaker'"):
        _inputs(folder, content, identity="speaker")


def test_a_named_column_is_asked_of_those_tables_that_have_it(folder: Path) -> None:
    (folder / "v.csv").write_text("identity,sound\np,a.wav\n")
    (folder / "w.csv").write_text("who,voice\nq,b.wav\n")
    (folder / "f.csv").write_text("identity,face\np,a.png\n")
    (folder / "g.csv").write_text("identity,photo,face\nq,b.png,c.png\n")
    paths = [folder / f"{name}.csv" for name in "vwfg"]
    inputs = inputs_of(*paths, identity="who", voice="sound", face="photo")
    assert [(i.kind, i.identity, i.path) for i in inputs.usable] == [
        ("voice", "p", "a.wav"),
        ("voice", "q", "b.wav"),
        ("face", "p", "a.png"),
        ("face", "q", "b.png"),
    ]
    with pytest.raises(CorpusError, match="a column 'sound' or 'photo' wanted"):
        _inputs(folder, "identity,age\np,3\n", voice="sound", face="photo")


@pytest.mark.parametrize("header", ["Identity,VOICE,Picture", "IDENTITY;Voice;FACE"])
def test_names_of_columns_in_large_letters(folder: Path, header: str) -> None:
    row = "p;a.wav;a.png" if ";" in header else "p,a.wav,a.png"
    inputs = _inputs(folder, f"{header}\n{row}\n")
    assert [(i.kind, i.identity, i.path) for i in inputs.usable] == [
        ("voice", "p", "a.wav"),
        ("face", "p", "a.png"),
    ]
    assert inputs.attributes == {"voice": (), "face": ()}
    inputs = _inputs(folder, "Identity,identity,WHO,face\nx,p,y,a.png\n")
    assert inputs.usable[0].identity == "p"  # the exact name comes first
    assert inputs.usable[0].attributes == {"Identity": "x", "WHO": "y"}
    inputs = _inputs(folder, "Identity,WHO,face\nx,y,a.png\n", identity="who")
    assert inputs.usable[0].identity == "y"


def test_one_name_in_two_spellings_is_one_person(folder: Path) -> None:
    composed, apart = (unicodedata.normalize(form, "José") for form in ("NFC", "NFD"))
    assert composed != apart
    make_files(folder / "videos", [f"{apart}/1.mp4"])
    (folder / "t.csv").write_text(f"identity,voice\n{composed},a.wav\n {apart} ,b.wav\n")
    inputs = inputs_of(folder / "t.csv", folder / "videos")
    assert [item.identity for item in inputs.usable] == [composed] * 4
    (folder / "u.csv").write_text(f"voice\n{apart}.wav\n")
    inputs = inputs_of(folder / "u.csv", folder / "t.csv")
    assert [item.identity for item in inputs.usable] == [f"{composed}~2", composed, composed]


def test_without_identities_each_row_is_a_person(folder: Path) -> None:
    faces = _faces(folder, "face\na.png\nsub/a.png\nb.png\n./a.png\n")
    assert [(face.name, face.identity) for face in faces] == [
        ("a", "a"),
        ("a~2", "a~2"),
        ("b", "b"),
    ]


def test_a_person_without_a_name_is_nobody_else(folder: Path) -> None:
    (folder / "named.csv").write_text("identity,voice\na,a.wav\n")
    (folder / "unnamed.csv").write_text("voice,face\nb.wav,a.png\na.wav,b.png\n")
    inputs = inputs_of(folder / "unnamed.csv", folder / "named.csv")
    assert [item.identity for item in of_kind(inputs, "voice")] == ["b", "a~2"]
    assert [item.identity for item in of_kind(inputs, "face")] == ["b", "a~2"]
    assert [(s.source, s.identity, s.reason) for s in inputs.skipped] == [
        (1, "a", "two identities")
    ]


def test_picture_is_the_path_where_face_is_an_id(folder: Path) -> None:
    faces = _faces(folder, "face,picture,race\nid1,a.png,x\nid2,b.png,y\n")
    assert [(face.name, face.identity) for face in faces] == [("id1", "a"), ("id2", "b")]
    assert faces[0].attributes == {"race": "x"}
    assert [face.name for face in _faces(folder, "identity,picture\np,a.png\n")] == ["a"]
    faces = _faces(folder, "identity,face,picture\np,a.png,first\nq,gone.png,x\n")
    assert [(face.name, face.path) for face in faces] == [("first", "a.png"), ("x", "gone.png")]


def test_tables_are_joined_by_identity(folder: Path) -> None:
    (folder / "v.csv").write_text("identity,voice,clip,canonical\np,a.wav,c0,x\nq,b.wav,c0,y\n")
    (folder / "f.csv").write_text("identity,face,gender\np,a.png,male\np,b.png,male\n")
    inputs = inputs_of(folder / "f.csv", folder / "v.csv")
    assert [(i.kind, i.source, i.name) for i in inputs.usable] == [
        ("voice", 1, "c0"),
        ("voice", 1, "c0~2"),
        ("face", 0, "a"),
        ("face", 0, "b"),
    ]
    assert inputs.attributes == {"voice": ("canonical",), "face": ("gender",)}
    assert inputs.roots == (folder, folder)


def test_what_a_table_repeats_is_kept_once(folder: Path) -> None:
    faces = _faces(folder, "identity,face,gender\np,a.png,male\np,b.png,male\nq,c.png,female\n")
    assert faces[0].attributes is faces[1].attributes
    assert [face.attributes["gender"] for face in faces] == ["male", "male", "female"]


def test_a_file_twice_counts_once_and_is_no_loss(folder: Path) -> None:
    inputs = _inputs(folder, "identity,voice,face\np,a.wav,a.png\np,a.wav,b.png\np,./a.wav,c.png\n")
    assert (len(of_kind(inputs, "voice")), len(of_kind(inputs, "face"))) == (1, 3)
    assert [(s.row, s.kind, s.path, s.reason) for s in inputs.skipped] == [
        (3, "voice", "a.wav", "repeated"),
        (4, "voice", "./a.wav", "repeated"),
    ]
    assert "repeated" in HARMLESS


def test_readers_by_suffix(folder: Path) -> None:
    rows = "p,x.flac,x.jpg\nq,y.NPY,y.Mp4\nr,z.mkv,z\ns,w.webm/x,w.m4v/x\n"
    inputs = _inputs(folder, "identity,voice,face\n" + rows)
    assert [item.reader for item in inputs.usable] == [
        *("recording", "log_mel", "recording", "recording"),
        *("picture", "video", "picture", "picture"),
    ]
    aligned = inputs_of(folder / "t.csv", aligned=True)
    assert {i.reader for i in of_kind(aligned, "face")} == {"aligned", "video"}


def test_paths_stay_as_written(folder: Path) -> None:
    inputs = _inputs(folder, "identity,voice,face\np,../up.wav,/else where/a.png\n")
    assert [item.path for item in inputs.usable] == ["../up.wav", "/else where/a.png"]
    assert inputs.roots[0] / inputs.usable[1].path == Path("/else where/a.png")


def test_split_column(folder: Path) -> None:
    rows = "p,a.png,train\nq,b.png,Val\nr,c.png, test \nq,d.png,validation\ns,e.png,dev-clean\n"
    faces = _faces(folder, "identity,face,split\n" + rows, split="column")
    assert {face.identity: face.split for face in faces} == {
        "p": "train",
        "q": "validation",
        "r": "test",
        "s": "validation",
    }
    assert not faces[0].attributes


def test_dev_of_voxceleb_is_for_training(folder: Path) -> None:
    content = "identity,face,vox1_set\np,a.png,dev\nq,b.png,test\n"
    faces = _faces(folder, content, split="column:vox1_set")
    assert {face.identity: face.split for face in faces} == {"p": "train", "q": "test"}


def test_split_columns_of_other_names(folder: Path) -> None:
    (folder / "v.csv").write_text("identity,voice,subset\np,a.wav,train-clean-100\nq,b.wav,test\n")
    (folder / "f.csv").write_text("identity,face,part\np,a.png,train\nr,b.png,validation-clean\n")
    inputs = inputs_of(folder / "v.csv", folder / "f.csv", split="column:subset,part")
    assert {i.identity: i.split for i in inputs.usable} == {
        "p": "train",
        "q": "test",
        "r": "validation",
    }
    assert inputs.attributes == {"voice": (), "face": ()}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("identity,face,split\np,a.png,train\nq,b.png,mine\n", "row 3: split 'mine'; train, v"),
        ("identity,face,split\np,a.png,train\nq,b.png,\n", "row 3: split ''"),
        ("identity,face,split\np,a.png,train\np,b.png,test\n", "row 3: identity 'p' in test, bef"),
        ("identity,face\np,a.png\n", "no column 'split'"),
    ],
)
def test_split_columns_that_cannot_be(folder: Path, rows: str, message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        _faces(folder, rows, split="column")


def test_initials(folder: Path) -> None:
    names = ["abel", "Bo", "Carl", "Éva", "eve", "Frank", "Ángel", "Ｚoe", "zz"]
    rows = "".join(f"{name},{i}.png\n" for i, name in enumerate(names))
    faces = _faces(folder, "identity,face\n" + rows, split="initials")
    assert [face.split for face in faces] == [
        *("validation", "validation", "test", "test", "test", "train"),
        *("validation", "train", "train"),
    ]


@pytest.mark.parametrize("name", ["007", "id10001"[2:], "顔", "Жан", "_x", "①", "[b"])
def test_initials_that_are_no_letters(folder: Path, name: str) -> None:
    with pytest.raises(CorpusError, match=r"no letter A–Z; .*hash:80/10/10") as caught:
        _faces(folder, f"identity,face\np,a.png\n{name},b.png\n", split="initials")
    assert name in str(caught.value)


@pytest.mark.parametrize(
    "rule", ["initial", "initials:", "hash:80/10", "hash:80/10/11", "column:,"]
)
def test_split_rules_that_are_none(folder: Path, rule: str) -> None:
    with pytest.raises(SettingsError, match="'initials'"):
        _faces(folder, "identity,face\np,a.png\n", split=rule)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"identity,face\n", "no rows"),
        (b"name,age\nx,3\n", "columns name, age; a column 'voice' or 'face' wanted"),
        (b"identity,face,face\np,a.png,b.png\n", "two columns 'face'"),
        (b"RIFF\xff\xfe\0\0WAVE", "not UTF-8 text"),
        ("identity,face\np,a.png\n".encode("utf-16"), "not UTF-8 text"),
        (b'identity,face\np,"a.png\n', "row 2: unexpected end of data"),
        (b'identity,face\n"p"x,a.png\n', "row 2: "),
        (b"identity,face\np," + b"x" * 1_100_000, "row 2: field larger"),
        (b"a story\nof some lines\n", "columns a story"),
        (b"\x00\x01\n\x02\n", r"columns \?\?"),
    ],
)
def test_tables_that_cannot_be_used(folder: Path, content: bytes, message: str) -> None:
    with pytest.raises(CorpusError, match=message) as caught:
        _faces(folder, content)
    assert "\n" not in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_table_that_is_not_there(folder: Path) -> None:
    for path in (folder / "none.csv", folder, folder / "nul\0.csv", folder / ("n" * 300)):
        with pytest.raises(CorpusError, match="a table"):
            inputs_of(path)
    with pytest.raises(CorpusError, match=r"directory; a table \(CSV or Parquet\) wanted"):
        inputs_of(folder, layout="table")


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_spaces_around_cells_do_not_count(folder: Path, suffix: str) -> None:
    rows = [(" p", "a.png ", "female "), ("p ", "\u00a0b.png", "female"), ("q", "c.png\t", " male")]
    path = folder / f"t.{suffix}"
    if suffix == "csv":
        path.write_text("identity,face,gender\n" + "\n".join(",".join(row) for row in rows))
    else:
        identity, face, gender = zip(*rows, strict=True)
        table = {"identity": identity, "face": face, "gender": gender}
        pq.write_table(pa.table({name: list(cells) for name, cells in table.items()}), path)
    found = of_kind(inputs_of(path), "face")
    assert [(i.identity, i.path, i.attributes["gender"]) for i in found] == [
        ("p", "a.png", "female"),
        ("p", "b.png", "female"),
        ("q", "c.png", "male"),
    ]


def test_large_and_small_letters_make_no_other_value(folder: Path) -> None:
    """One table says Female, another female: they are paired all the same."""
    (folder / "voices.csv").write_text("identity,voice,gender\np,a.wav,Female\nq,b.wav,MALE\n")
    (folder / "faces.csv").write_text(
        "identity,face,gender\np,a.png,female\np,b.png,female\nq,c.png,MALE\nq,d.png,Male\n"
    )
    inputs = inputs_of(folder / "voices.csv", folder / "faces.csv")
    assert [item.attributes["gender"] for item in inputs.usable] == [
        "female", "MALE", "female", "female", "MALE", "MALE"
    ]  # fmt: skip
    (note,) = [note for note in inputs.notes if "gender" in note]
    assert note == (
        "'gender': 'Female' as 'female', 'Male' as 'MALE' (large and small letters are one)"
    )
    assert len({id(item.attributes) for item in inputs.usable if item.identity == "p"}) == 2


@pytest.mark.parametrize("line", ["sep=;\n", "sep=;\r\n", '"sep=;"\r\n', "\ufeffsep=;\n"])
def test_the_line_by_which_spreadsheets_name_what_parts_cells(folder: Path, line: str) -> None:
    (face,) = _faces(folder, line + "identity;face;note\np;a.png;x,y\n")
    assert (face.row, face.path, face.attributes) == (2, "a.png", {"note": "x,y"})
