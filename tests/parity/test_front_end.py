"""The front end against the arrays of the authors' program, recording by recording."""

from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from voice2face.audio import extract, load_clip, voiced_samples
from voice2face.audio.log_mel import mel_filterbank
from voice2face.audio.settings import FRONT_ENDS
from voice2face.audio.speech_check import LEAST_CHANGE, spectral_change

RELEASED = replace(FRONT_ENDS["released"], min_speech_s=0.0)


@pytest.fixture(scope="module")
def arrays(reference: Path):
    with np.load(reference / "logmel.npz") as archive:
        return dict(archive)


@pytest.fixture(scope="module")
def names(arrays) -> list[str]:
    found = sorted(name.removesuffix(".voiced") for name in arrays if name.endswith(".voiced"))
    assert found
    return found


def test_filterbank(reference):
    with np.load(reference / "filterbank.npz") as archive:
        filters = archive["filters"]
    settings = RELEASED.log_mel
    assert filters.shape == (settings.n_fft // 2 + 1, settings.n_mels)
    np.testing.assert_allclose(mel_filterbank(settings), filters, rtol=0, atol=1e-12)


def test_voiced_samples_are_the_same(reference, arrays, names):
    for name in names:
        waveform = load_clip(reference / "speech" / f"{name}.wav")
        voiced = voiced_samples(waveform, RELEASED.voice_activity)
        np.testing.assert_array_equal(voiced, arrays[f"{name}.voiced"], err_msg=name)


def test_log_mel_and_features(reference, arrays, names):
    for name in names:
        found = extract(reference / "speech" / f"{name}.wav", RELEASED, check_speech=False)
        np.testing.assert_array_equal(found.voiced, arrays[f"{name}.voiced"], err_msg=name)
        for part, tolerance in (("logmel", 1e-4), ("features", 1e-3)):
            ours = found.log_mel if part == "logmel" else found.features
            theirs = arrays[f"{name}.{part}"]
            assert ours.dtype == theirs.dtype
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance, err_msg=name)


def test_real_speech_is_not_taken_for_noise(reference, names):
    for name in names:
        features = extract(reference / "speech" / f"{name}.wav", RELEASED, check_speech=False)
        if features.speech_s >= 1:
            assert spectral_change(features.log_mel) > 1.3 * LEAST_CHANGE, name
