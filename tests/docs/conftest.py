"""Programs for the commands of pages, and the people that the pages speak of."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from voice2face.synthetic import CohortSettings, write_cohort

HERE = Path(__file__).parent
START_S = 300  # it imports torch, which takes minutes where many programs are at work
PROGRAMS = f"{sys.executable} -I -S {HERE / 'programs.py'}"
ASK = f'#!/bin/sh\nexec {PROGRAMS} ask "$DOCS_PROGRAMS" {{}} "$@"\n'
# What an installation would bring is there already; that the extras exist is looked at.
PIP = f'#!/bin/sh\nexec {sys.executable} -I {HERE / "no_pip.py"} "$@"\n'


@pytest.fixture(scope="session")
def programs(tmp_path_factory) -> Iterator[Path]:
    """Folder with ``voice2face``, ``python`` and ``pip`` for the commands of pages."""
    pytest.importorskip("torch", reason="pages train")
    folder = tmp_path_factory.mktemp("bin")
    texts = {"voice2face": ASK.format("voice2face"), "python": ASK.format("python"), "pip": PIP}
    for name, text in texts.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    socket = folder / "programs"
    words = [sys.executable, str(HERE / "programs.py"), "serve", str(socket)]
    server = subprocess.Popen(words, start_new_session=True)
    deadline = time.monotonic() + START_S
    while not socket.exists():
        assert server.poll() is None, "the server of programs has ended"
        assert time.monotonic() < deadline, f"the server of programs is not there after {START_S} s"
        time.sleep(0.1)
    yield folder
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()


@pytest.fixture(scope="session")
def met(tmp_path_factory) -> Path:
    """Folder of a cohort whose pictures are large enough for a detector of faces."""
    folder = tmp_path_factory.mktemp("met") / "people"
    settings = CohortSettings(
        n_identities=10, seed=7, clips_per_identity=2, faces_per_identity=3, clip_s=(2, 4)
    )
    write_cohort(folder, settings)
    return folder
