import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace
from needed import SHARED, needed

from voice2face.cli.inspect import _skipped
from voice2face.corpus import Corpus
from voice2face.corpus.inspect import Sampling, inspect_corpus, numbers, write_page
from voice2face.corpus.inspect.sample import draw
from voice2face.corpus.prepare import prepare
from voice2face.errors import CorpusError, SettingsError

from .corpus_samples import picture
from .inspect_samples import make_corpus, write_table


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_corpus(tmp_path_factory.mktemp("made"))


@pytest.fixture
def corpus(made: Path) -> Corpus:
    return Corpus.open(made / "corpus")


def test_counts_are_those_of_the_rows(corpus: Corpus) -> None:
    found, _ = inspect_corpus(corpus)
    assert found.counts == {
        part: found.counts[part].__class__(
            identities=n,
            voices=2 * n_speakers,
            faces=4 * n,
            seconds=pytest.approx(3.4 * n_speakers),
            speech_s=pytest.approx(corpus.info.counts[part].speech_s),
        )
        for part, n, n_speakers in (
            ("all", 6, 5), ("train", 4, 4), ("validation", 1, 1), ("test", 1, 0)
        )
    }  # fmt: skip
    assert (found.only_voices, found.only_faces, found.in_several_splits) == (0, 1, 0)
    assert (found.per_identity["clips"].n, found.per_identity["clips"].most) == (5, 2)
    assert (found.per_identity["faces"].n, found.per_identity["faces"].least) == (6, 4)
    speech = {}
    voices = corpus.voices()
    for name, seconds in zip(voices.identity, voices.speech_s, strict=True):
        speech[name] = speech.get(name, 0) + seconds
    spread = found.per_identity["speech_s"]
    assert spread.least == pytest.approx(min(speech.values()))
    assert spread.median == pytest.approx(np.median(list(speech.values())))
    assert found.skipped == found.skipped_files == {"missing file": 1}
    assert found.harmless == ()


def test_attributes_with_few_values_are_counted_by_value(corpus: Corpus) -> None:
    attributes = inspect_corpus(corpus)[0].attributes
    genders = {value.value: value for value in attributes["gender"].values}
    assert list(genders) == ["female", "male", None]  # an empty cell comes last
    assert attributes["gender"].n_values == 2
    female, unknown = genders["female"], genders[None]
    assert [female.counts[part].identities for part in ("all", "train", "validation", "test")] == [
        2, 2, 0, 0,
    ]  # fmt: skip
    assert (female.heard, female.seen) == (2, 2)
    assert (unknown.heard, unknown.seen) == (1, 2)
    assert (unknown.counts["all"].voices, unknown.counts["test"].faces) == (2, 4)
    assert (attributes["code"].n_values, attributes["code"].values) == (24, None)
    assert (attributes["height"].n_values, attributes["height"].values) == (6, None)


def test_an_attribute_of_a_kind_of_which_nothing_was_kept_has_no_values(tmp_path: Path) -> None:
    picture(0, (16, 16)).save(tmp_path / "a.png")
    header = ("identity", "voice", "face", "brightness")  # of faces, a column of that name is taken
    table = write_table(tmp_path / "t.csv", header, [("p", "gone.wav", "a.png", "low")])
    prepare([table], tmp_path / "corpus", aligned=True, max_skipped=1.0)
    corpus = Corpus.open(tmp_path / "corpus")
    found, index = inspect_corpus(corpus)
    assert found.attributes["brightness"].values == ()
    assert [value.value for value in found.attributes["brightness_"].values] == ["low"]
    write_page(tmp_path / "page.html", corpus, found, index, Sampling())


