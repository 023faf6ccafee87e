"""The wheel and the source archive, and the program in an environment that has only the wheel.

The environment is made without a network: of what is installed here it gets those distributions
that the wheel's metadata asks for, and nothing else.
"""

import hashlib
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from email.message import Message
from email.parser import HeaderParser
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement
from PIL import Image

import voice2face
from voice2face.assets.pretrained import REGISTRY

pytest.importorskip("build", reason="pip install 'voice2face[test]'")
pytest.importorskip("hatchling", reason="pip install 'voice2face[test]'")

ROOT = Path(__file__).parents[1]
PACKAGE = Path(voice2face.__file__).parent
HEAVY = {"torch", "cv2", "pyarrow", "ray", "matplotlib", "starlette", "huggingface_hub", "pytest"}
HELP_S = 0.3
LARGEST_WHEEL = 40e6  # bytes; the GAN is 16e6 of them, the face space 12e6, networks of others 12e6


def run(*words: object, **options) -> subprocess.CompletedProcess[str]:
    """A program as a user runs it, with nothing of this environment in the way."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PYTEST", "PIP"))}
    kept |= options.pop("env", {})
    return subprocess.run(
        [*map(str, words)], capture_output=True, text=True, timeout=300, env=kept, **options
    )


def done(*words: object, **options) -> str:
    """What a program says that ends well."""
    ended = run(*words, **options)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def archives(tmp_path_factory) -> dict[str, Path]:
    """The source archive, and the wheel that is built from it."""
    out = tmp_path_factory.mktemp("dist")
    done(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, ROOT)
    sdist, wheel = sorted(out.iterdir(), key=lambda path: path.suffix)
    assert (sdist.name, wheel.name) == (
        f"voice2face-{voice2face.__version__}.tar.gz",
        f"voice2face-{voice2face.__version__}-py3-none-any.whl",
    )
    return {"sdist": sdist, "wheel": wheel}


@pytest.fixture(scope="module")
def about(archives) -> Message:
    """The wheel's metadata."""
    with zipfile.ZipFile(archives["wheel"]) as wheel:
        name = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
        return HeaderParser().parsestr(wheel.read(name).decode())


@pytest.fixture(scope="module")
def clean(archives, about, tmp_path_factory) -> Path:
    """Folder of the programs of an environment that holds the wheel and what it asks for."""
    folder = tmp_path_factory.mktemp("clean")
    venv.create(folder, symlinks=True)
    paths = {"base": str(folder), "platbase": str(folder)}
    programs = Path(sysconfig.get_path("scripts", "venv", paths))
    packages = Path(sysconfig.get_path("purelib", "venv", paths))
    for found in asked_for(about):
        for file in found.files or ():
            top = file.parts[0]
            if top not in ("..", "__pycache__") and not (packages / top).exists():
                (packages / top).symlink_to(Path(found.locate_file(top)))
    pip = [sys.executable, "-m", "pip", "--python", programs / "python"]
    done(*pip, "install", "--no-index", "--no-deps", archives["wheel"])
    return programs


def asked_for(about: Message) -> list[metadata.Distribution]:
    """The distributions that an install without extras brings, as they are installed here."""
    found: dict[str, metadata.Distribution] = {}
    left = [(text, "") for text in about.get_all("Requires-Dist", [])]
    while left:
        text, extra = left.pop()
        wanted = Requirement(text)
        if wanted.marker and not wanted.marker.evaluate({"extra": extra}):
            continue
        distribution = metadata.distribution(wanted.name)
        assert wanted.specifier.contains(distribution.version, prereleases=True)
        if wanted.name not in found:
            found[wanted.name] = distribution
            for more in ("", *wanted.extras):
                left += [(text, more) for text in distribution.requires or ()]
    return list(found.values())


def files(folder: Path) -> set[str]:
    return {
        path.relative_to(folder.parent).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not path.match("*.pyc") and ".pytest_cache" not in path.parts
    }


