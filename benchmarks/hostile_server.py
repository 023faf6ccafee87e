"""Hostile recordings by upload, beside honest people; and an end in the promised time."""

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from benchmarks import hostile_media as media
from benchmarks.hostile_trials import KINDS, Trial, shared_memory_mb
from benchmarks.inputs import Inputs
from benchmarks.serve_client import Target, answer, connect, head, status
from benchmarks.serve_process import HOST, Serving, serving
from voice2face.web.examples import example_recording
from voice2face.web.limits import Limits

KIND = "recordings, by upload"
END_S = Limits().closing_s + 5  # what is promised, and the time to go


def recordings(inputs: Inputs) -> Iterator[Trial]:
    """Each of them four times at once, beside an honest voice."""
    log = inputs.folder / "hostile-serve.log"
    voice = example_recording("1998")
    with serving(log) as server:
        before = _sent(server, voice)
        for name, make in media.RECORDINGS.items():
            yield _tried(server, name, make(), voice, before)
        yield _stopping(server, voice)
        yield _end(server)


def _tried(server: Serving, name: str, body: bytes, voice: bytes, wanted: int) -> Trial:
    began, peak_mb = time.perf_counter(), 0.0
    with ThreadPoolExecutor(6) as pool:
        attacks = [pool.submit(_sent, server, body) for _ in range(4)]
        honest = pool.submit(_sent, server, voice)
        while not all(attack.done() for attack in attacks):
            peak_mb = max(peak_mb, _tree_mb(server))
            time.sleep(0.02)
        found = {attack.result() for attack in attacks}
        face = honest.result()
    wall_s = time.perf_counter() - began
    return _judged(name, found == {422} and face == wanted, f"{found}, {face}", wall_s, peak_mb)


def _stopping(server: Serving, voice: bytes) -> Trial:
    """Eight that send 31.99 MB each and then stop; a small recording must find room meanwhile."""
    began = time.perf_counter()
    n_bytes = Limits().recording_bytes
    held = [connect(_target(server)) for _ in range(8)]
    refused = 0
    for connection in held:
        try:
            connection.sendall(head(n_bytes) + bytes(n_bytes - 10_000))
        except OSError:
            refused += 1  # the room for large ones is full: it says so, and closes
    peak_mb, face = _tree_mb(server), _sent(server, voice)
    ends = [status(answer(connection, 40)) for connection in held]
    for connection in held:
        connection.close()
    wall_s = time.perf_counter() - began
    good = face == 200 and set(ends) <= {408, 503, 0} and wall_s < 30
    return _judged("eight that stop", good, f"{face}; {sorted(ends)}", wall_s, peak_mb)


def _end(server: Serving) -> Trial:
    """SIGTERM while it decodes what does not end."""
    with ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            pool.submit(_sent, server, media.packets_that_fail())
        time.sleep(1)
        peak_mb, began = _tree_mb(server), time.perf_counter()
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(4 * END_S)
        wall_s = time.perf_counter() - began
    return _judged("SIGTERM under attack", wall_s < END_S, "it ended", wall_s, peak_mb)


def _judged(name: str, good: bool, found: str, wall_s: float, peak_mb: float) -> Trial:
    ceiling = KINDS[KIND]
    held = good and wall_s <= ceiling.seconds and peak_mb <= ceiling.mb
    return Trial(KIND, name, held, found, round(wall_s, 2), round(peak_mb, 1))


def _sent(server: Serving, body: bytes) -> int:
    try:
        with connect(_target(server)) as connection:
            connection.sendall(head(len(body)) + body)
            return status(answer(connection, 120))
    except OSError:
        return 0


def _target(server: Serving) -> Target:
    limits = Limits()
    return Target(
        HOST, server.port, b"", limits.recording_bytes, limits.recording_s, 0, 0, limits.connections
    )


def _tree_mb(server: Serving) -> float:
    return shared_memory_mb(server.process.pid)
