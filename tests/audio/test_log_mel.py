"""Properties of the spectrogram, and a second, plain reading of docs/method.md."""

import importlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from voice2face.audio import log_mel, normalise, tile
from voice2face.audio.log_mel import mel_filterbank
from voice2face.audio.settings import FRONT_ENDS, LogMel
from voice2face.errors import AudioError, SettingsError

from .audio_samples import RATE_HZ, noise, speech

PRESETS = {name: front_end.log_mel for name, front_end in FRONT_ENDS.items()}
RELEASED, CLEAN = PRESETS["released"], PRESETS["clean"]
HOP, WINDOW = 160, 400
WAVEFORM = speech(1.5)[: 150 * HOP + 77]


def plainly(waveform: np.ndarray, preset: str) -> np.ndarray:
    """One window after the other."""
    samples = [float(sample) for sample in waveform]
    released = preset == "released"
    if not released:
        samples = [x - 0.97 * before for x, before in zip(samples, [0.0, *samples], strict=False)]
    n_windows = int(len(samples) / HOP + 1) if released else (len(samples) - WINDOW) // HOP + 1
    before, rows = 0.0, []
    for number in range(n_windows):
        window = samples[number * HOP : number * HOP + WINDOW]
        if len(window) < WINDOW:
            window = [window[i % len(window)] if window else 0.0 for i in range(WINDOW)]
        if released:
            last = window[-1]
            window = [x - 0.97 * y for x, y in zip(window, [before, *window], strict=False)]
            before = last
        power = np.abs(np.fft.fft(np.array(window) * np.hamming(WINDOW), 1024)[:513]) ** 2
        rows.append(np.log(np.maximum(power @ mel_filterbank(LogMel()), 1e-5)))
    return np.array(rows)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("n_samples", [400, 401, 559, 560, 561, 960, 48 * HOP + 240, len(WAVEFORM)])
def test_like_the_description(preset, n_samples):
    waveform = WAVEFORM[-n_samples:]
    bands = log_mel(waveform, PRESETS[preset])
    expected = plainly(waveform, preset)
    assert bands.dtype == np.float32
    assert bands.shape == expected.shape
    np.testing.assert_allclose(bands, expected, atol=1e-5)


@pytest.mark.parametrize("n_samples", [1, 159, 160, 399])
def test_less_than_a_window_only_where_ragged_ones_are_kept(n_samples):
    waveform = WAVEFORM[1000:][:n_samples]
    np.testing.assert_allclose(
        log_mel(waveform, RELEASED), plainly(waveform, "released"), atol=1e-5
    )
    with pytest.raises(AudioError, match=r"one window \(400\) wanted"):
        log_mel(waveform, CLEAN)


@pytest.mark.parametrize("preset", PRESETS)
def test_doubling_a_waveform_adds_two_ln_2(preset):
    waveform = noise("white", 1, 1000).astype(np.int32)
    louder = log_mel(2 * waveform, PRESETS[preset]) - log_mel(waveform, PRESETS[preset])
    windows = slice(None, -1) if preset == "released" else slice(None)  # its last has no samples
    np.testing.assert_allclose(louder[windows], 2 * np.log(2), atol=2e-6)


@pytest.mark.parametrize("preset", PRESETS)
def test_silence_is_the_floor(preset):
    bands = log_mel(np.zeros(4000, np.int16), PRESETS[preset])
    np.testing.assert_array_equal(bands, np.float32(np.log(1e-5)))


@pytest.mark.parametrize("preset", PRESETS)
@settings(max_examples=20, deadline=None)
@given(n_hops=st.integers(1, 100))
def test_leaving_out_hops_shifts_the_frames(preset, n_hops):
    shifted = log_mel(WAVEFORM[n_hops * HOP :], PRESETS[preset])
    whole = log_mel(WAVEFORM, PRESETS[preset])[n_hops:]
    # All but the first, which does not know the sample before it.
    np.testing.assert_allclose(shifted[1:], whole[1:], atol=1e-6)


@pytest.mark.parametrize("preset", PRESETS)
def test_nothing_depends_on_how_many_windows_are_worked_on_at_once(preset, monkeypatch):
    module = importlib.import_module("voice2face.audio.log_mel")
    at_once = []
    for n_windows in (1, 2, 7, 10_000):
        monkeypatch.setattr(module, "CHUNK_FRAMES", n_windows)
        at_once.append(log_mel(WAVEFORM, PRESETS[preset]))
    for bands in at_once[1:]:
        np.testing.assert_allclose(bands, at_once[0], atol=1e-6)


