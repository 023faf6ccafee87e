"""A corpus of an earlier schema is refused with the command that makes it anew."""

import shlex
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from voice2face.corpus import Corpus
from voice2face.corpus.prepare import prepare as plain_prepare
from voice2face.errors import CorpusError
from voice2face.faces.settings import FaceCrop, FaceFilters

from .corpus_samples import picture, write_speech

FORMER = {
    "schema_version": 2,
    "program": "voice2face 0.1",
    "preset": "clean",
    "split_rule": "hash:80/10/10",
    "sources": [],
    "face_crop": {},
    "front_end": {"gone": 1},
}


def refusal(folder: Path, content: dict[str, object]) -> CorpusError:
    folder.mkdir(exist_ok=True)
    (folder / "corpus.json").write_bytes(msgspec.json.encode(FORMER | content))
    with pytest.raises(CorpusError) as caught:
        Corpus.open(folder)
    return caught.value


def test_the_command_makes_the_same_corpus_with_sound(
    tmp_path: Path, table: Callable[..., Path]
) -> None:
    write_speech(tmp_path / "a b.wav")
    picture().save(tmp_path / "a.png")
    source = table(("who", "voice", "face"), [("p", "a b.wav", "a.png")])
    crop = FaceCrop(px=32, filters=FaceFilters(max_yaw_deg=30.0))
    options = {"aligned": True, "identity": "who", "split": "hash:100/0/0"}
    made = plain_prepare([source], tmp_path / "new", face_crop=crop, **options)
    info = msgspec.json.decode((made.path / "corpus.json").read_bytes())
    found = refusal(tmp_path / "old corpus", info | {"schema_version": 1})
    assert "schema version 1, without sound" in found.found
    words = shlex.split(found.remedy.removeprefix("make it anew: "))
    assert words[:4] == [
        "voice2face", "prepare", str(source), str(tmp_path / "old corpus-with-sound"),
    ]  # fmt: skip
    from voice2face.cli import app

    app([*words[1:], "--quiet"], standalone_mode=False)
    anew = Corpus.open(tmp_path / "old corpus-with-sound")
    assert anew.info.data_hash == made.info.data_hash
    assert anew.info.face_crop == crop


def test_what_it_says_of_several_sources(tmp_path: Path) -> None:
    sources = [
        {"path": "/data/vox", "layout": "voxceleb"},
        {"path": "/data/t.csv", "layout": "table"},
    ]
    found = refusal(tmp_path / "old", {"sources": sources, "face_crop": {"remove": ["hair"]}})
    words = shlex.split(found.remedy.removeprefix("make it anew: "))
    assert words[2:4] == ["/data/vox", "/data/t.csv"]
    assert words[5:] == [
        "--preset", "clean", "--split", "hash:80/10/10", "--remove", "hair",
    ]  # fmt: skip
    with pytest.raises(CorpusError, match="restore it"):
        refusal(tmp_path / "bad", {"sources": 3})
        raise refusal(tmp_path / "bad", {"sources": 3})
