import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import av
import msgspec
import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from voice2face.audio import load_clip
from voice2face.corpus import Corpus
from voice2face.corpus.prepare import shards
from voice2face.errors import CorpusError, SettingsError

from .corpus_samples import picture, prepare


def test_what_was_written_is_read(people: Path, tmp_path: Path) -> None:
    report = prepare([people], tmp_path / "corpus")
    corpus = Corpus.open(tmp_path / "corpus", verify=True)
    voices, faces = corpus.voices(), corpus.faces()

    assert corpus.info == report.info
    assert corpus.info.source_names == ("table.csv",)
    assert report.info.counts["all"] == report.info.counts["all"].__class__(
        identities=20, voices=40, faces=40, seconds=6.0, speech_s=3.0
    )
    assert len(voices) == len(faces) == 40
    assert faces.pixels.shape == (40, 64, 64, 3)
    for clip, speech, seconds in zip(voices.clip, voices.speech, voices.seconds, strict=True):
        assert (speech.samples.dtype, speech.sample_rate) == (np.int16, 16_000)
        assert speech.seconds == seconds
        np.testing.assert_array_equal(speech.samples, load_clip(tmp_path / f"{clip}.wav"))
    for name, pixels in zip(faces.picture, faces.pixels, strict=True):
        with Image.open(tmp_path / f"{name}.png") as image:
            expected = np.asarray(image.resize((64, 64), Image.Resampling.LANCZOS))
        np.testing.assert_array_equal(pixels, expected)
    by_name = dict(zip(voices.clip, voices.identity, strict=True))
    assert by_name["07-1"] == "p07"
    genders = dict(zip(faces.picture, faces.attributes["gender"], strict=True))
    assert (genders["00-0"], genders["01-1"], genders["02-1"]) == (None, "male", "female")


def test_splits_share_nobody_and_are_read_apart(people: Path, tmp_path: Path) -> None:
    prepare([people], tmp_path / "corpus", split="hash:50/25/25")
    corpus = Corpus.open(tmp_path / "corpus")
    seen: set[str] = set()
    for split in ("train", "validation", "test"):
        voices, faces = corpus.voices(split), corpus.faces(split)
        assert set(voices.identity) == set(faces.identity)
        assert set(voices.split) <= {split}
        assert len(set(voices.identity)) == corpus.info.counts[split].identities > 0
        assert not seen & set(voices.identity)
        seen |= set(voices.identity)
    assert len(seen) == 20
    with pytest.raises(SettingsError, match="train, validation, test"):
        corpus.voices("dev")


def test_hash_split_never_changes() -> None:
    from voice2face.corpus.prepare.splits import SplitRule

    rule = SplitRule.parse("hash:80/10/10")
    splits = [rule.of_identity(f"id{i}") for i in range(10)]
    digest = int(hashlib.sha256(b"id0").hexdigest()[:16], 16) * 100 >> 64
    assert splits[0] == ("train" if digest < 80 else "validation" if digest < 90 else "test")
    many = [rule.of_identity(f"id{i}") for i in range(5000)]
    assert abs(many.count("train") / 5000 - 0.8) < 0.02
    assert abs(many.count("test") / 5000 - 0.1) < 0.02
    assert {SplitRule.parse("hash:100/0/0").of_identity(f"{i}") for i in range(99)} == {"train"}


def test_same_bytes_whatever_the_workers_and_the_day(
    tmp_path: Path, table: Callable[..., Path]
) -> None:
    rows = []
    for i in range(80):  # more than two chunks
        picture(i).save(tmp_path / f"{i}.png")
        rows.append((f"p{i % 30}", f"{i}.png"))
    source = table(("identity", "face"), [*rows, ("p1", "gone.png")])
    folders = [tmp_path / f"corpus{i}" for i in range(3)]
    for folder, workers in zip(folders, (1, 2, 1), strict=True):
        prepare([source], folder, workers=workers)
    contents = [{p.name: p.read_bytes() for p in folder.iterdir()} for folder in folders]
    assert contents[0] == contents[1] == contents[2]
    assert len(contents[0]) == 5


def test_shards_are_bounded_and_iterated(
    people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "MAX_ROWS", 10)
    monkeypatch.setattr(shards, "MAX_BYTES", 5 * 64 * 64 * 3)
    prepare([people], tmp_path / "corpus", split="hash:100/0/0")
    corpus = Corpus.open(tmp_path / "corpus")
    assert [shard.rows for shard in corpus.info.shards] == [10] * 4 + [5] * 8
    parts = list(corpus.iter_faces("train"))
    whole = corpus.faces()
    np.testing.assert_array_equal(np.concatenate([part.pixels for part in parts]), whole.pixels)
    assert list(whole.picture) == sorted(whole.picture)
    assert [len(part) for part in corpus.iter_voices()] == [10] * 4


def test_data_hash_is_that_of_the_content(people: Path, tmp_path: Path) -> None:
    a = prepare([people], tmp_path / "a").info
    b = prepare([people], tmp_path / "b").info
    c = prepare([people], tmp_path / "c", face_px=32).info
    assert a.data_hash == b.data_hash != c.data_hash


