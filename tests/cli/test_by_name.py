"""Commands that take a model take it by its name on the hub too."""

import json
import os
import shutil
import sys

import pytest
from hub_server import TOKEN, Hub

import voice2face as library
from voice2face.release.model_folder import BUNDLED
from voice2face.release.provenance import png_bytes, provenance_of

pytest.importorskip("huggingface_hub", reason="needs the extra 'hub'")


@pytest.fixture
def hub(tmp_path):
    server = Hub()
    yield server
    server.close()


@pytest.fixture
def environment(hub, tmp_path):
    return os.environ | {
        "HF_ENDPOINT": hub.url,
        "HF_HOME": str(tmp_path / "hf"),
        "HF_TOKEN": TOKEN,
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }


def test_push_then_reconstruct_then_info_offline(hub, environment, process, clip, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(BUNDLED, folder)
    (folder / "thesis.tex").write_text("years of work")
    ended = process("push", folder, "me/voices", env=environment, cwd=tmp_path)
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.startswith(f"{hub.url}/me/voices (commit ")
    assert ended.out.endswith("left out, as no part of the model: thesis.tex\n")
    words = ("reconstruct", clip, "--model", "me/voices", "-o", tmp_path / "a.png")
    ended = process(*words, env=environment, cwd=tmp_path)
    assert (ended.status, ended.err) == (0, "")
    bundled = library.load()
    expected = png_bytes(bundled.reconstruct(clip).picture, provenance_of(bundled))
    assert (tmp_path / "a.png").read_bytes() == expected
    hub.asked.clear()
    offline = environment | {"HF_HUB_OFFLINE": "1"}
    ended = process("info", "me/voices", "--json", env=offline, cwd=tmp_path)
    assert (ended.status, ended.err) == (0, "")
    assert json.loads(ended.out)["config"]["name"] == "face-space"
    assert hub.asked == []


@pytest.mark.parametrize(
    "words",
    [
        ("reconstruct", "x.wav", "--model", "org/name"),
        ("info", "org/name"),
        ("evaluate", "{table}", "--model", "org/name"),
        ("train", "face", "{corpus}", "out", "--voice-encoder", "org/name"),
        ("push", str(BUNDLED), "org/name"),
    ],
)
def test_without_the_extra_it_is_named(words, voice2face, models, corpus, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    (tmp_path / "pairs.csv").write_text("identity,voice,face\na,a.wav,a.png\n")
    words = [word.format(table="pairs.csv", corpus=corpus) for word in words]
    voice2face(*words).one_error("pip install 'voice2face[hub]'")
    assert not (tmp_path / "out").exists()


def test_a_slip_in_a_path_is_not_asked_of_the_hub(voice2face, clip, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    (tmp_path / "runs").mkdir()
    voice2face("reconstruct", clip, "--model", "runs/baselnie").one_error(
        "runs/baselnie: no such folder"
    )
