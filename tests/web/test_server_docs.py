"""The HTTP call and the client of docs/serve.md, against a real server."""

import http.client
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from voice2face.web.app import Site
from voice2face.web.limits import Limits
from voice2face.web.models import Models
from voice2face.web.server import open_socket

from .made_up import example_wav
from .served import HOST, Served, served

PAGE = (Path(__file__).parents[2] / "docs" / "serve.md").read_text("utf-8")
ADDRESS = "http://127.0.0.1:7860"
PASSWORD = "for the test of the client"


@pytest.fixture(scope="module")
def models():
    return Models()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def bash(script: str, folder: Path) -> str:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euc", script], cwd=folder, env=os.environ | {"PATH": path},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done
    return done.stdout


def test_the_client_and_the_calls(models, tmp_path):
    (tmp_path / "me.wav").write_bytes(example_wav("man"))
    (client,) = blocks("python")
    assert ADDRESS in client
    calls = [block for block in blocks("bash") if "me.wav" in block]
    assert len(calls) == 3
    with served(models) as site:
        (tmp_path / "face.py").write_text(client.replace(ADDRESS, site.url))
        pictures = []
        for call in calls:
            if "curl" in call and shutil.which("curl") is None:
                continue
            (tmp_path / "me.png").unlink(missing_ok=True)
            said = bash(call.replace(ADDRESS, site.url), tmp_path)
            if (tmp_path / "me.png").exists():
                pictures.append((tmp_path / "me.png").read_bytes())
        assert f"me.png: a guess by {models.names[0]} from " in said
        assert pictures and set(pictures) == {
            site.face(example_wav("man"), Accept="image/png").body
        }


def test_the_client_knows_a_password_and_says_what_is_wrong(models, tmp_path):
    (tmp_path / "me.wav").write_bytes(example_wav("man"))
    (tmp_path / "no.wav").write_bytes(b"no recording")
    (tmp_path / "face.py").write_text(blocks("python")[0])
    with served(models, PASSWORD) as site:
        assert "a guess by" in bash(
            f"python face.py me.wav me.png {site.url} '{PASSWORD}'", tmp_path
        )
        said = bash(f"python face.py me.wav me.png {site.url} wrong 2>&1 || true", tmp_path)
        assert "asks for a password" in said
        said = bash(f"python face.py no.wav me.png {site.url} '{PASSWORD}' 2>&1 || true", tmp_path)
        assert "not decodable" in said and "Traceback" not in said


def test_the_limits_that_it_names_are_the_defaults():
    limits = Limits()
    rate = limits.upload_bytes_per_s / 1000
    for cell in (
        f"| {limits.recording_bytes / 1e6:g} MB |",
        f"| {limits.recording_s:g} |",
        f"`--queue` | {limits.queue} |",
        f"`--wait` | {limits.wait_s:g} |",
        f"memory | {limits.held_bytes / 1e6:g} MB |",
        f"| pauses of {limits.upload_grace_s:g} s, of which every {rate:g} kB received give one "
        f"back; {limits.upload_s:g} s in all |",
        f"larger than {limits.small_bytes / 1e6:g} MB |",
        f"decoding one recording | {limits.decode_s:g} s, {limits.decode_cpu_s:g} s of the",
        f"connections | {limits.connections} |",
        f"request | {limits.head_s:g} s |",
        f"reads | {limits.answer_s:g} s |",
        f"({limits.closing_s:g} s at most)",
    ):
        assert cell in PAGE, cell


def test_the_metrics_that_it_names_are_those_that_there_are(models):
    site = Site(models, Limits())
    names = set(re.findall(r"^# TYPE (voice2face_\w+)", site.metrics.text().decode(), re.MULTILINE))
    named = {name.removesuffix("_total") for name in re.findall(r"`(voice2face_[a-z_]+)[`{]", PAGE)}
    assert {name.removesuffix("_total").removesuffix("_created") for name in names} == named


NGINX = """
daemon off; worker_processes 1; pid {place}/pid; error_log stderr error;
events {{ worker_connections 64; }}
http {{
    access_log off; client_body_temp_path {place}/body; proxy_temp_path {place}/proxy;
    fastcgi_temp_path {place}/1; uwsgi_temp_path {place}/2; scgi_temp_path {place}/3;
    server {{ listen 127.0.0.1:{port}; {block} }}
}}
"""


@contextmanager
def proxy(command: list[str], port: int, site: Served) -> Iterator[Served]:
    """A proxy that runs, as something to ask."""
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        seen = Served(port, site.server, site.site, site.limits)
        for _ in range(200):
            try:
                seen.ask("/faces/healthz")
                break
            except (OSError, http.client.HTTPException):
                assert process.poll() is None, process.stderr.read()
                time.sleep(0.05)
        try:
            yield seen
        finally:
            process.terminate()
            process.communicate(timeout=30)


def free_port() -> int:
    with open_socket(HOST, 0) as listening:
        return listening.getsockname()[1]


def check_behind(seen: Served, site: Served) -> None:
    page = seen.ask("/faces/")
    assert page.status == 200 and page.body == site.ask("/").body
    assert seen.ask("/faces/static/index.html").status == 200
    assert seen.ask("/faces").headers["location"].endswith("/faces/")
    voice = example_wav("man")
    wanted = site.face(voice, Accept="image/png").body
    large = voice + bytes(3_000_000)  # bytes behind the sound, which no decoder reads
    for body in (voice, large):
        found = seen.ask("/faces/api/faces", body, Accept="image/png")
        assert (found.status, found.body) == (200, wanted)
    assert len(seen.ask("/faces/api/faces", voice).body) > 100_000


@pytest.mark.skipif(shutil.which("nginx") is None, reason="no nginx here")
def test_behind_nginx_nothing_is_written(models, tmp_path):
    (block,) = blocks("nginx")
    port = free_port()
    with served(models, root_path="/faces") as site:
        block = block.replace("127.0.0.1:7860", f"{HOST}:{site.port}")
        (tmp_path / "conf").write_text(NGINX.format(place=tmp_path, port=port, block=block))
        command = ["nginx", "-e", "stderr", "-c", str(tmp_path / "conf"), "-p", str(tmp_path)]
        with proxy(command, port, site) as seen:
            check_behind(seen, site)
        # A temporary file leaves the folders that it lay in.
        folders = [folder for folder in tmp_path.iterdir() if folder.is_dir()]
        assert folders and not any(any(folder.iterdir()) for folder in folders)


@pytest.mark.skipif(shutil.which("caddy") is None, reason="no caddy here")
def test_behind_caddy(models, tmp_path):
    (block,) = blocks("caddy")
    port = free_port()
    with served(models, root_path="/faces") as site:
        block = block.replace("127.0.0.1:7860", f"{HOST}:{site.port}")
        block = block.replace("voice.example.org", f"http://{HOST}:{port}")
        path = tmp_path / "Caddyfile"
        path.write_text("{\n    admin off\n}\n" + block)
        with proxy(["caddy", "run", "--config", str(path)], port, site) as seen:
            check_behind(seen, site)
