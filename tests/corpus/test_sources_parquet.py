import datetime
import decimal
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from voice2face.corpus.sources import parquet, read_source
from voice2face.errors import CorpusError

from .source_samples import inputs_of


def _write(path: Path, **columns: object) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def test_a_parquet_table_is_that_of_csv(tmp_path: Path) -> None:
    rows = [("p", "a.wav", "a.png", "x"), ("q", "", "b.png", ""), ("", "c.wav", "", "y")]
    names = ("identity", "voice", "face", "note")
    lines = [",".join(names), *(",".join(row) for row in rows)]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    columns = {
        name: pa.array([cell or None for cell in column])
        for name, column in zip(names, zip(*rows, strict=True), strict=True)
    }
    _write(tmp_path / "t.parquet", **columns)
    from_csv, from_parquet = inputs_of(tmp_path / "t.csv"), inputs_of(tmp_path / "t.parquet")
    assert from_parquet == from_csv
    assert len(from_csv.usable) == 3
    info = read_source(tmp_path / "t.parquet").info
    assert (info.layout, info.rows, len(info.sha256)) == ("table", 3, 64)


def test_parquet_is_known_by_its_content(tmp_path: Path) -> None:
    _write(tmp_path / "t.csv", identity=["p"], face=["a.png"])
    assert inputs_of(tmp_path / "t.csv").usable[0].path == "a.png"


def test_all_scalars_become_text(tmp_path: Path) -> None:
    columns = {
        "identity": pa.array([1, 2], pa.int64()),
        "face": pa.array(["a", "b"]).dictionary_encode(),
        "large": pa.array(["é", None], pa.large_string()),
        "age": pa.array([40.0, float("nan")]),
        "half": pa.array([0.5, None], pa.float32()),
        "native": pa.array([True, None]),
        "born": pa.array([datetime.date(1970, 1, 2), None]),
        "at": pa.array([datetime.datetime(2020, 1, 2, 3, 4), None], pa.timestamp("ns")),
        "price": pa.array([decimal.Decimal("1.50"), None]),
        "void": pa.nulls(2),
    }
    first, second = inputs_of(_write(tmp_path / "t.parquet", **columns)).usable
    assert (first.identity, second.identity, first.path) == ("1", "2", "a")
    assert second.attributes == {}
    assert first.attributes == {
        "large": "é",
        "age": "40",
        "half": "0.5",
        "native": "true",
        "born": "1970-01-02",
        "at": "2020-01-02 03:04:00.000000000",
        "price": "1.50",
    }


@pytest.mark.parametrize(
    "column",
    [
        pa.array([b"RIFF"]),
        pa.array([["a.png"]]),
        pa.array([{"bytes": b"x", "path": "a.png"}]),
        pa.array([datetime.timedelta(1)]),
        pa.array([b"x"]).dictionary_encode(),
    ],
    ids=lambda column: str(column.type)[:20],
)
def test_columns_that_are_no_text_are_refused(tmp_path: Path, column: pa.Array) -> None:
    path = _write(tmp_path / "t.parquet", identity=["p"], voice=["a.wav"], face=column)
    with pytest.raises(CorpusError, match=r"column 'face' holds .*; text, numbers or times"):
        read_source(path)


def test_sizes_are_checked_before_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _write(tmp_path / "t.parquet", identity=["p"] * 100, face=["a.png"] * 100)
    monkeypatch.setattr(parquet, "_rows", lambda *_: pytest.fail("it was read"))
    monkeypatch.setattr(parquet, "MAX_ROWS", 99)
    with pytest.raises(CorpusError, match="100 rows of 0 MiB; at most 99 rows"):
        read_source(path)
    monkeypatch.setattr(parquet, "MAX_ROWS", 100)
    monkeypatch.setattr(parquet, "MAX_BYTES", 100)
    with pytest.raises(CorpusError, match="100 rows of 0 MiB"):
        read_source(path)


def test_a_cell_that_is_too_long(tmp_path: Path) -> None:
    path = _write(tmp_path / "t.parquet", face=["a.png", "b.png"], note=["", "x" * 1_000_001])
    with pytest.raises(CorpusError, match="row 3: a cell of more than 1000000 characters"):
        read_source(path)


