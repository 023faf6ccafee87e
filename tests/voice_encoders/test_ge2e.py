"""The shipped voice encoder."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from audio.audio_samples import RATE_HZ, speech

from voice2face.audio.long_silence import LongSilence, level_dbfs
from voice2face.audio.speech import Speech, read_speech
from voice2face.errors import AudioError, ModelError, SettingsError
from voice2face.settings import read_yaml, to_yaml
from voice2face.voice_encoders.ge2e import SHIPPED, Ge2e, Ge2eSettings
from voice2face.voice_encoders.protocol import FrameEncoder

WAVEFORM = speech(6.0)


@pytest.fixture(scope="module")
def encoder() -> Ge2e:
    return Ge2e()


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_an_embedding_and_its_windows(encoder):
    windows = encoder.frames(Speech(WAVEFORM))
    assert windows.shape == (7, encoder.frame_dim)
    assert encoder.frames_per_s == pytest.approx(1 / 0.77)
    embedding = encoder.embed(Speech(WAVEFORM))
    assert embedding.shape == (encoder.dim,)
    assert embedding.dtype == np.float32
    np.testing.assert_allclose(embedding, windows.mean(axis=0), rtol=1e-5)
    np.testing.assert_array_equal(embedding, encoder.embed(Speech(WAVEFORM)))


def test_the_checksum_of_the_file_is_computed_once(monkeypatch):
    """A model asks for each recording whether its encoder is a ``FrameEncoder``."""
    heard = Ge2e()
    named = heard.frames_hash
    monkeypatch.setattr("voice2face.voice_encoders.windows.sha256_of", None)
    assert isinstance(heard, FrameEncoder)
    assert heard.frames_hash == named


def test_the_embedding_to_compare_by_is_of_unit_length(encoder):
    to_compare = Ge2e(settings=Ge2eSettings(output="unit"))
    embedding = to_compare.embed(Speech(WAVEFORM))
    assert np.linalg.norm(embedding) == pytest.approx(1)
    assert (embedding >= 0).all()
    np.testing.assert_array_equal(to_compare.pooled(encoder.frames(Speech(WAVEFORM))), embedding)


@pytest.mark.parametrize("dbfs", [-46, -36, 6, 18])
def test_the_same_voice_at_another_level_stays_the_same(encoder, dbfs):
    floats = WAVEFORM / 32768
    if dbfs < 0:
        loud = floats * 10 ** ((dbfs - level_dbfs(WAVEFORM)) / 20)
    else:  # of the peak: floats above full scale
        loud = floats / np.abs(floats).max() * 10 ** (dbfs / 20)
    other = encoder.embed(read_speech(loud.astype(np.float32), RATE_HZ))
    assert cosine(encoder.embed(Speech(WAVEFORM)), other) > 0.98


def test_batches_make_no_difference_and_memory_stays_bounded(encoder):
    long = np.tile(WAVEFORM, 10)
    encoder.frames(Speech(WAVEFORM))
    tracemalloc.start()
    windows = encoder.frames(Speech(long))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(windows) > 64
    assert peak < 10e6  # the speech without silence, 1.9 MB, and a batch of windows
    np.testing.assert_allclose(windows[:5], encoder.frames(Speech(WAVEFORM))[:5], atol=0.02)


def test_settings_are_read_back_to_the_same_value(tmp_path):
    settings = Ge2eSettings(output="unit", silence=LongSilence(speech_dbfs=None))
    (tmp_path / "ge2e.yaml").write_text(to_yaml(settings))
    assert read_yaml(tmp_path / "ge2e.yaml", Ge2eSettings) == settings
    (tmp_path / "ge2e.yaml").write_text("silence: {frame_s: 0.025}")
    with pytest.raises(SettingsError, match=r"0\.01, 0\.02 or 0\.03"):
        read_yaml(tmp_path / "ge2e.yaml", Ge2eSettings)


def test_too_little_speech(encoder):
    with pytest.raises(AudioError, match=r"hum\.wav: .* 0\.9 s of speech wanted"):
        encoder.embed(Speech(np.zeros(3 * RATE_HZ, np.int16), name="hum.wav"))


def test_a_missing_file_and_another_network(tmp_path):
    with pytest.raises(ModelError, match="no such file"):
        Ge2e(tmp_path / "ge2e.onnx")
    onnx = pytest.importorskip("onnx")
    network = onnx.load(SHIPPED)
    network.graph.input[0].name = "features"
    (first,) = [node for node in network.graph.node if "mel" in node.input]
    first.input[0] = "features"
    path = tmp_path / "other.onnx"
    onnx.save(network, path)
    with pytest.raises(ModelError, match=r"features → .*input 'mel', float, \(any, 160, 40\)"):
        Ge2e(path)
    path.write_bytes(SHIPPED.read_bytes()[:1000])
    with pytest.raises(ModelError, match="an ONNX network wanted"):
        Ge2e(path)


def test_its_licence_lies_beside_it():
    notice = Path(SHIPPED).with_suffix(".NOTICE").read_text()
    assert "Apache License, Version 2.0" in notice
