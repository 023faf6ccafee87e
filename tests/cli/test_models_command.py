import json

import pytest
import typer

from voice2face.assets.pretrained import REGISTRY, SHIPPED
from voice2face.cli.models import models
from voice2face.errors import ModelError


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("VOICE2FACE_MODELS", str(tmp_path))
    return tmp_path


def test_each_is_listed_with_what_must_be_known(capsys):
    models([], as_json=False)
    paragraphs = capsys.readouterr().out.split("\n\n")
    for record, paragraph in zip(REGISTRY.values(), paragraphs, strict=True):
        for words in (record.what, record.licence, record.source, str(SHIPPED / record.file)):
            assert words in paragraph


def test_the_json_names_the_file(capsys):
    models(["hair"], as_json=True)
    (hair,) = json.loads(capsys.readouterr().out)
    assert hair["path"] == str(SHIPPED / "hair.onnx") and hair["licence"] == "Apache-2.0"


def test_a_file_that_is_another_fails_and_the_others_are_listed(capsys, folder):
    (folder / "selfie.onnx").write_bytes(b"other")
    with pytest.raises(typer.Exit) as caught:
        models(["hair", "selfie"], as_json=True)
    out, err = capsys.readouterr()
    assert caught.value.exit_code == 2
    assert [row["path"] is None for row in json.loads(out)] == [False, True]
    assert REGISTRY["selfie"].sha256 in err


def test_an_unknown_name_is_an_error():
    with pytest.raises(ModelError, match="yunet, hair"):
        models(["neer"], as_json=False)
