"""Recordings, videos and pictures that are small as files and large in a decoder."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.inputs import RATE_HZ

N_SAMPLES = 80_000_000
VIDEO_PX = 7680
BOMB_PX = 20_000


def box(name: bytes, *parts: bytes) -> bytes:
    """A box of an MP4 file."""
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + name + body


def mp4(
    n_samples: int, sample_bytes: int, offsets: int, data: bytes = bytes(64), *, video: bool = False
) -> bytes:
    """An MP4 file whose index has so many samples.

    Args:
        n_samples: In all.
        sample_bytes: Size of each sample.
        offsets: Number of chunks; all begin at the same place, so that the data serve them all.
        data: What lies there.
        video: A track of pictures in place of sound.
    """
    full = bytes(4)
    if video:
        sample = box(
            b"mp4v", bytes(6), struct.pack(">H", 1), bytes(16), struct.pack(">HH", 64, 64),
            struct.pack(">IIIH", 0x480000, 0x480000, 0, 1), bytes(32), struct.pack(">Hh", 24, -1),
        )  # fmt: skip
    else:
        sample = box(
            b"mp4a", bytes(6), struct.pack(">H", 1), bytes(8),
            struct.pack(">HHII", 1, 16, 0, RATE_HZ << 16), _esds(),
        )  # fmt: skip
    ftyp = box(b"ftyp", b"isom", bytes(4), b"isom")
    start = len(ftyp) + 8
    stbl = box(
        b"stbl",
        box(b"stsd", full, struct.pack(">I", 1), sample),
        box(b"stts", full, struct.pack(">III", 1, n_samples, 1024)),
        box(b"stsc", full, struct.pack(">IIII", 1, 1, n_samples // offsets, 1)),
        box(b"stsz", full, struct.pack(">II", sample_bytes, n_samples)),
        box(b"stco", full, struct.pack(">I", offsets), struct.pack(">I", start) * offsets),
    )
    length = n_samples * 1024
    kind = (b"vide", box(b"vmhd", full, bytes(8))) if video else (b"soun", box(b"smhd", full, full))
    mdia = box(
        b"mdia",
        box(b"mdhd", full, bytes(8), struct.pack(">IIHH", RATE_HZ, length & 0xFFFFFFFF, 0x55C4, 0)),
        box(b"hdlr", full, full, kind[0], bytes(13)),
        box(
            b"minf",
            kind[1],
            box(b"dinf", box(b"dref", full, struct.pack(">I", 1), box(b"url ", b"\0\0\0\1"))),
            stbl,
        ),
    )
    tkhd = box(b"tkhd", b"\0\0\0\7", bytes(8), struct.pack(">I", 1), bytes(68))
    mvhd = box(b"mvhd", full, bytes(8), struct.pack(">II", 1000, 1000), bytes(80))
    return ftyp + box(b"mdat", data) + box(b"moov", mvhd, box(b"trak", tkhd, mdia))


def _esds() -> bytes:
    """AAC, 16 kHz, mono."""
    config = b"\x05\x02\x14\x08"
    decoder = b"\x04" + bytes([13 + len(config)]) + b"\x40\x15" + bytes(11) + config
    body = b"\x03" + bytes([3 + len(decoder)]) + b"\0\1\0" + decoder
    return box(b"esds", bytes(4), body)


def long_index() -> bytes:
    """641 bytes or so, whose index claims 80 million samples."""
    return mp4(N_SAMPLES, 1, 1)


def long_video_index() -> bytes:
    """Pictures that are small as files and large in a decoder."""
    return mp4(N_SAMPLES, 1, 1, video=True)


def packets_that_fail() -> bytes:
    """21 kB in which eight million packets lie over each other, none of which decodes."""
    return mp4(8_000_000, 1, 400, bytes(20_000))


def packed_tags() -> bytes:
    """An MP3 file whose notes unpack to gigabytes."""
    n_bytes, n_frames = 15_000_000, 100
    text = zlib.compress(b"\3" + b"x" * n_bytes, 9)
    flags = b"\0\x09"  # compressed, with the length unpacked before it
    about = _safe(len(text) + 4) + flags + _safe(n_bytes + 1)
    frames = b"".join(b"T%03d" % number + about + text for number in range(n_frames))
    return b"ID3\4\0\0" + _safe(len(frames)) + frames + b"\xff\xfb\x90\x64" + bytes(413)


def _safe(number: int) -> bytes:
    """A number in four bytes of seven bits."""
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def empty_chunks(n_bytes: int = 16_000_000) -> bytes:
    """A WAV file of nothing but chunks without content."""
    chunk = b"junk" + bytes(4)
    body = b"WAVE" + chunk * ((n_bytes - 12) // 8)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def wide_video(px: int = VIDEO_PX) -> bytes:
    """A video of a few frames that is small as a file and huge as pictures."""
    import av

    stream = io.BytesIO()
    with av.open(stream, "w", format="mp4") as container:
        track = container.add_stream(
            "libx264", rate=25, options={"preset": "ultrafast", "crf": "51"}
        )
        track.width = track.height = px
        track.pix_fmt = "yuv420p"
        frame = av.VideoFrame(px, px, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        for number in range(6):
            frame.pts = number
            container.mux(track.encode(frame))
        container.mux(track.encode(None))
    return stream.getvalue()


def picture_bomb(px: int = BOMB_PX) -> bytes:
    """A PNG of one colour."""

    def chunk(name: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + check

    packer = zlib.compressobj(9)
    row = bytes(1 + px)
    packed = b"".join(packer.compress(row) for _ in range(px)) + packer.flush()
    head = struct.pack(">IIBBBBB", px, px, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    )


def flac_of_hours(hours: float = 20) -> bytes:
    """Silence, which packs to almost nothing."""
    from benchmarks.serve_recordings import flac

    return flac(hours * 3600, 8000)


PLAYLIST = b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"

# What each is called, and what makes it.
RECORDINGS: dict[str, Callable[[], bytes]] = {
    "index of 80 million samples.mp4": long_index,
    "packets that fail.mp4": packets_that_fail,
    "packed tags.mp3": packed_tags,
    "empty chunks.wav": empty_chunks,
    "video index of 80 million.mp4": long_video_index,
    "playlist.m3u8": lambda: PLAYLIST,
}
# Those that take all the time that there is.
SLOW = ("packets that fail.mp4", "packed tags.mp3")
PICTURES: dict[str, Callable[[], bytes]] = {
    "bomb.png": picture_bomb,
    "noise.jpg": lambda: b"\xff\xd8\xff\xe0" + np.random.default_rng(0).bytes(10_000),
}


def write_all(folder: Path, made: dict[str, Callable[[], bytes]]) -> list[Path]:
    """Write them into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, make in made.items():
        paths.append(folder / name)
        paths[-1].write_bytes(make())
    return paths