def test_a_stranger_can_read_the_parquet(people: Path, tmp_path: Path) -> None:
    info = prepare([people], tmp_path / "corpus").info
    for shard in info.shards:
        path = tmp_path / "corpus" / shard.name
        layout = pq.read_schema(path).metadata[b"voice2face.layout"].decode()
        row = pq.read_table(path).to_pylist()[0]
        if shard.kind == "voice":
            assert "flac" in layout and row["coding"] == "flac"
            with av.open(io.BytesIO(row["sound"])) as file:
                n_samples = sum(frame.samples for frame in file.decode(audio=0))
            assert n_samples == round(row["seconds"] * 16_000)
        else:
            code = layout.split("numpy.", 1)[1]
            assert eval(f"np.{code}", {"np": np, **row}).shape == (64, 64, 3)
        assert row["sha256"] == hashlib.sha256((tmp_path / row["path"]).read_bytes()).hexdigest()


def test_attributes_that_are_columns_already_get_an_underscore(
    tmp_path: Path, table: Callable[..., Path]
) -> None:
    picture().save(tmp_path / "a.png")
    header = ("identity", "face", "split", "sha256", "sha256_", "clip")
    prepare([table(header, [("p", "a.png", "mine", "x", "y", "c7")])], tmp_path / "corpus")
    attributes = Corpus.open(tmp_path / "corpus").faces().attributes
    assert {name: values[0] for name, values in attributes.items()} == {
        "split_": "mine",
        "sha256__": "x",
        "sha256_": "y",
        "clip": "c7",
    }


def test_progress_reaches_the_end(people: Path, tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    prepare([people], tmp_path / "corpus", progress=lambda done, of: calls.append((done, of)))
    assert calls[0] == (0, 80)
    assert calls[-1] == (80, 80)


@pytest.mark.parametrize(
    ("options", "thing"),
    [
        ({"preset": "neat"}, "preset"),
        ({"face_px": 0}, "px"),
        ({"workers": -1}, "workers"),
        ({"engine": "magic"}, "engine"),
        ({"address": "auto"}, "address"),
        ({"layout": "heap"}, "layout"),
        ({"max_skipped": 2.0}, "max_skipped"),
        ({"split": "hash:80/10/20"}, "split"),
        ({"split": "random"}, "split"),
    ],
)
def test_options_that_cannot_be(
    people: Path, tmp_path: Path, options: dict[str, object], thing: str
) -> None:
    with pytest.raises(SettingsError, match=thing):
        prepare([people], tmp_path / "corpus", **options)  # type: ignore[arg-type]
    assert not (tmp_path / "corpus").exists()


def _prepared(people: Path, tmp_path: Path) -> Path:
    return prepare([people], tmp_path / "corpus").path


def test_later_version_is_refused(people: Path, tmp_path: Path) -> None:
    path = _prepared(people, tmp_path) / "corpus.json"
    content = msgspec.json.decode(path.read_bytes())
    path.write_bytes(msgspec.json.encode(content | {"schema_version": 4, "new": 1}))
    with pytest.raises(CorpusError, match="version 4; version 3 wanted; upgrade"):
        Corpus.open(path.parent)


def test_missing_parts(people: Path, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="No such file"):
        Corpus.open(tmp_path)
    path = _prepared(people, tmp_path)
    (path / "face-train-00000.parquet").unlink()
    with pytest.raises(CorpusError, match=r"face-train-00000.parquet: No such file"):
        Corpus.open(path)


def test_shortened_shard(people: Path, tmp_path: Path) -> None:
    path = _prepared(people, tmp_path)
    shard = path / "voice-train-00000.parquet"
    shard.write_bytes(shard.read_bytes()[:-1])
    with pytest.raises(CorpusError, match="bytes instead of"):
        Corpus.open(path)


@pytest.mark.parametrize("place", [0.001, 0.3, 0.5, 0.7, 0.999])
def test_a_flipped_bit_is_found(people: Path, tmp_path: Path, place: float) -> None:
    path = _prepared(people, tmp_path)
    shard = path / "face-train-00000.parquet"
    content = bytearray(shard.read_bytes())
    content[int(place * len(content))] ^= 4
    shard.write_bytes(content)
    with pytest.raises(CorpusError, match="face-train"):
        Corpus.open(path, verify=True)
    if 0.1 < place < 0.9:  # a checksum of pages finds it without `verify`
        with pytest.raises(CorpusError, match="face-train"):
            Corpus.open(path).faces()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"face-train-00000.parquet"', '"../face-train-00000.parquet"'),
        ('"rows": 20', '"rows": "many"'),
        ('"rows"', '"lines"'),
        ('"data_hash": "', '"data_hash": "0'),
        ("{", "["),
    ],
)
def test_damaged_description(people: Path, tmp_path: Path, old: str, new: str) -> None:
    path = _prepared(people, tmp_path) / "corpus.json"
    text = path.read_text("utf-8")
    if old == '"rows": 20':
        old = f'"rows": {msgspec.json.decode(text)["shards"][0]["rows"]}'
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(CorpusError, match=r"corpus\.json"):
        Corpus.open(path.parent)