def test_attributes_that_are_asked_for_are_shown_whole(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    attributes = inspect_corpus(corpus, ["code", "height"])[0].attributes
    assert set(attributes) == {"code", "height"}
    assert len(attributes["code"].values) == 24
    assert sum(value.counts["all"].faces for value in attributes["code"].values) == 24
    assert {value.value for value in attributes["height"].values} >= {"1.5", "1.55"}
    with pytest.raises(SettingsError, match="no such attribute; one of code, gender, height"):
        inspect_corpus(corpus, ["age"])
    monkeypatch.setattr(numbers, "MOST_ASKED", 23)
    with pytest.raises(SettingsError, match="24 different values; at most 23 wanted"):
        inspect_corpus(corpus, ["gender", "code"])


def test_the_payload_is_read_for_the_page_alone(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "corpus", tmp_path / "corpus")
    shard = tmp_path / "corpus" / "face-train-00000.parquet"
    content = bytearray(shard.read_bytes())
    chunk = next(
        column
        for column in (pq.ParquetFile(shard).metadata.row_group(0).column(i) for i in range(20))
        if column.path_in_schema == "pixels"
    )
    content[chunk.data_page_offset + chunk.total_compressed_size // 2] ^= 1
    shard.write_bytes(content)
    corpus = Corpus.open(tmp_path / "corpus")
    found, index = inspect_corpus(corpus)
    assert found.counts["train"].faces == 16
    with pytest.raises(CorpusError, match="face-train-00000"):
        write_page(tmp_path / "page.html", corpus, found, index, Sampling())
    assert not (tmp_path / "page.html").exists()


def test_damage_is_found(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "corpus", tmp_path / "corpus")
    path = tmp_path / "corpus" / "corpus.json"
    text = path.read_text("utf-8")
    info = json.loads(text)
    info["counts"]["train"]["faces"] += 1
    path.write_text(json.dumps(info), "utf-8")
    with pytest.raises(CorpusError, match=r"17 faces \(train\) where the shards hold 16"):
        inspect_corpus(Corpus.open(tmp_path / "corpus"))
    path.write_text(text, "utf-8")
    shard = tmp_path / "corpus" / "voice-train-00000.parquet"
    shard.write_bytes(b"x" * shard.stat().st_size)
    with pytest.raises(CorpusError, match="voice-train-00000"):
        inspect_corpus(Corpus.open(tmp_path / "corpus"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sources": []}, "corpus.json: no sources; the file that prepare wrote wanted"),
        ({"attributes": {"voice": []}}, "corpus.json: no attributes of 'face'"),
        ({"attributes": {}}, "corpus.json: no attributes of 'voice'"),
        ({"counts": {}}, "corpus.json: no counts of 'all'"),
        ({"skipped": {"other": 1}}, "corpus.json: no count of what was left out as 'missing file'"),
    ],
)
def test_an_edited_description_is_refused(
    made: Path, tmp_path: Path, change: dict[str, object], message: str
) -> None:
    shutil.copytree(made / "corpus", tmp_path / "corpus")
    path = tmp_path / "corpus" / "corpus.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | change), "utf-8")
    with pytest.raises(CorpusError, match=message):
        inspect_corpus(Corpus.open(tmp_path / "corpus"))


def test_a_row_of_a_source_that_is_not_described(corpus: Corpus) -> None:
    info = replace(corpus.info, sources=())
    with pytest.raises(CorpusError, match="0 sources, where a row names number 0; "):
        Corpus(corpus.path, info).skipped()


def test_files_that_were_left_out_are_counted(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / "v" / "fbank" / name).mkdir(parents=True)
        np.save(tmp_path / "v" / "fbank" / name / "1.npy", np.zeros((300, 64), np.float32))
        np.save(tmp_path / "v" / "fbank" / name / "2.npy", np.ones((300, 64), np.float32))
    (tmp_path / "v" / "VGG_ALL_FRONTAL" / "a").mkdir(parents=True)
    picture(1, (32, 32)).save(tmp_path / "v" / "VGG_ALL_FRONTAL" / "a" / "1.png")
    prepare([tmp_path / "v"], tmp_path / "corpus", max_skipped=0.5)
    corpus = Corpus.open(tmp_path / "corpus")
    found, index = inspect_corpus(corpus)
    assert (found.skipped, found.skipped_files) == ({"no pictures": 1}, {"no pictures": 2})
    write_page(tmp_path / "page.html", corpus, found, index, Sampling())
    html = (tmp_path / "page.html").read_text("utf-8")
    assert '<td class="n">1</td><td class="n">2</td><td>no</td>' in html
    assert "       1  no pictures: 2 files  (nothing lost)" in list(_skipped(found))


def test_the_splits_take_turns_and_the_seed_decides(corpus: Corpus) -> None:
    _, index = inspect_corpus(corpus)
    names = [index.identities[number] for number in draw(index, 3, seed=1)]
    assert len(names) == 3 and names[1:] == ["p4", "p5"]
    assert draw(index, 3, seed=1) == draw(index, 3, seed=1)
    assert len({tuple(draw(index, 3, seed)) for seed in range(20)}) == 4
    assert sorted(draw(index, 99, seed=0)) == list(range(6))
    assert draw(index, 0, seed=0) == []


def _reference(name: str) -> list[dict[str, str]]:
    path = needed(SHARED / "data" / name, "table")
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("name", "n_clips", "n_people", "genders"),
    [
        ("pairs/voxceleb/pairs.csv", 178, 68, {"female": 35, "male": 33}),
        pytest.param(
            "open/voices.csv", 351, 261, {"female": 130, "male": 131}, marks=pytest.mark.slow
        ),
    ],
)
def test_numbers_of_real_data(
    name: str, n_clips: int, n_people: int, genders: dict[str, int], tmp_path: Path
) -> None:
    rows = _reference(name)
    folder = (SHARED / "data" / name).parent
    cells = [(row["identity"], folder / row["voice"], row["gender"]) for row in rows]
    table = write_table(tmp_path / "t.csv", ("identity", "voice", "gender"), cells)
    prepare([table], tmp_path / "corpus")
    found, _ = inspect_corpus(Corpus.open(tmp_path / "corpus"))
    assert (found.counts["all"].voices, found.counts["all"].identities) == (n_clips, n_people)
    heard = {value.value: value.heard for value in found.attributes["gender"].values}
    assert heard == genders
