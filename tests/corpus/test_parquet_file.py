"""Parquet files of strangers: what is in them once is not written out many times."""

import os
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from voice2face.corpus import parquet_file
from voice2face.corpus.info import read_info
from voice2face.corpus.parquet_file import opened_parquet, plain_schema, texts_of, written_out
from voice2face.corpus.read import Corpus
from voice2face.errors import CorpusError

from .inspect_samples import make_corpus

TABLE = pa.table({"a": ["x", None, "x", "yy"], "b": [1, 2, 3, 4]})


def test_a_table_is_the_same_as_read_at_once(tmp_path: Path) -> None:
    pq.write_table(TABLE, tmp_path / "t.parquet")
    with opened_parquet(tmp_path / "t.parquet", 10_000) as file:
        assert plain_schema(file.schema_arrow) == TABLE.schema
        read = file.read()
    assert pa.types.is_dictionary(read.schema.field("a").type)
    assert written_out(read).equals(TABLE)
    assert texts_of(read["a"].chunk(0)) == ["x", "", "x", "yy"]


def test_texts_are_measured_before_they_are_written_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = pa.DictionaryArray.from_arrays(pa.array([0] * 1000, pa.int32()), ["x" * 1000])
    monkeypatch.setattr(parquet_file, "MAX_TEXT_BYTES", 999_999)
    with pytest.raises(OSError, match="texts of more than"):
        written_out(pa.table({"a": long}))
    monkeypatch.setattr(parquet_file, "MAX_TEXT_BYTES", 1_000_000)
    assert written_out(pa.table({"a": long}))["a"].to_pylist() == ["x" * 1000] * 1000
    monkeypatch.setattr(parquet_file, "MAX_CELL", 249)
    for look in (lambda: written_out(pa.table({"a": long})), lambda: texts_of(long)):
        with pytest.raises(OSError, match="a cell of 1000 bytes"):
            look()


def test_a_larger_file_and_what_is_none_are_not_opened(tmp_path: Path) -> None:
    pq.write_table(TABLE, tmp_path / "t.parquet")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="more than 100"), opened_parquet(tmp_path / "t.parquet", 100):
        pass
    with pytest.raises(OSError, match="no regular file"), opened_parquet(tmp_path / "pipe", 100):
        pass


def test_parts_of_a_corpus_that_are_no_files_are_not_waited_for(tmp_path: Path) -> None:
    good = make_corpus(tmp_path) / "corpus"
    shard = read_info(good).shards[0].name
    for name in ("corpus.json", shard):
        for make in (os.mkfifo, lambda path: path.symlink_to("/dev/zero")):
            shutil.rmtree(tmp_path / "bad", ignore_errors=True)
            shutil.copytree(good, tmp_path / "bad")
            (tmp_path / "bad" / name).unlink()
            make(tmp_path / "bad" / name)
            with pytest.raises(CorpusError, match="no regular file"):
                Corpus.open(tmp_path / "bad")


@pytest.mark.parametrize("text", ["[" * 200_000, '{"a":' * 100_000, "9" * 20_000, ""])
def test_a_hostile_description_is_refused_in_one_short_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "corpus.json").write_text(text)
    with pytest.raises(CorpusError) as caught:
        Corpus.open(tmp_path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500
