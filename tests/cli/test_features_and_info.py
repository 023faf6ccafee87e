import json

import numpy as np
import pytest

from voice2face.audio import extract
from voice2face.audio.settings import FRONT_ENDS


@pytest.mark.parametrize("preset", FRONT_ENDS)
def test_features_are_those_of_the_preset(preset, voice2face, clip, tmp_path):
    out = tmp_path / "new" / "x.npz"
    ended = voice2face("features", clip, "-o", out, "--preset", preset, "--json")
    assert (ended.status, ended.err) == (0, "")
    heard = extract(clip, FRONT_ENDS[preset])
    with np.load(out, allow_pickle=False) as arrays:
        assert {name: array.dtype for name, array in arrays.items()} == {
            "voiced": np.int16,
            "log_mel": np.float32,
            "features": np.float32,
        }
        for name, array in arrays.items():
            np.testing.assert_array_equal(array, getattr(heard, name))
    answer = json.loads(ended.out)
    assert answer["preset"] == preset and answer["output"] == str(out)
    assert answer["frames"] == len(heard.log_mel)
    assert answer["speech_s"] == pytest.approx(heard.speech_s, abs=1e-3)
    assert [path.name for path in out.parent.iterdir()] == ["x.npz"]


def test_the_bundled_models_preset_is_taken_unless_another_is_asked_for(voice2face, clip, tmp_path):
    ended = voice2face("features", clip, "-o", tmp_path / "x.npz")
    assert ended.out.startswith(f"{tmp_path / 'x.npz'}: ")
    with np.load(tmp_path / "x.npz") as arrays:
        expected = extract(clip, FRONT_ENDS["clean"]).log_mel
        np.testing.assert_array_equal(arrays["log_mel"], expected)


def test_features_do_not_replace_what_somebody_else_made(voice2face, clip, tmp_path):
    out = tmp_path / "x.npz"
    np.savez(out, mine=np.arange(3))
    voice2face("features", clip, "-o", out).one_error("x.npz: a file that voice2face didn't make")
    with np.load(out) as arrays:
        assert list(arrays) == ["mine"]
    assert voice2face("features", clip, "-o", out, "--force").status == 0
    assert voice2face("features", clip, "-o", out).status == 0  # again: it is ours


def test_info_tells_every_part(voice2face, model):
    ended = voice2face("info", model)
    assert ended.status == 0
    for name in ("voice_encoder.onnx", "generator.onnx", "generator.safetensors", "name: small"):
        assert name in ended.out
    answer = json.loads(voice2face("info", model, "--json").out)
    assert answer["config"]["name"] == "small"
    assert answer["bytes"]["generator.onnx"] == (model / "generator.onnx").stat().st_size


def test_info_names_a_model_as_its_pictures_do(voice2face, model, clip, tmp_path):
    assert voice2face("reconstruct", clip, "--model", model, "-o", tmp_path).status == 0
    picture = tmp_path / "anna.png"
    told = json.loads(voice2face("info", picture, "--json").out)
    assert told["picture"] == str(picture)
    about = told["provenance"]
    assert about["model"] == "small" and about["front_end"] == "clean"
    assert about["model_sha256"] == json.loads(voice2face("info", model, "--json").out)["sha256"]
    ended = voice2face("info", picture)
    assert (ended.status, ended.err) == (0, "")
    assert "not a likeness" in ended.out and about["model_sha256"] in ended.out
    assert "anybody can remove" in ended.out
    assert about["model_sha256"] in voice2face("info", model).out


def test_info_of_what_is_neither_a_model_nor_a_picture(voice2face, clip, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    voice2face("info", "none.png").one_error("none.png: no such file")
    voice2face("info", clip).one_error("not a PNG file")
    voice2face("info", tmp_path / "none").one_error("no such folder")
    (tmp_path / "folder.png").mkdir()
    voice2face("info", "folder.png").one_error("no config.yaml in it")
