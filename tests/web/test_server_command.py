"""``voice2face serve``: how it starts, says what is wrong, and ends."""

import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import pytest

from voice2face.cli.serve import is_loopback, read_password, serve
from voice2face.errors import MissingExtraError, ModelError, SettingsError
from voice2face.web.models import Models
from voice2face.web.security import checked_root
from voice2face.web.server import open_socket

from .made_up import example_wav
from .served import HOST, served

OPTIONS = {
    "host": HOST, "port": 0, "password_file": None, "root_path": "", "max_mb": 32.0,
    "max_seconds": 300.0, "workers": None, "queue": 200, "wait": 60.0,
}  # fmt: skip


def test_it_starts_says_where_it_is_and_ends_when_told():
    command = [sys.executable, "-m", "voice2face", "serve", "--port", "0", "--root-path", "x"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        url = re.match(r"(http://127\.0\.0\.1:\d+/x/) ", process.stdout.readline())[1]
        with urllib.request.urlopen(f"{url}healthz", timeout=30) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out, err) == (0, "", "")


@pytest.fixture(scope="module")
def models():
    return Models()


def test_at_the_end_what_was_begun_is_done_and_nothing_more_is_taken(models):
    voice = example_wav("man")
    with served(models, threads=1) as site:
        statuses = []
        people = [
            threading.Thread(target=lambda: statuses.append(site.face(voice).status))
            for _ in range(4)
        ]
        for person in people:
            person.start()
        while site.site.desk.n_busy < 4:
            time.sleep(0.001)
        site.server.close()
        assert site.ask("/healthz").status == 503
        refused = site.face(voice)
        assert (refused.status, refused.headers["retry-after"]) == (503, "5")
        assert "switched off" in refused.data["error"]
        for person in people:
            person.join()
        assert statuses == [200] * 4


def test_somebody_who_sends_slowly_does_not_hold_up_the_end(models):
    with served(models) as site, socket.create_connection((HOST, site.port)) as slow:
        slow.sendall(
            b"POST /api/faces HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999\r\n\r\nabc"
        )
        while not site.server.server_state.tasks:
            time.sleep(0.01)
        began = time.monotonic()
        site.server.close()
        slow.settimeout(30)
        answer = slow.recv(1 << 16)
        assert answer == b"" or b" 503 " in answer.split(b"\r\n")[0]
        assert time.monotonic() - began < 10


def test_what_keeps_it_from_starting_is_said(tmp_path, monkeypatch):
    def wrong(**options) -> str:
        with pytest.raises((SettingsError, ModelError)) as error:
            serve(options.pop("models", []), **{**OPTIONS, **options})
        return str(error.value)

    with open_socket(HOST, 0) as taken:
        port = taken.getsockname()[1]
        assert f"{HOST}:{port}: Address already in use" in wrong(port=port)
    assert "nowhere.invalid:0" in wrong(host="nowhere.invalid")
    assert "no such folder" in wrong(models=[str(tmp_path / "nothing")])
    assert "--root-path" in wrong(root_path="/a b")
    assert "/../x" in wrong(root_path="/../x")
    assert "No such file" in wrong(password_file=tmp_path / "nothing")
    (tmp_path / "short").write_text("secret\n")
    assert "6 characters" in wrong(password_file=tmp_path / "short")
    monkeypatch.setitem(sys.modules, "starlette", None)
    with pytest.raises(MissingExtraError, match=r"voice2face\[web\]"):
        serve([], **OPTIONS)


def test_passwords_come_from_a_file_or_the_environment(tmp_path, monkeypatch):
    monkeypatch.delenv("VOICE2FACE_PASSWORD", raising=False)
    assert read_password(None) == ""
    monkeypatch.setenv("VOICE2FACE_PASSWORD", "out of the environment")
    assert read_password(None) == "out of the environment"
    file = tmp_path / "password"
    file.write_text("long and ünusual\r\n", "utf-8")
    assert read_password(file) == "long and ünusual"
    for text in (b"", b"\n", b"two lines\nof them", b"x" * 2000, b"\xff" * 20):
        file.write_bytes(text)
        with pytest.raises(SettingsError, match="password"):
            read_password(file)


def test_root_paths_and_addresses():
    assert [checked_root(path) for path in ("", "/", "x", "/x/", "/a-b/c_d.e")] == [
        "", "", "/x", "/x", "/a-b/c_d.e",
    ]  # fmt: skip
    for path in ("//x//y", "/x?y", "/ü", "/.."):
        with pytest.raises(ValueError, match="letters"):
            checked_root(path)
    assert is_loopback("127.0.0.1") and is_loopback("::1") and not is_loopback("0.0.0.0")
