"""The speech of a recording without its long silences, and its level."""

import numpy as np
import pytest

from voice2face.audio.long_silence import LongSilence, level_dbfs, levelled_speech
from voice2face.audio.windows import window_starts

from .audio_samples import RATE_HZ, speech

WAVEFORM = speech(4.0)
SILENCE = np.random.default_rng(0).normal(0, 3, 3 * RATE_HZ).round().astype(np.int16)


def at_level(samples: np.ndarray, dbfs: float) -> np.ndarray:
    loud = samples * 10 ** ((dbfs - level_dbfs(samples)) / 20)
    return np.clip(np.rint(loud), -32768, 32767).astype(np.int16)


def test_level_of_a_full_scale_square_wave():
    assert level_dbfs(np.full(100, -32768, np.int16)) == pytest.approx(0)
    assert level_dbfs(np.full(100, 3277, np.int16)) == pytest.approx(-20, abs=0.01)
    assert level_dbfs(np.zeros(100, np.int16)) == -np.inf


def test_long_silences_are_cut_and_short_ones_stay():
    long_pause = np.concatenate([WAVEFORM, SILENCE, WAVEFORM])
    short_pause = np.concatenate([WAVEFORM, SILENCE[: RATE_HZ // 10], WAVEFORM])
    assert len(levelled_speech(long_pause)[0]) < len(long_pause) - 2.3 * RATE_HZ
    assert len(levelled_speech(short_pause)[0]) > len(short_pause) - 0.3 * RATE_HZ
    assert len(levelled_speech(SILENCE)[0]) == 0


def test_the_network_hears_all_speech_at_one_level():
    lengths = []
    for dbfs in (-46, -36, -30, -24):
        samples, gain = levelled_speech(at_level(WAVEFORM, dbfs))
        assert level_dbfs(samples) + 20 * np.log10(gain) == pytest.approx(-22, abs=0.01)
        lengths.append(len(samples))
    assert np.ptp(lengths) <= 960


def test_the_original_raises_and_never_lowers():
    as_it_was = LongSilence(speech_dbfs=None)
    _, raised = levelled_speech(at_level(WAVEFORM, -40), as_it_was)
    assert 20 * np.log10(raised) == pytest.approx(10, abs=0.01)
    assert levelled_speech(at_level(WAVEFORM, -24), as_it_was)[1] == 1


def test_digital_silence_and_nothing():
    for samples in (np.zeros(RATE_HZ, np.int16), np.zeros(0, np.int16)):
        speech_of, gain = levelled_speech(samples)
        assert len(speech_of) == 0
        assert gain == 1


@pytest.mark.parametrize(
    ("length", "starts"),
    [
        (30, [0]),  # shorter than a window: one all the same
        (160, [0]),
        (236, [0, 77]),  # the second is full but for one frame
        (190, [0]),  # the second would be less than three quarters full
        (400, [0, 77, 154, 231]),
    ],
)
def test_windows(length, starts):
    assert window_starts(length, 160, 77, 0.75) == starts
