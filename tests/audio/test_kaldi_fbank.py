"""Filterbank energies as Kaldi has them."""

import numpy as np
import pytest

from voice2face.audio.kaldi_fbank import KaldiFbank, kaldi_fbank

TIME_S = np.arange(4000) / 16_000
SWEEP = np.rint(
    6000 * np.sin(2 * np.pi * (200 * TIME_S + 9000 * TIME_S**2))
    + 1000 * np.sin(2 * np.pi * 90 * TIME_S)
).astype(np.int16)
# kaldi-native-fbank 1.23 (hamming, 24 bins up to 7600 Hz, no dither): frames 0, 9, 22; bins 0, 4 …
THEIRS = [
    [17.366, 23.080, 13.938, 12.514, 11.813, 11.418],
    [17.416, 13.645, 14.749, 25.657, 15.743, 14.304],
    [17.338, 12.886, 13.461, 14.339, 16.233, 25.185],
]


def test_energies_are_kaldis():
    settings = KaldiFbank(window="hamming", n_mels=24, high_hz=7600.0, subtract_mean=False)
    bands = kaldi_fbank(SWEEP, settings)
    assert bands.shape == (23, 24)
    np.testing.assert_allclose(bands[[0, 9, 22], ::4], THEIRS, atol=6e-3)


def test_the_mean_is_taken_off_each_band():
    bands = kaldi_fbank(SWEEP)
    assert bands.shape == (23, 80)
    np.testing.assert_allclose(bands.mean(axis=0), 0, atol=1e-4)
    louder = kaldi_fbank((SWEEP * 2).astype(np.int16))
    assert np.abs(louder - bands).max() < 0.1  # the level is in the mean alone


@pytest.mark.parametrize(("n_samples", "n_frames"), [(399, 0), (400, 1), (559, 1), (560, 2)])
def test_whole_windows_alone(n_samples, n_frames):
    assert len(kaldi_fbank(SWEEP[:n_samples])) == n_frames
