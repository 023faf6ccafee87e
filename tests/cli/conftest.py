import contextlib
import io
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from voice2face.__main__ import main


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str

    def one_error(self, *named: str) -> str:
        """The one line on standard error; it names all of these."""
        assert self.status == 2, self
        assert self.err.startswith("error: "), self.err
        assert self.err.endswith("\n") and len(self.err.splitlines()) == 1, self.err
        assert "Traceback" not in self.err
        for name in named:
            assert name in self.err
        return self.err


Command = Callable[..., Ended]


@pytest.fixture
def voice2face(monkeypatch) -> Command:
    """Run a command line in this process, its error boundary included."""

    def run(*words: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["voice2face", *map(str, words)])
        out, err = io.StringIO(), io.StringIO()
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            pytest.raises(SystemExit) as ended,
        ):
            main()
        return Ended(ended.value.code, out.getvalue(), err.getvalue())

    return run


@pytest.fixture
def process() -> Command:
    """Run a command line in a process of its own."""

    def run(*words: object, prelude: str = "", **options) -> Ended:
        program = f"{prelude}\nfrom voice2face.__main__ import main\nmain()"
        done = subprocess.run(
            [sys.executable, "-c", program, *map(str, words)],
            capture_output="stdout" not in options,
            stderr=subprocess.PIPE if "stdout" in options else None,
            text=True,
            timeout=60,
            check=False,
            **options,
        )
        return Ended(done.returncode, done.stdout or "", done.stderr)

    return run


@pytest.fixture(scope="session")
def model(tmp_path_factory) -> Path:
    pytest.importorskip("torch", reason="a small model is made by it")
    from models import small_model

    return small_model(tmp_path_factory.mktemp("models") / "small")


@pytest.fixture(scope="session")
def clips(people) -> list[Path]:
    """Recordings of made-up people."""
    return sorted((people / "voices").rglob("*.wav"))


@pytest.fixture
def clip(clips, tmp_path) -> Path:
    """One recording, in a folder of its own."""
    path = tmp_path / "in" / "anna.wav"
    path.parent.mkdir()
    shutil.copy(clips[0], path)
    return path


def names(folder: Path) -> set[str]:
    """All that lies in a folder, hidden files included."""
    return {path.name for path in folder.iterdir()}