def test_the_wheel_is_the_package_and_its_licence(archives, about):
    with zipfile.ZipFile(archives["wheel"]) as wheel:
        names = set(wheel.namelist())
        info = f"voice2face-{voice2face.__version__}.dist-info/"
        assert {name for name in names if not name.startswith(info)} == files(PACKAGE)
        assert wheel.read(f"{info}licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
    assert {"voice2face/py.typed", "voice2face/assets/models/face-space/face_space.npz"} <= names
    assert about["License-Expression"] == "Apache-2.0 AND MIT AND CC-BY-4.0"
    assert archives["wheel"].stat().st_size < LARGEST_WHEEL


def test_each_network_of_others_is_shipped_with_its_notice(archives):
    with zipfile.ZipFile(archives["wheel"]) as wheel:
        for record in REGISTRY.values():
            shipped = wheel.read(f"voice2face/assets/networks/{record.file}")
            assert hashlib.sha256(shipped).hexdigest() == record.sha256
        networks = [
            n for n in wheel.namelist() if re.match(r"voice2face/assets/networks/.*\.onnx", n)
        ]
        for name in networks:
            notice = wheel.read(name.removesuffix(".onnx") + ".NOTICE").decode()
            assert "Apache License, Version 2.0" in notice or "MIT License" in notice
            assert hashlib.sha256(wheel.read(name)).hexdigest() in notice
            assert any(
                n.endswith("licenses/src/" + name.replace(".onnx", ".NOTICE"))
                for n in wheel.namelist()
            )
        assert len(networks) >= 5


def test_the_source_archive_builds_and_can_be_tested(archives):
    top = f"voice2face-{voice2face.__version__}/"
    with tarfile.open(archives["sdist"]) as sdist:
        names = {name.removeprefix(top) for name in sdist.getnames()}
    for folder in ("tests", "docs", "benchmarks"):
        assert files(ROOT / folder) <= names
    assert {"LICENSE", "README.md", "CHANGELOG.md", "CITATION.cff", "Makefile"} <= names
    assert {"CONTRIBUTING.md", "SECURITY.md", "mkdocs.yml", "constraints/tested.txt"} <= names


def test_a_face_is_made_where_only_the_wheel_is(clean, tmp_path):
    python = clean / "python"
    there = done(python, "-c", "import voice2face; print(voice2face.__file__)", cwd=tmp_path)
    assert Path(there.strip()).is_relative_to(clean.parent)
    people = ("--identities", 1, "--clips", 1, "--faces", 0, "--seed", 3)
    done(clean / "voice2face", "cohort", "people", *people, cwd=tmp_path)
    (clip,) = tmp_path.glob("people/voices/**/*.wav")
    done(python, "-m", "voice2face", "reconstruct", clip, "-o", "me.png", cwd=tmp_path)
    done(clean / "voice2face", "reconstruct", clip, "-o", "again.png", cwd=tmp_path)
    assert (tmp_path / "me.png").read_bytes() == (tmp_path / "again.png").read_bytes()
    with Image.open(tmp_path / "me.png") as made:
        here = voice2face.load().reconstruct(clip).picture
        np.testing.assert_array_equal(np.asarray(made), np.asarray(here))


def test_nothing_more_comes_with_the_wheel_and_what_lacks_is_named(clean, tmp_path):
    lacking = f"import importlib.util as u; print(*filter(u.find_spec, {sorted(HEAVY)}))"
    assert done(clean / "python", "-c", lacking).split() == []
    for words, extra in ((["prepare", "in.csv", "out"], "data"), (["train", "face"], "train")):
        words = words if extra == "data" else [*words, "corpus", "out"]
        ended = run(clean / "voice2face", *words, cwd=tmp_path)
        assert ended.returncode == 2
        assert f"pip install 'voice2face[{extra}]'" in ended.stderr


def test_help_is_there_at_once(clean):
    """By the processor's clock, which other work on the machine does not stretch as the wall's."""

    def seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert "Usage: voice2face" in done(clean / "voice2face", "--help")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    seconds()  # writes what Python compiles
    assert statistics.median(seconds() for _ in range(7)) < HELP_S


COMPLETE = {
    "bash": """
        eval "$SCRIPT"
        completions() {
            COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
            _voice2face_completion voice2face
            echo "${COMPREPLY[*]}"
        }
    """,
    "zsh": """
        compdef() { }
        _arguments() { print -r -- "$@" }
        _describe() { print -r -- ${(P)1} }
        eval "$SCRIPT"
        completions() {
            words=("$@") CURRENT=$#
            _voice2face_completion
        }
    """,
    "fish": """
        echo "$SCRIPT" | source
        function completions
            echo (complete -C "$argv")
        end
    """,
}

OFFERED = {  # what begins so, and what does not
    "rec": ("reconstruct", "prepare"),
    "train f": ("face", "voice "),
    "reconstruct --she": ("--sheet", "--model"),
}


@pytest.mark.parametrize("shell", COMPLETE)
def test_the_shell_completes(shell, clean, tmp_path):
    """Commands, commands of commands, options."""
    if not shutil.which(shell):
        pytest.skip(f"no {shell} on this machine")
    env = {"PATH": f"{clean}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path)}
    # The shell is told from the processes above: a second command keeps it from being replaced.
    script = done(shell, "-c", "voice2face --show-completion; true", env=env)
    program = "\n".join(
        (COMPLETE[shell], *(f"completions voice2face {words}" for words in OFFERED))
    )
    said = done(shell, "-c", program, env=env | {"SCRIPT": script}).splitlines()
    for line, (offered, other) in zip(said, OFFERED.values(), strict=True):
        assert offered in line
        assert other not in line
