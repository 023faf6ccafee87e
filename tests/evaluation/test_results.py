import json

import msgspec
import numpy as np
import pytest

from voice2face.errors import CorpusError, OutputError
from voice2face.evaluation.results import (
    Claim,
    Grid,
    Result,
    Row,
    Series,
    read_result,
    write_result,
)


def grid(file="a.png", **fields):
    return Grid("faces", "Faces", file, **({"px": 64, "rows": ["a"], "columns": ["1 s"]} | fields))


def result(**fields):
    rows = [
        Row("baseline", "1:2 matching", "gender", "face_reid", 0.53, 0.47, 0.6, 68, 4131, 0.5),
        Row("mean face", "1:2 matching", note="not asked"),
    ]
    series = [Series("baseline", ["1 s", 2.5], [0.4, None], [0.3, None], [0.5, None], "heard")]
    whole = {
        "experiment": "matching",
        "question": "Whose face is it?",
        "rows": rows,
        "series": series,
        "title": "Matching",
        "report_item": "Test 4",
        "grids": [grid()],
        "claims": [Claim("A voice tells the face.", "paper", "holds", "53 % [47, 60].")],
        "trials_sha256": {"all": "0" * 64},
        "seeds": {"trials": 0},
        "sources": {"model": "1" * 64},
        "made_by": "voice2face 0.1",
    }
    return Result(**(whole | fields))


def test_a_result_is_read_as_it_was_written(tmp_path):
    write_result(tmp_path / "new" / "matching.json", result())
    assert read_result(tmp_path / "new" / "matching.json") == result()
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["matching.json"]


def test_numbers_of_numpy_and_those_that_are_none(tmp_path):
    path = tmp_path / "r.json"
    rows = [Row("a", "EER", value=np.float32(0.5), low=np.nan, high=-np.inf, n_people=np.int64(3))]
    series = [Series("a", [np.float64(1)], [np.nan], chance=np.inf)]
    write_result(path, result(rows=rows, series=series))
    read = read_result(path)
    assert read.rows == [Row("a", "EER", value=0.5, n_people=3)]
    assert read.series == [Series("a", [1.0], [None])]
    assert "NaN" not in path.read_text() and json.loads(path.read_text())["format_version"] == 2


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"grids": [grid("../a.png")]}, "plain file name"),
        ({"grids": [grid("/etc/passwd")]}, "plain file name"),
        ({"grids": [grid("..")]}, "plain file name"),
        ({"grids": [grid("b\\a.png")]}, "plain file name"),
        ({"grids": [grid("")]}, "plain file name"),
        ({"grids": [grid(px=0)]}, "no faces"),
        ({"grids": [grid(columns=[])]}, "no faces"),
        ({"left_out": "There are no genders."}, "left out"),
        ({"series": [Series("s", [1.0], [1.0, 2.0])]}, "different lengths"),
        ({"series": [Series("s", [1.0], [1.0], [0.5])]}, "different lengths"),
        ({"series": [Series("s", [float("nan")], [1.0])]}, "not a number"),
        ({"rows": [Row("a", "b", n_people=-1)]}, "negative count"),
    ],
)
def test_an_inconsistent_result_is_neither_written_nor_read(tmp_path, fields, said):
    path = tmp_path / "r.json"
    with pytest.raises(OutputError, match=said):
        write_result(path, result(**fields))
    assert not path.exists()
    data = {"format_version": 2, "result": msgspec.to_builtins(result(**fields))}
    path.write_bytes(msgspec.json.encode(data))
    with pytest.raises(CorpusError, match=f"damaged|{said}") as caught:
        read_result(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.update(format_version=3), "format 3; at most 2"),
        (lambda d: d.update(format_version="1"), "damaged"),
        (lambda d: d.update(more=1), "damaged"),
        (lambda d: d["result"].update(more=1), "damaged"),
        (lambda d: d["result"].pop("question"), "damaged"),
        (lambda d: d["result"]["rows"][0].update(value="0.5"), "damaged"),
        (lambda d: d["result"]["claims"][0].update(verdict="maybe"), "damaged"),
        (lambda d: d["result"]["rows"][0].update(n_people=1.5), "damaged"),
    ],
)
def test_a_damaged_or_later_file_is_refused_in_one_line(tmp_path, change, said):
    path = tmp_path / "r.json"
    write_result(path, result())
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))
    with pytest.raises(CorpusError, match=said) as caught:
        read_result(path)
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"null", b"{", b"\xff", b"[" * 100_000, None])
def test_what_is_no_result_is_refused_in_one_line(tmp_path, data):
    path = tmp_path / "r.json"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(CorpusError, match=r"r\.json") as caught:
        read_result(path)
    assert "\n" not in str(caught.value)


def test_a_folder_is_no_result(tmp_path):
    with pytest.raises(CorpusError, match="directory"):
        read_result(tmp_path)