def test_damaged_parquet_is_one_error(tmp_path: Path) -> None:
    path = _write(tmp_path / "t.parquet", identity=["p"] * 50, face=[f"{i}.png" for i in range(50)])
    whole = path.read_bytes()
    damaged = [whole[:n] for n in (0, 4, 40, len(whole) // 2, len(whole) - 1)]
    damaged += [b"identity,face\np,a.png\n", whole[:4] + bytes(len(whole) - 8) + whole[-4:]]
    damaged += [whole[:30] + bytes(200) + whole[230:]]
    for data in damaged:
        path.write_bytes(data)
        with pytest.raises(CorpusError, match="a table in Parquet") as caught:
            read_source(path)
        assert str(caught.value).isprintable()


def test_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    raw = pa.array([b"\xff\xfe"]).view(pa.string())
    path = _write(tmp_path / "t.parquet", identity=["p"], face=raw)
    with pytest.raises(CorpusError, match="unreadable"):
        read_source(path)


def test_a_table_without_rows_or_with_columns_twice(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no rows"):
        read_source(_write(tmp_path / "t.parquet", face=pa.array([], pa.string())))
    table = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], ["face", " face"])
    pq.write_table(table, tmp_path / "t.parquet")
    with pytest.raises(CorpusError, match="two columns 'face'"):
        read_source(tmp_path / "t.parquet")
    with pytest.raises(CorpusError, match="Parquet"):
        read_source(tmp_path / "none.parquet")


def test_a_first_column_of_floats(tmp_path: Path) -> None:
    """In a process of its own: whether a part of Arrow is imported depends on all before it."""
    path = _write(tmp_path / "t.parquet", age=[40.5, float("nan")], voice=["a.wav", "b.wav"])
    code = (
        "import sys; from pathlib import Path; from voice2face.corpus.sources import read_source; "
        "print([values for _, values in read_source(Path(sys.argv[1])).rows])"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)
    assert done.stdout.strip() == "[('40.5', 'a.wav'), ('', 'b.wav')]", done.stderr


def _repeated(n_bytes: int, n_rows: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array([0] * n_rows, pa.int32()), ["x" * n_bytes])


@pytest.mark.parametrize("as_dictionary", [True, False])
def test_a_long_cell_that_is_in_the_file_once_is_not_written_out(
    as_dictionary: bool, tmp_path: Path
) -> None:
    n_rows = 1000 if as_dictionary else 200
    long = _repeated(1_900_000, n_rows)
    # Where the file says text, it holds the text once as well, in the dictionary of its pages.
    column = long if as_dictionary else long.cast(pa.string())
    columns = {f"note{n}": column for n in range(8)}
    table = pa.table({"face": [f"{n}.png" for n in range(n_rows)], **columns})
    pq.write_table(table, tmp_path / "t.parquet")
    assert (tmp_path / "t.parquet").stat().st_size < 16_000_000
    before = pa.total_allocated_bytes()
    with pytest.raises(CorpusError, match=r"a cell of more than 1000000|a cell of 1900000 bytes"):
        read_source(tmp_path / "t.parquet")
    assert pa.default_memory_pool().max_memory() - before < 4e9


def test_what_is_no_regular_file_is_not_opened(tmp_path: Path) -> None:
    import os

    for name in ("pipe.csv", "pipe.parquet"):
        os.mkfifo(tmp_path / name)
        with pytest.raises(CorpusError, match="no regular file"):
            read_source(tmp_path / name)
    (tmp_path / "zero.csv").symlink_to("/dev/zero")
    (tmp_path / "zero.parquet").symlink_to("/dev/zero")
    for name in ("zero.csv", "zero.parquet"):
        with pytest.raises(CorpusError, match="no regular file"):
            read_source(tmp_path / name)


def test_a_sparse_file_of_hundreds_of_gigabytes_is_refused_by_its_size(tmp_path: Path) -> None:
    for name in ("sparse.csv", "sparse.parquet"):
        with (tmp_path / name).open("wb") as stream:
            stream.truncate(300 << 30)
        with pytest.raises(CorpusError, match=r"322122547200 bytes, more than"):
            read_source(tmp_path / name)
