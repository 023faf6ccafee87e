"""Senders that stop, recordings that hurt, other sites: honest people do not notice them."""

import base64
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from benchmarks import hostile_media
from voice2face.web.examples import EXAMPLES
from voice2face.web.models import Models
from voice2face.web.security import Hosts, checked_host

from .browsers import browser_with, is_required, why_not
from .made_up import example_wav
from .served import HOST, served

VOICE = example_wav("woman")


@pytest.fixture(scope="module")
def models():
    return Models()


@pytest.fixture(scope="module")
def site(models):
    with served(
        models, threads=2, hosts=["faces.example"], recording_bytes=1_000_000, held_bytes=2_400_000,
        small_bytes=200_000, upload_grace_s=1.0, decode_s=10.0, decode_cpu_s=1.0,
    ) as running:  # fmt: skip
        yield running


def sent(site, head: str, body: bytes = b"") -> socket.socket:
    connection = socket.create_connection((HOST, site.port), timeout=20)
    connection.sendall(f"POST /api/faces?more=0 HTTP/1.1\r\n{head}\r\n\r\n".encode() + body)
    return connection


def status(connection: socket.socket) -> int:
    with connection:
        return int(connection.recv(1 << 16).split()[1])


def test_a_sender_that_stops_is_given_up_soon_however_much_it_has_sent(site):
    """At 16 kB a second, 900 kB would have earned it another minute."""
    head = f"Host: {HOST}\r\nContent-Length: 1000000"
    began = time.monotonic()
    senders = [sent(site, head, bytes(900_000)) for _ in range(2)]
    assert site.face(VOICE, "?more=0").status == 200, "a share stays for small recordings"
    assert status(sent(site, head, bytes(900_000))) == 503, "the rest is full"
    assert [status(sender) for sender in senders] == [408, 408]
    assert time.monotonic() - began < 10
    assert site.face(bytes(900_000), "?more=0").status == 422, "and free again"


def test_two_lengths_are_refused_and_the_connection_with_them(site):
    head = f"Host: {HOST}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked"
    with sent(site, head, b"0\r\n\r\nGET /healthz HTTP/1.1\r\n\r\n") as connection:
        answer = b""
        while piece := connection.recv(1 << 16):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 400")
    assert answer.count(b"HTTP/1.1 ") == 1


def test_packets_that_fail_do_not_keep_honest_voices_waiting(site):
    with ThreadPoolExecutor(4) as pool:
        attacks = [pool.submit(site.face, hostile_media.packets_that_fail()) for _ in range(2)]
        began = time.monotonic()
        assert site.face(VOICE, "?more=0").status == 200
        assert time.monotonic() - began < 30
        for attack in attacks:
            found = attack.result()
            assert found.status == 422
            assert "it takes more than" in found.data["error"]


@pytest.mark.parametrize(
    "name", [n for n in hostile_media.RECORDINGS if "fail" not in n and "tags" not in n]
)
def test_what_would_fill_the_memory_is_one_refused_recording(name, site):
    body = hostile_media.RECORDINGS[name]()[:1_000_000]
    assert site.face(body, "?more=0").status == 422
    assert site.face(VOICE, "?more=0").status == 200


def test_it_ends_in_time_whatever_is_being_decoded(models):
    with served(models, threads=1, decode_s=60.0, decode_cpu_s=60.0, closing_s=1.0) as site:
        attack = threading.Thread(target=lambda: _ignored(site))
        attack.start()
        while site.site.desk.n_busy == 0:
            time.sleep(0.01)
        began = time.monotonic()
        site.server.close()
        attack.join(20)
        assert not attack.is_alive()
    assert time.monotonic() - began < 10


def _ignored(site) -> None:
    try:
        site.face(hostile_media.packets_that_fail())
    except OSError:
        return


@pytest.mark.parametrize(
    ("host", "wanted"),
    [
        ("localhost", 200), ("LOCALHOST:80", 200), ("127.0.0.1:1", 200), ("[::1]:7860", 200),
        ("192.168.1.7", 200), ("faces.example", 200), ("faces.example.:8", 200),
        ("evil.example", 403), ("localhost.evil.example", 403), ("127.0.0.1.evil.example", 403),
        ("xfaces.example", 403),
    ],
)  # fmt: skip
def test_only_its_own_names_are_answered(host, wanted, site):
    assert site.ask("/", Host=host).status == wanted
    assert site.ask("/healthz", Host=host).status == 200, "which tells nothing"


@pytest.mark.parametrize(
    ("origin", "wanted"),
    [
        (f"http://{HOST}:PORT", 200), ("https://faces.example", 200), (f"http://{HOST}", 403),
        ("http://localhost:PORT", 403), ("null", 403), ("https://evil.example", 403), ("", 403),
        (f"http://{HOST}:PORT.evil.example", 403), ("file://", 403), ("http://[", 403),
    ],
)  # fmt: skip
def test_an_origin_that_is_there_is_its_own(origin, wanted, site):
    found = site.face(VOICE, "?more=0", Origin=origin.replace("PORT", str(site.port)))
    assert found.status == wanted


def test_origin_and_host_are_compared_as_browsers_write_them():
    hosts = Hosts(["faces.example"])
    assert hosts.is_own("http://[::1]:7860", "[::1]:7860")
    assert hosts.is_own("http://localhost", "localhost")
    assert hosts.is_own("https://x.example", "x.example:443")
    assert not hosts.is_own("http://x.example", "x.example:443")
    for name in ("", "a b", "faces.example:80", "http://x", ".."):
        with pytest.raises(ValueError, match="without a port"):
            checked_host(name)


class Elsewhere(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<p>Another site")

    def log_message(self, *_):
        pass


POST = """async ([url, voice]) => {
    const body = await (await fetch(voice)).blob()
    try {
        return (await fetch(url, {method: "POST", mode: "no-cors", body})).status
    } catch (error) {
        return String(error)
    }
}"""


def test_a_page_of_another_site_makes_no_face_in_a_browser(site, voices):
    """Over plain HTTP and a name that is not loopback: without ``Sec-Fetch-Site``."""
    if missing := why_not():
        (pytest.fail if is_required() else pytest.skip)(missing)
    other = HTTPServer((HOST, 0), Elsewhere)
    threading.Thread(target=other.serve_forever, daemon=True).start()
    rules = "--host-resolver-rules=MAP *.example 127.0.0.1"
    own = f"http://faces.example:{site.port}"
    voice = "data:audio/wav;base64," + base64.b64encode(VOICE).decode()
    try:
        with browser_with(voices / "one.wav", rules) as browser:
            page = browser.new_page()
            page.goto(f"http://evil.example:{other.server_port}/")
            before = faces_made(site)
            page.evaluate(POST, [f"{own}/api/faces?more=0", voice])
            assert faces_made(site) == before
            page.goto(f"http://rebound.example:{site.port}/")  # its name, led here
            assert "not called" in page.content()
            page.goto(f"{own}/")
            example = f"{own}/api/examples/{next(iter(EXAMPLES))}.webm"
            assert page.evaluate(POST, [f"{own}/api/faces?more=0", example]) == 200
            assert faces_made(site) == before + 1
    finally:
        other.shutdown()


def faces_made(site) -> float:
    lines = site.ask("/metrics").body.decode().splitlines()
    found = [line for line in lines if line.startswith('voice2face_faces_total{outcome="face"}')]
    return float(found[0].split()[-1]) if found else 0.0
