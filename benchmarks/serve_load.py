"""100 people at once, three requests each, over loopback; target: 300 of 300 their own face.

Each sends a recording of 5 s of a voice of his or her own, waits for the answer with all that the
page shows (ten faces, waveform, log-mel), and sends the next. The face must be the one that
``Model.reconstruct`` makes of that recording, byte for byte. The clients are one process beside the
server's on the same cores.
"""

import asyncio
import base64
import io
import json
import time
from dataclasses import dataclass, field
from functools import partial

import numpy as np

import voice2face
from benchmarks.harness import Figure, Result, figure, memory_mb
from benchmarks.inputs import CLIP_S, Inputs
from benchmarks.serve_process import HOST, Serving, serving
from voice2face.audio.coding import wav_bytes
from voice2face.audio.speech import read_speech
from voice2face.release.inference import Model
from voice2face.release.provenance import png_bytes, provenance_of
from voice2face.synthetic import CohortSettings, sample_person, synthesise
from voice2face.web.answer import Maker, Order
from voice2face.web.limits import Limits

N_PEOPLE, N_REQUESTS = 100, 3
N_ALONE = 20
MEMORY_MB = 1000


@dataclass
class Seen:
    """What the clients saw."""

    seconds: list[float] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    n_mixed_up: int = 0


def measure(inputs: Inputs) -> Result:
    model = voice2face.load(threads=1)
    voices = [_voice(n) for n in range(N_PEOPLE)]
    faces = [_face(model, voice) for voice in voices]
    if len(set(faces)) < N_PEOPLE:
        raise RuntimeError("two voices with one face: a mix-up would not be seen")
    bare, whole = _bare_s(model, voices)
    with serving(inputs.folder / "serve.log") as server:
        alone = _alone_s(server, voices)
        before_mb = memory_mb(server.process.pid, "VmRSS")
        began = time.perf_counter()
        seen = asyncio.run(_crowd(server, voices, faces))
        wall_s = time.perf_counter() - began
        peak_mb = memory_mb(server.process.pid)
        after_mb = memory_mb(server.process.pid, "VmRSS")
    about = {
        "people": N_PEOPLE,
        "requests each": N_REQUESTS,
        "lost": seen.lost[:10],
        "memory before, after": [round(before_mb, 1), round(after_mb, 1)],
        "processes": "the clients share the cores with the server",
    }
    n_wanted = N_PEOPLE * N_REQUESTS
    figures = (
        figure("answered", [len(seen.seconds)], at_least=n_wanted),
        figure("with another's face", [seen.n_mixed_up], at_most=0),
        figure("server's memory at most, MB", [peak_mb], at_most=MEMORY_MB),
        _spread("bare: recording to picture, s", bare),
        _spread("bare: to the whole answer, s", whole),
        figure("one visitor: request, s", alone, at_most=1.0),
        _spread("100 at once: request, s", seen.seconds),
        figure("100 at once: request, 99th percentile, s", [_percentile(seen.seconds, 99)]),
        figure("100 at once: answers a second", [len(seen.seconds) / wall_s]),
    )
    return Result("voice2face serve --port 0", figures, about)


def _voice(number: int) -> bytes:
    heard = sample_person(CohortSettings(n_identities=N_PEOPLE), number).heard
    return wav_bytes(synthesise(heard, np.random.default_rng(number), CLIP_S))


def _face(model: Model, voice: bytes) -> bytes:
    return png_bytes(model.reconstruct(io.BytesIO(voice)).picture, provenance_of(model))


def _bare_s(model: Model, voices: list[bytes]) -> tuple[list[float], list[float]]:
    """Seconds of the same work without a server: the picture alone, and the whole answer."""
    bare, whole, maker = [], [], Maker(Limits().recording_s)
    for voice in voices[:N_ALONE]:
        began = time.perf_counter()
        model.reconstruct(io.BytesIO(voice))
        between = time.perf_counter()
        maker.answer(model, "", partial(read_speech, io.BytesIO(voice)), Order())
        bare.append(between - began)
        whole.append(time.perf_counter() - between)
    return bare, whole


def _alone_s(server: Serving, voices: list[bytes]) -> list[float]:
    """Seconds of requests, one after another."""
    seen = Seen()

    async def run() -> None:
        for voice in voices[:N_ALONE]:
            await _person(server, voice, b"", 1, seen)

    asyncio.run(run())
    if seen.lost:
        raise RuntimeError(f"a request alone failed: {seen.lost[0]}")
    return seen.seconds


async def _crowd(server: Serving, voices: list[bytes], faces: list[bytes]) -> Seen:
    seen = Seen()
    pairs = zip(voices, faces, strict=True)
    await asyncio.gather(*(_person(server, v, f, N_REQUESTS, seen) for v, f in pairs))
    return seen


async def _person(server: Serving, voice: bytes, face: bytes, n: int, seen: Seen) -> None:
    """Somebody who sends a recording ``n`` times over one connection."""
    reader, writer = await asyncio.open_connection(HOST, server.port)
    try:
        for _ in range(n):
            began = time.perf_counter()
            head = (
                f"POST /api/faces HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {len(voice)}\r\n\r\n"
            )
            writer.write(head.encode() + voice)
            await writer.drain()
            top = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            body = await reader.readexactly(int(top.split("content-length: ")[1].split("\r\n")[0]))
            passed_s = time.perf_counter() - began
            if " 200 " not in top.split("\r\n")[0]:
                seen.lost.append(body.decode(errors="replace"))
                continue
            seen.seconds.append(passed_s)
            if face:
                seen.n_mixed_up += base64.b64decode(json.loads(body)["face"]) != face
    except (OSError, EOFError) as error:
        seen.lost.append(repr(error))
    finally:
        writer.close()


def _percentile(seconds: list[float], percent: float) -> float:
    return float(np.percentile(seconds, percent)) if seconds else float("nan")


def _spread(name: str, seconds: list[float]) -> Figure:
    return figure(name, seconds or [float("nan")])
