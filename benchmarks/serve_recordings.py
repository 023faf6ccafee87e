"""Recordings that are none, lie, are broken, or become far more than they are."""

import io
import random
import struct
from collections.abc import Iterator
from functools import partial

import numpy as np

from benchmarks.serve_client import Attack, Target, expect, post
from voice2face.audio.coding import wav_bytes

PLAYLISTS = (
    b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
    b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:1/x.ts\n#EXT-X-ENDLIST\n",
    b"ffconcat version 1.0\nfile '/etc/passwd'\n",
    b"ffconcat version 1.0\nfile 'concat:/etc/passwd|/etc/hosts'\n",
    b'<?xml version="1.0"?><MPD><Period><AdaptationSet><Representation><BaseURL>file:///etc/passwd'
    b"</BaseURL></Representation></AdaptationSet></Period></MPD>",
    b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 0\n",
    b"[playlist]\nFile1=/etc/passwd\nNumberOfEntries=1\n",
)
CODECS = (("ogg", "libopus", 48_000), ("mp3", "libmp3lame", 16_000), ("flac", "flac", 16_000))


def recordings(target: Target, rng: random.Random, n_broken: int) -> Iterator[Attack]:
    """All recordings; ``n_broken`` of the last kind."""

    def refuse(kind: str, *bodies: bytes) -> Iterator[Attack]:
        for body in bodies:
            yield Attack(kind, "422", expect(partial(post, body=body), 422))

    png = b"\x89PNG\r\n\x1a\n" + rng.randbytes(500)
    yield from refuse("no recording", b"", b"\0", b"hello", rng.randbytes(100_000), png, b"PK\3\4")
    yield from refuse("silence and noise", *_unvoiced())
    yield from refuse("playlist that names a file of the server's", *PLAYLISTS)
    yield from refuse("decodes to hours", *(flac(target.recording_s * n, 8000) for n in (1.1, 60)))
    wide = flac(min(target.recording_s * 0.9, 20), 655_350, channels=8)
    yield Attack("8 channels at 655 kHz", "422, in time", expect(partial(post, body=wide), 422))
    for body in _liars(target.voice):
        yield Attack(
            "header that lies", "a face or 422", expect(partial(post, body=body), 200, 422)
        )
    whole = [target.voice, *(encoded(target.voice, *how) for how in CODECS)]
    for number in range(n_broken):
        body = _broken(whole[number % len(whole)], rng)
        yield Attack(
            "broken recording", "a face or 422", expect(partial(post, body=body), 200, 422)
        )


def _unvoiced() -> Iterator[bytes]:
    noise = np.random.default_rng(0).normal(0, 3000, 48_000).astype(np.int16)
    for samples in (np.zeros(48_000, np.int16), noise, np.full(48_000, 32767, np.int16)):
        yield wav_bytes(samples)


def flac(seconds: float, rate: int, channels: int = 1) -> bytes:
    """Silence as a small file."""
    import av

    stream = io.BytesIO()
    block = 1 << 15
    layout = "7.1" if channels == 8 else "mono"
    with av.open(stream, "w", format="flac") as container:
        track = container.add_stream("flac", rate=rate, layout=layout)
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, block * channels), np.int16), format="s16", layout=layout
        )
        frame.sample_rate = rate
        for number in range(int(seconds * rate / block) + 1):
            frame.pts = number * block
            container.mux(track.encode(frame))
        container.mux(track.encode(None))
    return stream.getvalue()


def encoded(recording: bytes, container_format: str, codec: str, rate: int) -> bytes:
    """A recording in another format."""
    import av

    stream = io.BytesIO()
    with (
        av.open(io.BytesIO(recording)) as given,
        av.open(stream, "w", format=container_format) as made,
    ):
        track = made.add_stream(codec, rate=rate, layout="mono")
        for frame in given.decode(audio=0):
            made.mux(track.encode(frame))
        made.mux(track.encode(None))
    return stream.getvalue()


def _liars(voice: bytes) -> Iterator[bytes]:
    """WAV files whose header promises what is not there, or what cannot be."""
    yield voice[:40] + struct.pack("<I", 0xFFFFFFFF) + voice[44:]
    yield voice[:40] + struct.pack("<I", 0x7FFFFFFF) + voice[44:]
    yield voice[:22] + struct.pack("<H", 65535) + voice[24:]
    yield voice[:24] + struct.pack("<I", 0xFFFFFFFF) + voice[28:]
    yield voice[:24] + struct.pack("<I", 1) + voice[28:]
    yield voice[:34] + struct.pack("<H", 0) + voice[36:]
    yield b"\0\0\0\x14ftypM4A \0\0\0\0M4A \xff\xff\xff\xffmoov" + bytes(64)
    yield b"fLaC\0\0\0\x22" + b"\xff" * 34 + voice[:1000]
    yield b"\x1a\x45\xdf\xa3" + b"\xff" * 200


def _broken(recording: bytes, rng: random.Random) -> bytes:
    """Bytes changed, cut out or doubled."""
    data = bytearray(recording)
    for _ in range(rng.choice((1, 5, 50, 500))):
        data[rng.randrange(len(data))] = rng.randrange(256)
    if rng.random() < 0.5:
        begin = rng.randrange(len(data))
        del data[begin : begin + rng.randrange(len(data))]
    return bytes(data)
