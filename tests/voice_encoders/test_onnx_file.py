"""A speaker encoder of somebody else's, by its file and a few lines of YAML."""

from pathlib import Path

import numpy as np
import pytest
from audio.audio_samples import RATE_HZ, speech

from voice2face.audio.speech import Speech
from voice2face.errors import AudioError, ModelError, SettingsError
from voice2face.voice_encoders.onnx_file import OnnxFile

onnx = pytest.importorskip("onnx")

WAVEFORM = speech(8.0)
FBANK = """
front_end: {kind: kaldi_fbank, n_mels: 20, window: hamming}
layout: frames_bands
input: feats
output: embs
window_s: 2.0
hop_s: 1.0
"""


def network(path: Path, shape: list, axes: list[int], about: str) -> Path:
    """A file of a network that averages its input over some axes, and a second number of it."""
    helper = onnx.helper
    nodes = [
        helper.make_node("ReduceMean", ["feats"], ["mean"], axes=axes, keepdims=0),
        helper.make_node("ReduceL2", ["feats"], ["size"], axes=axes, keepdims=0),
        helper.make_node("Concat", ["mean", "size"], ["embs"], axis=-1),
    ]
    given = helper.make_tensor_value_info("feats", onnx.TensorProto.FLOAT, shape)
    made = helper.make_tensor_value_info("embs", onnx.TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "speaker", [given], [made])
    opset = [helper.make_opsetid("", 13)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)
    path.with_suffix(".yaml").write_text(about)
    return path


def test_windows_and_their_pooling(tmp_path):
    path = network(tmp_path / "ecapa.onnx", ["b", "frames", 20], [1], FBANK)
    encoder = OnnxFile(path)
    windows = encoder.frames(Speech(WAVEFORM))
    assert encoder.dim == encoder.frame_dim == 40
    assert encoder.frames_per_s == 1
    assert windows.shape == (7, 40)
    np.testing.assert_allclose(windows[:, :20], 0, atol=1e-4)  # each window's mean is taken off
    embedding = encoder.embed(Speech(WAVEFORM))
    assert np.linalg.norm(embedding) == pytest.approx(1)
    unit = windows / np.linalg.norm(windows, axis=1, keepdims=True)
    mean = unit.mean(axis=0)
    np.testing.assert_allclose(embedding, mean / np.linalg.norm(mean), atol=1e-6)
    path.with_suffix(".yaml").write_text(FBANK + "pooling: mean\n")
    np.testing.assert_allclose(
        OnnxFile(path).embed(Speech(WAVEFORM)), windows.mean(axis=0), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize(
    ("about", "shape", "axes", "dim"),
    [
        ("{kind: waveform}\nlayout: samples", ["b", "n"], [1], 2),
        ("{kind: waveform, sample_rate: 8000}\nlayout: samples", [1, 16_000], [1], 2),
        ("{kind: mel_power}\nlayout: bands_frames", [1, 40, "frames"], [2], 80),
        ("{kind: log_mel}\nlayout: bands_frames", [1, 64, 150], [2], 128),
        ("{kind: kaldi_fbank, sample_rate: 8000}", [1, 100, 80], [1], 160),
    ],
)
def test_front_ends_and_layouts(tmp_path, about, shape, axes, dim):
    rest = FBANK.split("\n", 3)[3]
    path = network(tmp_path / "any.onnx", shape, axes, f"front_end: {about}\n{rest}")
    encoder = OnnxFile(path)
    assert encoder.embed(Speech(WAVEFORM)).shape == (dim,)
    assert encoder.embed(Speech(WAVEFORM[: 3 * RATE_HZ // 2])).shape == (dim,)


def test_the_level_makes_no_difference(tmp_path):
    path = network(
        tmp_path / "wave.onnx", ["b", "n"], [1],
        "front_end: {kind: waveform}\nlayout: samples\ninput: feats\noutput: embs\npooling: mean\n",
    )  # fmt: skip
    loud, quiet = (
        OnnxFile(path).embed(Speech((WAVEFORM * scale).astype(np.int16))) for scale in (1, 0.1)
    )
    np.testing.assert_allclose(quiet, loud, rtol=0.02, atol=1e-3)


@pytest.mark.parametrize(
    ("about", "error", "message"),
    [
        (None, ModelError, "ecapa.yaml: no such file"),
        (FBANK + "pool: mean\n", SettingsError, "pool"),
        (FBANK.replace("kaldi_fbank", "mfcc"), SettingsError, "mfcc"),
        (FBANK.replace("frames_bands", "samples"), SettingsError, "layout of samples"),
        (FBANK.replace("n_mels: 20", "n_mels: 80"), ModelError, r"\(1, any, 80\)"),
        (FBANK.replace("feats", "mel"), ModelError, "input 'mel'"),
        (FBANK.replace("embs", "vector"), ModelError, "output 'vector'"),
    ],
)
def test_what_does_not_fit_is_said(tmp_path, about, error, message):
    path = network(tmp_path / "ecapa.onnx", ["b", "frames", 20], [1], about or "")
    if about is None:
        path.with_suffix(".yaml").unlink()
    with pytest.raises(error, match=message):
        OnnxFile(path)


def test_too_little_speech(tmp_path):
    encoder = OnnxFile(network(tmp_path / "ecapa.onnx", ["b", "frames", 20], [1], FBANK))
    with pytest.raises(AudioError, match="silence: no sound came in"):
        encoder.embed(Speech(np.zeros(RATE_HZ, np.int16)))
