import json
import shutil
import sys
from pathlib import Path

import pytest


@pytest.fixture
def mine(corpus, tmp_path) -> Path:
    """A corpus with nothing beside it."""
    return Path(shutil.copytree(corpus, tmp_path / "place" / "corpus"))


def test_numbers_are_printed_and_the_page_lies_beside_the_corpus(voice2face, mine):
    ended = voice2face("inspect", mine, "--identities", "2", "--clips", "1", "--faces", "1")
    assert (ended.status, ended.err) == (0, "")
    lines = [line.split() for line in ended.out.splitlines()]
    assert ["all", "10", "20"] in [line[:3] for line in lines]
    assert ["clips", "2", "2", "2", "2", "2"] in lines
    page = mine.parent / "corpus.html"
    assert str(page) in ended.out and page.read_text("utf-8").count("<article") == 2
    assert {path.name for path in mine.parent.iterdir()} == {"corpus", "corpus.html"}
    assert voice2face("inspect", mine, "--identities", "1").status == 0  # again: it is ours
    assert page.read_text("utf-8").count("<article") == 1


def test_json_has_all_numbers(voice2face, mine, tmp_path):
    out = tmp_path / "page.html"
    ended = voice2face("inspect", mine, "--out", out, "--identities", "1", "--json")
    answer = json.loads(ended.out)
    assert answer["page"] == str(out) and out.is_file()
    assert answer["counts"]["all"]["voices"] == answer["info"]["counts"]["all"]["voices"] == 20
    assert answer["counts"]["all"]["speech_s"] > 0
    assert answer["per_identity"]["faces"]["median"] == 3
    assert (answer["only_voices"], answer["only_faces"], answer["skipped"]) == (0, 0, {})
    assert not (mine.parent / "corpus.html").exists()


def test_no_page(voice2face, mine):
    ended = voice2face("inspect", mine, "--no-page", "--json")
    assert json.loads(ended.out)["page"] is None
    assert {path.name for path in mine.parent.iterdir()} == {"corpus"}


def test_somebody_elses_file_is_left_alone(voice2face, mine):
    (mine.parent / "corpus.html").write_text("mine")
    page = mine.parent / "corpus.html"
    for words in ((), ("--out", page)):
        voice2face("inspect", mine, *words).one_error("corpus.html", "choose another", "--force")
        assert page.read_text() == "mine"
    assert voice2face("inspect", mine, "--identities", "1", "--force").status == 0
    assert "<article" in page.read_text("utf-8")


def test_what_cannot_be(voice2face, mine, tmp_path):
    voice2face("inspect", tmp_path).one_error("corpus.json", "voice2face prepare")
    voice2face("inspect", mine, "--by", "colour").one_error("--by colour", "no such attribute")
    voice2face("inspect", mine, "--out", tmp_path).one_error("a folder; a file, or nothing wanted")
    shard = next(mine.glob("face-*.parquet"))
    shard.write_bytes(shard.read_bytes()[:-5])
    voice2face("inspect", mine).one_error(shard.name, "run prepare again")


def test_a_missing_extra_is_named(voice2face, mine, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    voice2face("inspect", mine).one_error("pip install 'voice2face[data]'")
    assert {path.name for path in mine.parent.iterdir()} == {"corpus"}
