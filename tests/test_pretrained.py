import hashlib
import os
import socket
from pathlib import Path

import pytest

from voice2face.assets import pretrained
from voice2face.assets.pretrained import REGISTRY, SHIPPED, find
from voice2face.errors import ModelError


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch) -> None:
    """No folder of the user's, and no way out of this machine."""
    monkeypatch.delenv("VOICE2FACE_MODELS", raising=False)
    monkeypatch.setattr(socket, "socket", None)


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    path = tmp_path / "models"
    path.mkdir()
    monkeypatch.setenv("VOICE2FACE_MODELS", str(path))
    return path


@pytest.mark.parametrize("name", REGISTRY)
def test_each_network_is_shipped_with_its_licence_and_origin(name):
    record = REGISTRY[name]
    assert name == record.name
    assert find(name) == SHIPPED / record.file
    notice = (SHIPPED / record.file).with_suffix(".NOTICE").read_text("utf-8")
    assert record.file in notice and record.sha256 in notice and record.source in notice
    assert {"MIT": "MIT License", "Apache-2.0": "Apache License"}[record.licence] in notice


def test_the_users_folder_comes_first(folder, tmp_path):
    (tmp_path / "elsewhere").write_bytes((SHIPPED / "hair.onnx").read_bytes())
    (folder / "hair.onnx").symlink_to(tmp_path / "elsewhere")
    assert find("hair") == folder / "hair.onnx"
    assert find("selfie") == SHIPPED / "selfie.onnx"  # what is not there is the shipped one


@pytest.mark.parametrize("found", ["file", "folder", "link to nothing", "pipe"])
def test_a_wrong_file_in_the_users_folder_is_an_error(folder, found):
    path = folder / "hair.onnx"
    if found == "file":
        path.write_bytes(b"other")
    elif found == "folder":
        path.mkdir()
    elif found == "pipe":
        if not hasattr(os, "mkfifo"):
            pytest.skip("no named pipes here")
        os.mkfifo(path)
    else:
        path.symlink_to(folder / "nowhere")
    with pytest.raises(ModelError) as caught:
        find("hair")
    message = str(caught.value)
    assert message.startswith(str(path))
    assert ("no file" if found != "file" else hashlib.sha256(b"other").hexdigest()) in message
    assert REGISTRY["hair"].sha256 in message
    assert "remove it, then the one of the package is used" in message


def test_a_folder_that_is_not_there_is_an_error(monkeypatch, tmp_path):
    monkeypatch.setenv("VOICE2FACE_MODELS", str(tmp_path / "typo"))
    with pytest.raises(ModelError, match="no such folder; a folder wanted; correct VOICE2FACE_M"):
        find("hair")


def test_a_damaged_installation_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(pretrained, "SHIPPED", tmp_path)
    (tmp_path / "hair.onnx").write_bytes(b"half of it")
    for name in ("hair", "selfie"):
        with pytest.raises(ModelError, match="install voice2face again"):
            find(name)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ModelError, match="yunet, hair"):
        find("yolo")
