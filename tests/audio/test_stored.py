"""Log-mel spectrograms of others: only whole arrays of the right shape are taken."""

from pathlib import Path

import numpy as np
import pytest

from voice2face.audio.settings import FRONT_ENDS
from voice2face.audio.stored import read_log_mel
from voice2face.errors import AudioError, NoSpeechError

SETTINGS = FRONT_ENDS["released"]


def with_shape(path: Path, shape: str) -> None:
    """An array file whose header says this shape, with 1000 bytes behind it."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    start = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little")
    path.write_bytes(start + header.encode() + bytes(1000))


def test_a_spectrogram_is_read_as_single_floats(tmp_path):
    bands = np.random.default_rng(0).normal(size=(150, 64)).astype(np.float16)
    np.save(tmp_path / "a.npy", bands)
    found = read_log_mel(tmp_path / "a.npy", SETTINGS)
    assert type(found) is np.ndarray and found.dtype == np.float32
    np.testing.assert_array_equal(found, bands)


@pytest.mark.parametrize("shape", ["(200, 64)", "(99999999999999, 64)", f"({10**30}, 64)", "((("])
def test_a_header_that_lies_is_refused(tmp_path, shape):
    with_shape(tmp_path / "a.npy", shape)
    with pytest.raises(AudioError, match="no whole array of numbers; a log-mel spectrogram"):
        read_log_mel(tmp_path / "a.npy", SETTINGS)


@pytest.mark.parametrize("content", [b"", b"hello world", b"\x93NUMPY\x01\x00"])
def test_what_is_no_array_is_refused(tmp_path, content):
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(AudioError, match="no whole array of numbers"):
        read_log_mel(tmp_path / "a.npy", SETTINGS)


def test_objects_are_not_unpickled(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{}]), allow_pickle=True)
    with pytest.raises(AudioError, match="no whole array of numbers"):
        read_log_mel(tmp_path / "a.npy", SETTINGS)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((200, 65), np.float32), "floats of shape"),
        (np.zeros((200, 64), np.int32), "floats of shape"),
        (np.float32(1), "floats of shape"),
        (np.full((200, 64), np.nan, np.float32), "not logarithms"),
        (np.full((200, 64), 1e5, np.float32), "not logarithms"),
    ],
)
def test_another_shape_type_or_scale_is_refused(tmp_path, array, message):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(AudioError, match=message):
        read_log_mel(tmp_path / "a.npy", SETTINGS)


def test_too_little_speech(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((20, 64), np.float32))
    with pytest.raises(NoSpeechError, match=r"0\.2 s of speech"):
        read_log_mel(tmp_path / "a.npy", SETTINGS)