def test_presets_differ_as_stated():
    in_window = replace(CLEAN, pre_emphasis_in_window=True)
    clean, windowed, released = (log_mel(WAVEFORM, s) for s in (CLEAN, in_window, RELEASED))
    assert len(clean) == (len(WAVEFORM) - WINDOW) // HOP + 1
    assert len(released) == len(WAVEFORM) // HOP + 1
    np.testing.assert_array_equal(released[: len(clean)], windowed)
    # Filtering window by window changes the first of 400 samples, where the taper is low.
    assert 0.01 < np.abs(windowed - clean).mean() < 0.3


def test_a_tone_is_loudest_in_its_band():
    filters = mel_filterbank(CLEAN)
    for band in (5, 20, 40, 60):
        hz = filters[:, band].argmax() * RATE_HZ / 1024
        tone = 8000 * np.sin(2 * np.pi * hz * np.arange(RATE_HZ) / RATE_HZ)
        assert (log_mel(tone.astype(np.int16), CLEAN).argmax(axis=1) == band).all()


def test_filters_have_unit_area_within_their_range():
    filters = mel_filterbank(CLEAN)
    assert filters.shape == (513, 64)
    np.testing.assert_allclose(filters.sum(axis=0) * RATE_HZ / 1024, 1)
    hz = np.arange(513) * RATE_HZ / 1024
    assert not filters[(hz < 20) | (hz > 7200)].any()
    assert (np.diff(filters.argmax(axis=0)) > 0).all()
    with pytest.raises(ValueError, match="read-only"):
        filters[0, 0] = 1


def test_filters_reach_from_centre_to_centre_of_their_neighbours():
    mel = np.linspace(2595 * np.log10(1 + 20 / 700), 2595 * np.log10(1 + 7200 / 700), 66)
    edges = [round(hz * 1024 / RATE_HZ) for hz in 700 * (10 ** (mel / 2595) - 1)]
    for band, column in enumerate(mel_filterbank(CLEAN).T):
        assert column.argmax() == edges[band + 1]
        reached = np.flatnonzero(column)
        assert (reached[0], reached[-1]) == (edges[band] + 1, edges[band + 2] - 1)


@pytest.mark.parametrize(
    ("waveform", "found"),
    [
        (np.zeros(0, np.int16), "shape"),
        (np.zeros((500, 2), np.int16), "shape"),
        (np.full(500, np.nan), "NaN"),
        (np.full(500, np.inf, np.float32), "infinite"),
    ],
)
def test_waveforms_that_are_none(waveform, found):
    with pytest.raises(AudioError, match=found):
        log_mel(waveform, RELEASED)


def test_settings_that_cannot_be():
    with pytest.raises(SettingsError, match="400 filters"):
        mel_filterbank(LogMel(n_mels=400))


def test_normalised_bands_have_mean_0_and_deviation_1():
    bands = np.random.default_rng(0).normal(5, 3, (5000, 64)).astype(np.float32)
    bands[:, 7] = 11.5  # a band that never changes
    normalised = normalise(bands)
    assert normalised.dtype == np.float32
    assert not normalised[:, 7].any()
    others = np.delete(normalised, 7, axis=1)
    np.testing.assert_allclose(others.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(others.std(axis=0), 1, atol=1e-5)


def test_the_deviation_is_that_of_the_population():
    np.testing.assert_allclose(normalise(np.float32([[1], [3]])), [[-1], [1]], rtol=1e-6)


def test_loudness_and_microphone_do_not_matter_after_normalisation():
    bands = log_mel(WAVEFORM, CLEAN)
    coloured = bands + np.linspace(-3, 3, 64, dtype=np.float32)
    np.testing.assert_allclose(normalise(coloured), normalise(bands), atol=1e-5)


@given(st.integers(1, 40), st.integers(0, 100))
def test_short_sequences_repeat_and_long_ones_stay(n_frames, min_frames):
    features = np.arange(n_frames, dtype=np.float32)[:, None] * np.ones(64, np.float32)
    tiled = tile(features, min_frames)
    assert tiled.shape == (max(n_frames, min_frames), 64)
    np.testing.assert_array_equal(tiled[:, 0], np.arange(len(tiled)) % n_frames)
