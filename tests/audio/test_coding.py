"""Recordings at rest."""

import io
import subprocess
import sys

import av
import numpy as np
import pytest

from voice2face.audio.coding import decode_sound, encode_sound
from voice2face.errors import AudioError

RNG = np.random.default_rng(0)


def voice(n: int) -> np.ndarray:
    """Coloured noise with a moving level."""
    noise = np.convolve(RNG.normal(size=n + 63), np.hanning(64), "valid")
    level = 1 + np.sin(np.arange(n) / 900)
    return (noise * level * 600).clip(-32768, 32767).astype(np.int16)


@pytest.mark.parametrize("n", [1, 15, 4096, 65_536, 65_537, 200_001])
def test_flac_loses_nothing(n):
    samples = voice(n)
    data = encode_sound(samples)
    np.testing.assert_array_equal(decode_sound(data, n, "x"), samples)


def test_the_extremes_are_kept():
    samples = np.array([-32768, 32767] * 5000, np.int16)
    np.testing.assert_array_equal(decode_sound(encode_sound(samples), 10_000, "x"), samples)


@pytest.mark.parametrize("n", [16_000, 49_999, 100_003])
def test_opus_keeps_the_length_the_place_and_nearly_all_of_the_sound(n):
    samples = voice(n)
    data = encode_sound(samples, "opus")
    heard = decode_sound(data, n, "x").astype(float)
    error = ((heard - samples) ** 2).mean() / (samples.astype(float) ** 2).mean()
    assert 10 * np.log10(error) < -10  # in place, or they would have nothing in common
    assert len(data) < samples.nbytes / 4


@pytest.mark.parametrize("coding", ["flac", "opus"])
def test_the_bytes_hold_neither_time_nor_chance(coding):
    code = (
        "import hashlib, numpy as np; from voice2face.audio.coding import encode_sound;"
        "x = (np.sin(np.arange(40000) / 9) * 9000).astype(np.int16);"
        f"print(hashlib.sha256(encode_sound(x, '{coding}')).hexdigest())"
    )
    found = {subprocess.check_output([sys.executable, "-c", code]) for _ in range(2)}
    assert len(found) == 1
    data = encode_sound(voice(1000), coding)
    assert av.__version__.encode() not in data and b"Lavf" not in data
    with av.open(io.BytesIO(data)) as file:
        assert {k.lower() for k in file.metadata} <= {"encoder"}


def test_another_length_and_another_file_are_refused():
    data = encode_sound(voice(20_000))
    with pytest.raises(AudioError, match="c1: longer than"):
        decode_sound(data, 19_000, "c1")
    with pytest.raises(AudioError, match="20000 samples instead of 21000"):
        decode_sound(data, 21_000, "c1")
    with pytest.raises(AudioError, match="c1"):
        decode_sound(b"fLaC" + bytes(100), 21_000, "c1")
