import hashlib
import http.server
import multiprocessing
import os
import socket
import threading
from pathlib import Path

import pytest
from needed import SHARED, needed

from voice2face.assets import download, pretrained
from voice2face.assets.pretrained import REGISTRY, Pretrained, find, locate, obtain
from voice2face.errors import ModelError

CONTENT = bytes(range(256)) * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    """An empty cache, no folder, and no proxy."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("sys.platform", "linux")
    for name in (pretrained.FOLDER_VARIABLE, pretrained.OFFLINE_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(download, "SILENCE_S", 2.0)
    return tmp_path / "cache" / "voice2face"


class _Release(http.server.BaseHTTPRequestHandler):
    """What a release may answer, by path."""

    def do_GET(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        if self.path == "/missing":
            self.send_error(404)
            return
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", TARGETS[self.path[4:]])
            self.end_headers()
            return
        body = {"/wrong": b"x" * len(CONTENT), "/long": CONTENT + b"x"}.get(self.path, CONTENT)
        self.send_response(200)
        if self.path not in ("/no-length", "/long"):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.path == "/silent":
            self.wfile.write(body[:5])
            self.server.released.wait(20)  # type: ignore[attr-defined]
            return
        self.wfile.write(body[:100_000] if self.path in ("/cut", "/no-length") else body)

    def log_message(self, *args: object) -> None:
        pass


TARGETS = {
    "file": "file:///etc/hostname",
    "ftp": "ftp://127.0.0.1/f",
    "other": "http://example.org/f",
    "good": "/good",
    "itself": "/to/itself",
}


@pytest.fixture
def release():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Release)
    server.asked, server.released = [], threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.released.set()  # type: ignore[attr-defined]
    server.shutdown()
    thread.join()
    server.server_close()


def record(release, path: str, **changes) -> Pretrained:
    port = release if isinstance(release, int) else release.server_address[1]
    return Pretrained(
        **{
            "name": "net",
            "file": "net.onnx",
            "sha256": SHA256,
            "n_bytes": len(CONTENT),
            "licence": "MIT",
            "what": "a network",
            "source": "https://example.org/net",
            "url": f"http://127.0.0.1:{port}{path}",
        }
        | changes
    )


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_download_is_kept_and_asked_for_once(release, cache):
    wanted = record(release, "/good")
    assert locate(wanted) is None
    assert obtain(wanted) == obtain(wanted) == cache / "net.onnx"
    assert (cache / "net.onnx").read_bytes() == CONTENT
    assert files(cache) == ["net.onnx"]
    assert release.asked == ["/good"]


def test_a_redirect_is_followed(release):
    assert obtain(record(release, "/to/good")).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/missing", "HTTP 404"),
        ("/wrong", hashlib.sha256(b"x" * len(CONTENT)).hexdigest()),
        ("/long", "more than its 256000 bytes"),
        ("/no-length", "broke off after 100000 of 256000"),
        ("/cut", "broke off after 100000 of 256000"),
        ("/to/file", "not allowed"),
        ("/to/ftp", "not https"),
        ("/to/other", "not https"),
        ("/to/itself", "HTTP 302"),
    ],
)
def test_a_bad_answer_leaves_nothing_and_says_why(release, cache, path, reason):
    wanted = record(release, path)
    with pytest.raises(ModelError) as caught:
        obtain(wanted)
    message = str(caught.value)
    assert message.startswith("net.onnx: could not be downloaded (")
    assert reason in message
    assert f"the file with sha256 {SHA256} wanted; get it from {wanted.url}" in message
    assert message.endswith("put it into the folder named by VOICE2FACE_MODELS")
    assert files(cache) == []


def test_a_silent_server_is_given_up(release, cache, monkeypatch):
    monkeypatch.setattr(download, "SILENCE_S", 0.2)
    with pytest.raises(ModelError, match="timed out"):
        obtain(record(release, "/silent"))
    assert files(cache) == []


def test_a_trickling_server_is_given_up(release, cache, monkeypatch):
    monkeypatch.setattr(download, "MOST_S", 0.0)
    with pytest.raises(ModelError, match="not complete after"):
        obtain(record(release, "/good"))
    assert files(cache) == []


def test_without_network_the_error_says_what_to_get(cache):
    with pytest.raises(ModelError, match=r"could not be downloaded \(Connection refused\)"):
        obtain(record(closed_port(), "/good"))
    assert files(cache) == []


def test_ctrl_c_leaves_nothing(release, cache, monkeypatch):
    def interrupt(*_: object) -> bytes:
        assert len(files(cache)) == 1  # the temporary file
        raise KeyboardInterrupt

    monkeypatch.setattr(download, "_read", interrupt)
    with pytest.raises(KeyboardInterrupt):
        obtain(record(release, "/good"))
    assert files(cache) == []


def test_only_https_is_asked_elsewhere(cache):
    for url in ("http://example.org/f", "file:///etc/hostname", "http://127.0.0.1.example.org/f"):
        with pytest.raises(ModelError, match="is not https"):
            obtain(record(0, "", url=url))


def _obtain_in_process(wanted: Pretrained, start) -> None:
    start.wait()
    assert obtain(wanted).read_bytes() == CONTENT


def test_processes_at_once_do_not_disturb_each_other(release, cache):
    context = multiprocessing.get_context("fork" if os.name == "posix" else "spawn")
    start = context.Event()
    wanted = record(release, "/good")
    processes = [context.Process(target=_obtain_in_process, args=(wanted, start)) for _ in range(4)]
    for process in processes:
        process.start()
    start.set()
    for process in processes:
        process.join(20)
    assert [process.exitcode for process in processes] == [0] * 4
    assert files(cache) == ["net.onnx"]


@pytest.mark.parametrize("damage", ["content", "length", "link to nothing", "link"])
def test_a_damaged_file_in_the_cache_is_replaced(release, cache, damage, tmp_path):
    cache.mkdir(parents=True)
    path = cache / "net.onnx"
    other = tmp_path / "other"
    if damage == "content":
        path.write_bytes(CONTENT[:-1] + b"x")
    elif damage == "length":
        path.write_bytes(CONTENT[:-1])
    else:
        if damage == "link":
            other.write_bytes(b"mine")
        path.symlink_to(other)
    assert obtain(record(release, "/good")) == path
    assert path.read_bytes() == CONTENT
    assert not path.is_symlink()
    if damage == "link":  # the file that it led to is not ours to change
        assert other.read_bytes() == b"mine"


def test_a_folder_in_the_place_of_the_file_is_named(release, cache):
    (cache / "net.onnx").mkdir(parents=True)
    with pytest.raises(ModelError, match=r"net\.onnx is a folder; remove it"):
        obtain(record(release, "/good"))
    assert release.asked == []


def test_a_cache_that_cannot_be_written_is_named(release, cache):
    cache.parent.mkdir()
    cache.write_bytes(b"a file where the folder should be")
    with pytest.raises(ModelError, match=r"could not be written \(.*voice2face"):
        obtain(record(release, "/good"))


def test_a_named_pipe_is_not_opened(release, cache):
    if not hasattr(os, "mkfifo"):
        pytest.skip("no named pipes here")
    cache.mkdir(parents=True)
    os.mkfifo(cache / "net.onnx")
    assert obtain(record(release, "/good")).read_bytes() == CONTENT


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    path = tmp_path / "models"
    path.mkdir()
    monkeypatch.setenv("VOICE2FACE_MODELS", str(path))
    return path


def test_the_users_folder_comes_first(release, folder, tmp_path):
    (tmp_path / "elsewhere").write_bytes(CONTENT)
    (folder / "net.onnx").symlink_to(tmp_path / "elsewhere")
    assert obtain(record(release, "/good")) == folder / "net.onnx"
    assert release.asked == []


@pytest.mark.parametrize("found", ["file", "folder", "link to nothing"])
def test_a_wrong_file_in_the_users_folder_is_an_error(release, folder, found):
    path = folder / "net.onnx"
    if found == "file":
        path.write_bytes(b"other")
    elif found == "folder":
        path.mkdir()
    else:
        path.symlink_to(folder / "nowhere")
    with pytest.raises(ModelError) as caught:
        obtain(record(release, "/good"))
    message = str(caught.value)
    assert message.startswith(str(path))
    assert ("no file" if found != "file" else hashlib.sha256(b"other").hexdigest()) in message
    assert SHA256 in message
    assert "remove it, or put the right one there (http://127.0.0.1" in message
    assert release.asked == []


def test_what_is_not_in_the_users_folder_is_downloaded(release, folder, cache):
    assert obtain(record(release, "/good")) == cache / "net.onnx"


def test_a_folder_that_is_not_there_is_an_error(release, monkeypatch, tmp_path):
    monkeypatch.setenv("VOICE2FACE_MODELS", str(tmp_path / "typo"))
    with pytest.raises(ModelError, match="no such folder"):
        obtain(record(release, "/good"))


def test_offline_nothing_is_downloaded(release, monkeypatch):
    monkeypatch.setenv("VOICE2FACE_OFFLINE", "1")
    with pytest.raises(ModelError, match="VOICE2FACE_OFFLINE forbids"):
        obtain(record(release, "/good"))
    assert release.asked == []
    monkeypatch.setenv("VOICE2FACE_OFFLINE", "0")
    assert obtain(record(release, "/good"))


def test_what_has_no_public_file_says_where_to_put_it(cache):
    wanted = record(0, "", url=None)
    with pytest.raises(ModelError) as caught:
        obtain(wanted)
    assert f"sha256 {SHA256} wanted; put it into the folder named by VOICE2FACE_MODELS" in str(
        caught.value
    )
    assert wanted.source in str(caught.value)
    cache.mkdir(parents=True)
    (cache / "net.onnx").write_bytes(b"other")
    with pytest.raises(ModelError, match="another or damaged file"):
        obtain(wanted)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ModelError, match="yunet, hair"):
        find("yolo")


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {"XDG_CACHE_HOME": "/c"}, "/c/voice2face"),
        ("linux", {"XDG_CACHE_HOME": "relative", "HOME": "/h"}, "/h/.cache/voice2face"),
        ("linux", {"XDG_CACHE_HOME": "", "HOME": "/h"}, "/h/.cache/voice2face"),
        ("darwin", {"HOME": "/h"}, "/h/Library/Caches/voice2face"),
        ("win32", {"LOCALAPPDATA": "/l"}, "/l/voice2face"),
    ],
)
def test_the_cache_is_where_each_system_has_it(monkeypatch, platform, variables, expected):
    if os.name == "nt":
        pytest.skip("paths of POSIX")
    monkeypatch.setattr("sys.platform", platform)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert pretrained.cache_folder() == Path(expected)


def test_every_record_is_complete():
    for name, one in REGISTRY.items():
        assert name == one.name
        assert len(bytes.fromhex(one.sha256)) == 32
        assert one.n_bytes > 0 and one.licence and one.what
        assert one.source.startswith("https://")
        assert one.url is None or one.url.startswith("https://")


@pytest.mark.parametrize("name", REGISTRY)
def test_the_pinned_files_are_those_beside_the_checkout(name, monkeypatch):
    folder = Path(os.environ.get("VOICE2FACE_MODELS") or SHARED / "models")
    needed(folder / REGISTRY[name].file, "network")
    monkeypatch.setenv("VOICE2FACE_MODELS", str(folder))
    assert find(name) == folder / REGISTRY[name].file
