"""Mel power with Slaney's filters."""

import numpy as np
import pytest

from voice2face.audio.mel_power import MelPower, mel_power, n_frames, slaney_filters
from voice2face.errors import AudioError
from voice2face.settings import decode

from .audio_samples import RATE_HZ, speech

WAVEFORM = speech(2.0)


def test_filters_have_unit_area_and_are_linear_below_1_khz():
    filters = slaney_filters(MelPower(window_s=1.0))  # bins of 1 Hz
    np.testing.assert_allclose(filters.sum(axis=0), 1, rtol=1e-3)
    centres = filters.argmax(axis=0)
    below = centres[centres < 950]
    assert np.ptp(np.diff(below)) <= 1
    above = centres[centres > 1100]
    ratios = above[1:] / above[:-1]
    np.testing.assert_allclose(ratios, ratios.mean(), rtol=5e-3)


def test_a_tone_is_in_the_band_around_it():
    tone = np.round(8000 * np.sin(2 * np.pi * 1000 * np.arange(RATE_HZ) / RATE_HZ))
    bands = mel_power(tone.astype(np.int16))[5:-5]
    strongest = np.unique(bands.argmax(axis=1))
    assert len(strongest) == 1
    assert slaney_filters()[25, strongest[0]] > 0  # bin 25 is at 1 kHz


def test_doubling_the_gain_makes_power_four_times_as_large():
    np.testing.assert_allclose(mel_power(WAVEFORM, 2.0), 4 * mel_power(WAVEFORM), rtol=1e-4)


def test_a_stretch_is_part_of_the_whole():
    whole = mel_power(WAVEFORM)
    assert len(whole) == n_frames(len(WAVEFORM)) == 201
    np.testing.assert_allclose(mel_power(WAVEFORM, frames=(40, 130)), whole[40:130], rtol=1e-5)


def test_what_lies_past_the_end_is_silence():
    padded = np.pad(WAVEFORM, (0, RATE_HZ))
    np.testing.assert_allclose(
        mel_power(WAVEFORM, frames=(150, 260)), mel_power(padded)[150:260], rtol=1e-5
    )
    assert not mel_power(WAVEFORM, frames=(210, 220)).any()


def test_refusals():
    with pytest.raises(AudioError, match="float64 samples"):
        mel_power(WAVEFORM.astype(float))
    with pytest.raises(Exception, match="the lower first"):
        decode({"low_hz": 5000, "high_hz": 4000}, MelPower, "")
