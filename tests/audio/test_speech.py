"""A recording, whole, as every voice encoder takes it."""

import io

import numpy as np
import pytest

from voice2face.audio.speech import Speech, read_speech
from voice2face.errors import AudioError

from .audio_samples import RATE_HZ, speech, write_wav

WAVEFORM = speech(1.5)


def test_a_file_and_its_samples_are_the_same_speech(tmp_path):
    path = tmp_path / "clip.wav"
    path.write_bytes(write_wav(WAVEFORM))
    by_path, by_array = read_speech(path), read_speech(WAVEFORM, RATE_HZ)
    np.testing.assert_array_equal(by_path.samples, WAVEFORM)
    np.testing.assert_array_equal(by_array.samples, WAVEFORM)
    assert (by_path.name, by_array.name) == (str(path), "waveform")
    assert by_path.sample_rate == RATE_HZ
    assert by_path.seconds == pytest.approx(1.5)


def test_a_recording_that_is_too_long_is_refused():
    with pytest.raises(AudioError, match="longer than 1 s"):
        read_speech(io.BytesIO(write_wav(WAVEFORM)), max_s=1)


def test_length_follows_from_the_rate():
    assert Speech(WAVEFORM, sample_rate=8_000).seconds == pytest.approx(3)
