import hashlib
import json

import pytest
import typer

from voice2face.assets import pretrained
from voice2face.assets.pretrained import Pretrained
from voice2face.commands import models as command
from voice2face.errors import ModelError

HERE = b"a network"


def one(name: str, content: bytes) -> Pretrained:
    return Pretrained(
        name=name,
        file=f"{name}.onnx",
        sha256=hashlib.sha256(content).hexdigest(),
        n_bytes=len(content),
        licence="MIT",
        what=f"the network {name}",
        source=f"https://example.org/{name}",
    )


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A registry of two networks, one of them in the folder."""
    registry = {name: one(name, text) for name, text in (("near", HERE), ("far", b"elsewhere"))}
    monkeypatch.setattr(pretrained, "REGISTRY", registry)
    monkeypatch.setattr(command, "REGISTRY", registry)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("VOICE2FACE_MODELS", str(tmp_path))
    (tmp_path / "near.onnx").write_bytes(HERE)
    return tmp_path


def test_each_is_listed_with_what_must_be_known(capsys, folder):
    command.models([], fetch=False, as_json=False)
    near, far, _ = capsys.readouterr().out.split("\n\n")
    for words in ("the network near", "MIT", "https://example.org/near", str(folder / "near.onnx")):
        assert words in near
    assert "not here" in far and "far.onnx" in far


def test_the_json_names_the_file_or_null(capsys, folder):
    command.models(["far", "near"], fetch=False, as_json=True)
    far, near = json.loads(capsys.readouterr().out)
    assert near["path"] == str(folder / "near.onnx") and near["n_bytes"] == len(HERE)
    assert far["path"] is None and far["url"] is None


def test_a_file_that_is_another_fails_and_the_others_are_listed(capsys, folder):
    (folder / "far.onnx").write_bytes(b"other")
    with pytest.raises(typer.Exit) as caught:
        command.models([], fetch=False, as_json=True)
    out, err = capsys.readouterr()
    assert caught.value.exit_code == 2
    assert [row["path"] is None for row in json.loads(out)] == [False, True]
    assert hashlib.sha256(b"other").hexdigest() in err


def test_what_cannot_be_fetched_fails(capsys):
    command.models(["near"], fetch=True, as_json=False)
    with pytest.raises(typer.Exit):
        command.models(["far"], fetch=True, as_json=False)
    assert "put it into the folder named by VOICE2FACE_MODELS" in capsys.readouterr().err


def test_an_unknown_name_is_an_error():
    with pytest.raises(ModelError, match="near, far"):
        command.models(["neer"], fetch=False, as_json=False)
