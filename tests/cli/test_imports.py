"""What making a face needs is installed by `pip install voice2face`; the rest is asked for."""

import sys

import pytest

EXTRAS = {"torch", "pyarrow", "onnx", "safetensors", "tqdm", "tensorboard", "huggingface_hub"}
FORBID = f"""
import sys
for name in {EXTRAS!r}:
    sys.modules[name] = None
"""
SLOW = {"numpy.random", "numpy.ma", "urllib.request"}  # 10 to 20 ms each
REPORT = """
import atexit, sys
atexit.register(lambda: print("loaded:", *(EXTRAS & set(sys.modules)), file=sys.stderr))
""".replace("EXTRAS", repr(EXTRAS | SLOW))


@pytest.mark.parametrize("words", [("reconstruct",), ("features",), ("info",), ("--help",)])
def test_making_a_face_loads_no_extra(words, process, model, clip, tmp_path):
    arguments = {
        "reconstruct": [clip, "--model", model, "-o", tmp_path / "out"],
        "features": [clip, "-o", tmp_path / "x.npz"],
        "info": [model],
    }
    command = [*words, *arguments.get(words[0], [])]
    for prelude, err in ((REPORT, "loaded:\n"), (FORBID, "")):
        ended = process(*command, prelude=prelude)
        assert (ended.status, ended.err) == (0, err)


def test_importing_loads_no_extra_and_help_loads_no_numpy(process):
    prelude = "import voice2face, voice2face.cli\nassert 'numpy' not in __import__('sys').modules"
    assert process("--help", prelude=prelude).status == 0
    prelude = f"import voice2face.release.inference\n{FORBID}\nvoice2face.load"
    assert process("--version", prelude=prelude).status == 0


@pytest.mark.parametrize(
    ("words", "lacking", "extra"),
    [
        (["train", "face", "corpus", "out"], "torch", "train"),
        (["train", "voice", "corpus", "out"], "torch", "train"),
        (["import-released", "in", "out"], "torch", "train"),
        (["prepare", "people.csv", "out"], "pyarrow", "data"),
        (["train", "voice", "{corpus}", "out", "--iterations", "1"], "tqdm", "train"),
        (["train", "voice", "{corpus}", "out", "--iterations", "1"], "onnx", "train"),
        (["train", "voice", "{corpus}", "out", "--iterations", "1"], "safetensors", "train"),
    ],
)
def test_a_missing_extra_is_named(words, lacking, extra, voice2face, corpus, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, lacking, None)
    words = [word.format(corpus=corpus) for word in words]
    voice2face(*words).one_error(f"pip install 'voice2face[{extra}]'")
    assert list(tmp_path.iterdir()) == []
