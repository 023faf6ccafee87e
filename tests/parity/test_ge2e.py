"""GE2E against the arrays of the program that it is from, recording by recording."""

from pathlib import Path

import numpy as np
import pytest

from voice2face.audio.long_silence import LongSilence, levelled_speech
from voice2face.audio.mel_power import mel_power
from voice2face.audio.speech import read_speech
from voice2face.voice_encoders.ge2e import Ge2e, Ge2eSettings, unit

AS_THE_ORIGINAL = LongSilence(speech_dbfs=None)


@pytest.fixture(scope="module")
def arrays(reference: Path):
    with np.load(reference / "ge2e.npz") as archive:
        return dict(archive)


@pytest.fixture(scope="module")
def recordings(reference: Path, arrays):
    names = sorted(name.removesuffix(".mel") for name in arrays if name.endswith(".mel"))
    assert names
    return {name: read_speech(reference / "speech" / f"{name}.wav") for name in names}


def test_speech_and_mel_power(arrays, recordings):
    for name, speech in recordings.items():
        samples, gain = levelled_speech(speech.samples, AS_THE_ORIGINAL)
        assert len(samples) == arrays[f"{name}.samples"], name
        np.testing.assert_allclose(
            mel_power(samples, gain), arrays[f"{name}.mel"], rtol=1e-4, err_msg=name
        )


def test_windows_and_clips(arrays, recordings):
    encoder = Ge2e(settings=Ge2eSettings(silence=AS_THE_ORIGINAL, output="unit"))
    for name, speech in recordings.items():
        windows = encoder.frames(speech)
        theirs = arrays[f"{name}.partials"]
        assert windows.shape == theirs.shape
        assert (unit(np.maximum(windows, 0)) * theirs).sum(axis=1).min() > 0.9999, name
        assert encoder.embed(speech) @ arrays[f"{name}.embedding"] > 0.9999, name
