"""Arrays of a model's files."""

import zipfile

import numpy as np
import pytest

from voice2face import parts
from voice2face.errors import ModelError
from voice2face.parts import read_arrays

WANTED = {"weights": "float32 dim k", "centre": "float32 dim", "step": "int8"}
GROUP = {"hair": "bool people", "grey": "bool people"}


def arrays(**others):
    whole = {"weights": np.ones((3, 2), np.float32), "centre": np.zeros(3, np.float32)}
    return {**whole, "step": np.int8(4), **others}


def read(path, content, **options):
    np.savez(path, **content)
    return read_arrays(path, WANTED, GROUP, **options)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "part.npz"


def test_arrays_are_read_as_they_were_written(path):
    content = arrays(hair=np.ones(2, bool), grey=np.ones(2, bool), something_else=np.zeros(4))
    found = read(path, content, sizes={"dim": 3})
    assert list(found) == ["weights", "centre", "step", "hair", "grey"]
    for name, array in found.items():
        np.testing.assert_array_equal(array, content[name])
        assert array.dtype == content[name].dtype
    assert list(read_arrays(path)) == list(content)
    assert list(read(path, arrays())) == list(WANTED)


@pytest.mark.parametrize(
    ("harm", "found"),
    [
        ({"weights": np.ones((3, 2))}, "weights is float64 .* float32 of shape"),
        ({"weights": np.ones(3, np.float32)}, r"weights is .*\(3,\); .*\('dim', 'k'\)"),
        ({"centre": np.zeros(4, np.float32)}, r"centre is float32 of shape \(4,\); .*\(3,\)"),
        ({"step": np.zeros(1, np.int8)}, "step is int8 of shape"),
        ({"centre": np.array([0, np.nan, 0], np.float32)}, "centre is not finite"),
        ({"weights": np.full((3, 2), np.inf, np.float32)}, "weights is not finite"),
        ({"hair": np.ones(2, bool)}, "no grey"),
        ({"centre": np.array([{}], dtype=object)}, "pickle"),
    ],
)
def test_other_arrays_are_refused_in_one_line(path, harm, found):
    with pytest.raises(ModelError, match=found) as refused:
        read(path, arrays(**harm), remedy="fit it again")
    assert "\n" not in str(refused.value)
    assert str(refused.value).endswith("fit it again")


def test_a_length_that_is_known_is_held_to(path):
    with pytest.raises(ModelError, match=r"\(3, 2\); float32 of shape \(5, 2\)"):
        read(path, arrays(), sizes={"dim": 5})


def test_missing_and_damaged_files(path):
    with pytest.raises(ModelError, match="missing; a map wanted; fetch"):
        read_arrays(path, what="a map")
    for content in (b"", b"PK\x03\x04 nothing"):
        path.write_bytes(content)
        with pytest.raises(ModelError, match="not a zip file"):
            read_arrays(path)
    np.save(path.with_suffix(".npy"), np.zeros(3))
    with pytest.raises(ModelError, match="not a zip file"):
        read_arrays(path.with_suffix(".npy"))
    np.savez(path, **arrays())
    whole = path.read_bytes()
    path.write_bytes(whole[:150] + b"\xff" + whole[151:])
    with pytest.raises(ModelError, match=r"Bad CRC|magic|header"):
        read_arrays(path)


def test_a_small_file_does_not_unpack_to_a_large_one(path, monkeypatch):
    np.savez_compressed(path, zeros=np.zeros(1 << 21, np.uint8))
    assert path.stat().st_size < 1 << 13
    monkeypatch.setattr(parts, "MOST_BYTES", 1 << 20)
    with pytest.raises(ModelError, match="more than 1 MiB"):
        read_arrays(path)


def test_a_header_that_promises_more_than_is_there(path):
    with zipfile.ZipFile(path, "w") as archive, archive.open("a.npy", "w") as stream:
        header = {"descr": "<f4", "fortran_order": False, "shape": (1 << 40,)}
        np.lib.format.write_array_header_1_0(stream, header)
    with pytest.raises(ModelError, match="fetch the model again"):
        read_arrays(path)
