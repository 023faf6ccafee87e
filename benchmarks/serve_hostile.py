"""Hostile clients against a server; target: 100 % of the trials handled, and the server goes on.

Handled means: refused with the fitting status, cut off within the server's patience, or answered as
if nothing were; no answer holds a file of the server's; and after each round a face is made as
before. The limits are those of ``voice2face serve`` unless it is told otherwise.
"""

import base64
import io
import json
import time
from collections import Counter

from benchmarks.harness import Result, figure, memory_mb
from benchmarks.inputs import Inputs
from benchmarks.serve_attacks import attacks, carried_out
from benchmarks.serve_client import Attack, Target, answer, connect, head
from benchmarks.serve_process import HOST, Serving, serving
from voice2face.audio import load_clip
from voice2face.audio.coding import wav_bytes
from voice2face.web.examples import example_recording
from voice2face.web.limits import Limits

N_BROKEN = 400
MEMORY_MB = 1500


def measure(inputs: Inputs) -> Result:
    log = inputs.folder / "serve.log"
    with serving(log) as server:
        target = _target(server.port)
        before, before_mb = _face(target), memory_mb(server.process.pid, "VmRSS")
        began = time.perf_counter()
        done = carried_out(target, attacks(target, n_broken=N_BROKEN))
        passed_s = time.perf_counter() - began
        goes_on = _face(target) == before
        peak_mb, after_mb = memory_mb(server.process.pid), memory_mb(server.process.pid, "VmRSS")
        left_over = _left_over(server)
    tried = Counter(attack.kind for attack, _ in done)
    handled = Counter(attack.kind for attack, found in done if not found)
    figures = (
        *(figure(kind, [handled[kind]], at_least=n) for kind, n in tried.items()),
        figure("makes the same face after all of it", [int(goes_on)], at_least=1),
        figure("server's memory at most, MB", [peak_mb], at_most=MEMORY_MB),
    )
    about = {
        "table": [_row(kind, done) for kind in tried],
        "tried": sum(tried.values()),
        "handled": sum(handled.values()),
        "seconds in all": round(passed_s, 1),
        "memory before, after": [round(before_mb, 1), round(after_mb, 1)],
        "left over": left_over,
        "said on standard error": log.read_text("utf-8").splitlines()[:10],
    }
    return Result("voice2face serve --port 0", figures, about)


def _target(port: int) -> Target:
    limits = Limits()
    return Target(
        HOST,
        port,
        wav_bytes(load_clip(io.BytesIO(example_recording("1998")))),
        limits.recording_bytes,
        limits.recording_s,
        give_up_s=max(limits.head_s, limits.upload_grace_s),
        unread_s=limits.answer_s,
        connections=limits.connections,
    )


def _face(target: Target) -> bytes:
    with connect(target) as connection:
        connection.sendall(head(len(target.voice)) + target.voice)
        body = answer(connection).partition(b"\r\n\r\n")[2]
    return base64.b64decode(json.loads(body)["face"])


def _left_over(server: Serving) -> dict[str, float]:
    """What the server still counts as going on; all of it should be 0."""
    lines = server.get("/metrics").decode().splitlines()
    names = ("waiting", "at_work", "held_bytes")
    wanted = {f"voice2face_{name}": name for name in names}
    rows = (line.split(" ") for line in lines if line and not line.startswith("#"))
    return {wanted[row[0]]: float(row[1]) for row in rows if row[0] in wanted}


def _row(kind: str, done: list[tuple[Attack, str]]) -> dict[str, object]:
    of_it = [(attack, found) for attack, found in done if attack.kind == kind]
    return {
        "attack": kind,
        "wanted": sorted({attack.wanted for attack, _ in of_it}),
        "tried": len(of_it),
        "handled": sum(not found for _, found in of_it),
        "not so": [found for _, found in of_it if found][:5],
    }
