import codecs
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from voice2face.corpus import Corpus, Faces, prepare
from voice2face.errors import CorpusError

from .corpus_samples import picture, write_wav


@pytest.fixture
def folder(tmp_path: Path, fake_audio: None) -> Path:
    for i, name in enumerate("abcd"):
        picture(i).save(tmp_path / f"{name}.png")
        write_wav(tmp_path / f"{name}.wav", hz=100 + 20 * i)
    return tmp_path


def _faces(folder: Path, content: str | bytes, **options: object) -> Faces:
    """Faces of the corpus made from a table with this content."""
    path = folder / "t.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    out = folder / f"corpus{len(list(folder.iterdir()))}"
    prepare([path], out, **options)  # type: ignore[arg-type]
    return Corpus.open(out).faces()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("bom", [b"", codecs.BOM_UTF8])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_spellings_of_csv(folder: Path, delimiter: str, bom: bytes, end: str) -> None:
    rows = [["identity", " face ", "a, b; c"], ["Ünï", "a.png", "x"], [], ["q", "b.png", ""]]
    quoted = [delimiter.join(f'"{cell}"' for cell in row) for row in rows]
    faces = _faces(folder, bom + end.join(quoted).encode())
    by_name = dict(zip(faces.identity, faces.attributes["a, b; c"], strict=True))
    assert by_name == {"Ünï": "x", "q": None}


def test_quoted_newlines_and_long_cells(folder: Path) -> None:
    long = "é" * 300_000  # more than Python's csv takes by default
    faces = _faces(folder, f'identity,face,note\n"p\nq",a.png,"one\ntwo"\nr,b.png,{long}\n')
    assert dict(zip(faces.identity, faces.attributes["note"], strict=True)) == {
        "p\nq": "one\ntwo",
        "r": long,
    }


def test_names_in_any_script_and_shape(folder: Path) -> None:
    for i, name in enumerate(("顔 1.png", "وجه.png", "a\nb.png", "..png", "-rf.png")):
        picture(i).save(folder / name, "PNG")
    rows = '../x,"顔 1.png"\n/etc,وجه.png\n"n\n\n",\n"nul","a\nb.png"\n$(x),-rf.png\n.,..png\n'
    faces = _faces(folder, "identity,face\n" + rows, max_skipped=0.2)
    assert set(faces.identity) == {"../x", "/etc", "nul", "$(x)", "."}
    assert "顔 1" in faces.picture
    assert not (folder / "x").exists()


def test_mapped_columns_and_only_a_voice_or_a_face(folder: Path) -> None:
    path = folder / "t.csv"
    path.write_text("who,sound,photo,age\np,a.wav,,30\nq,,b.png,40\nq,b.wav,c.png,41\n")
    out = prepare([path], folder / "c", identity="who", voice="sound", face="photo").path
    corpus = Corpus.open(out)
    assert set(corpus.voices().identity) == set(corpus.faces().identity) - {""} | {"p"}
    assert sorted(corpus.voices().attributes["age"]) == ["30", "41"]
    assert sorted(corpus.faces().attributes["age"]) == ["40", "41"]
    with pytest.raises(CorpusError, match="columns who, sound, photo, age; a column 'speaker'"):
        prepare([path], folder / "d", identity="speaker")


def test_without_identities_each_row_is_a_person(folder: Path) -> None:
    (folder / "sub").mkdir()
    picture(9).save(folder / "sub" / "a.png")
    faces = _faces(folder, "face\na.png\nsub/a.png\nb.png\na.png\n")
    assert dict(zip(faces.picture, faces.identity, strict=True)) == {
        "a": "a",
        "a~2": "a~2",
        "b": "b",
    }


def test_a_person_without_a_name_is_nobody_else(folder: Path) -> None:
    (folder / "named.csv").write_text("identity,voice\na,a.wav\n")
    (folder / "unnamed.csv").write_text("voice,face\nb.wav,a.png\na.wav,b.png\n")
    tables = [folder / "unnamed.csv", folder / "named.csv"]
    corpus = Corpus.open(prepare(tables, folder / "c", max_skipped=0.3).path)
    assert sorted(corpus.voices().identity) == ["a~2", "b"]
    assert sorted(corpus.faces().identity) == ["a~2", "b"]
    assert corpus.info.skipped == {"two identities": 1}


def test_picture_is_the_path_where_face_is_an_id(folder: Path) -> None:
    faces = _faces(folder, "face,picture,race\nid1,a.png,x\nid2,b.png,y\n")
    assert dict(zip(faces.picture, faces.identity, strict=True)) == {"id1": "a", "id2": "b"}
    assert list(faces.attributes) == ["race"]
    faces = _faces(folder, "identity,picture\np,a.png\n")
    assert list(faces.picture) == ["a"]
    faces = _faces(folder, "identity,face,picture\np,a.png,first\nq,gone.png,x\n", max_skipped=0.5)
    assert list(faces.picture) == ["first"]


def test_tables_are_joined_by_identity(folder: Path) -> None:
    (folder / "v.csv").write_text("identity,voice,clip,canonical\np,a.wav,c0,x\nq,b.wav,c0,y\n")
    (folder / "f.csv").write_text("identity,face,gender\np,a.png,male\np,b.png,male\n")
    info = prepare([folder / "v.csv", folder / "f.csv"], folder / "c").info
    voices, faces = Corpus.open(folder / "c").voices(), Corpus.open(folder / "c").faces()
    assert info.counts["all"].identities == 2
    assert (set(voices.clip), set(faces.identity)) == ({"c0", "c0~2"}, {"p"})
    assert (list(voices.attributes), list(faces.attributes)) == (["canonical"], ["gender"])


def test_a_file_twice_counts_once_and_is_no_loss(folder: Path) -> None:
    path = folder / "t.csv"
    path.write_text("identity,voice,face\np,a.wav,a.png\np,a.wav,b.png\np,./a.wav,c.png\n")
    info = prepare([path], folder / "c", max_skipped=0).info
    assert (info.counts["all"].voices, info.counts["all"].faces) == (1, 3)
    assert info.skipped == {"repeated": 2}
    skipped = pq.read_table(folder / "c" / "skipped.parquet").to_pylist()
    assert [(s["row"], s["kind"], s["source"]) for s in skipped] == [
        (3, "voice", "a.wav"),
        (4, "voice", "./a.wav"),
    ]


def test_split_column(folder: Path) -> None:
    rows = "p,a.png,train\nq,b.png,Val\nr,c.png, test \nq,d.png,validation\n"
    faces = _faces(folder, "identity,face,split\n" + rows, split="column")
    found = dict(zip(faces.identity, faces.split, strict=True))
    assert found == {"p": "train", "q": "validation", "r": "test"}
    assert not faces.attributes


def test_split_columns_of_other_names(folder: Path) -> None:
    (folder / "v.csv").write_text("identity,voice,subset\np,a.wav,train-clean-100\nq,b.wav,test\n")
    (folder / "f.csv").write_text("identity,face,part\np,a.png,train\nr,b.png,validation-clean\n")
    tables = [folder / "v.csv", folder / "f.csv"]
    info = prepare(tables, folder / "c", split="column:subset,part").info
    assert [info.counts[part].identities for part in ("train", "validation", "test")] == [1, 1, 1]
    assert info.attributes == {"voice": (), "face": ()}


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
    for path in (folder / "none.csv", folder):
        with pytest.raises(CorpusError, match="a table"):
            prepare([path], folder / "c")
