"""Recordings as people bring them."""

import io
import struct
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.brought_sound import Pipe, encoded, float_wav, voice, wav
from benchmarks.inputs import RATE_HZ
from voice2face.arrays import Int16s
from voice2face.audio import extract, load_clip
from voice2face.audio.settings import FRONT_ENDS
from voice2face.errors import AudioError

Attempt = Callable[[], tuple[str, bool]]
Listed = Iterator[tuple[str, str, Attempt]]

A, B = voice(1, 4.0), voice(2, 3.0)
SILENCE = np.zeros(4 * RATE_HZ, np.int16)
LOST_S, ALIKE = 0.2, 0.9
JOINED_ALIKE = 0.8  # codecs put a little before the second recording, too
BLOCK = RATE_HZ // 50  # of the envelopes that are compared

KINDS = (
    ("wav", "pcm_s16le", 16_000), ("wav", "pcm_s24le", 48_000), ("wav", "pcm_f32le", 44_100),
    ("wav", "pcm_u8", 8_000), ("wav", "pcm_mulaw", 8_000), ("wav", "pcm_alaw", 8_000),
    ("wav", "adpcm_ima_wav", 16_000), ("w64", "pcm_s16le", 16_000), ("rf64", "pcm_s16le", 16_000),
    ("flac", "flac", 16_000), ("mp3", "libmp3lame", 44_100), ("mp2", "mp2", 44_100),
    ("ogg", "libopus", 48_000), ("ogg", "flac", 16_000), ("webm", "libopus", 48_000),
    ("matroska", "libopus", 48_000), ("matroska", "aac", 44_100), ("ipod", "aac", 44_100),
    ("mp4", "aac", 44_100), ("mp4", "alac", 44_100), ("mov", "pcm_s16le", 44_100),
    ("3gp", "aac", 16_000), ("adts", "aac", 44_100), ("aiff", "pcm_s16be", 44_100),
    ("caf", "pcm_s16le", 44_100), ("au", "pcm_s16be", 16_000), ("voc", "pcm_u8", 16_000),
    ("amr", "libopencore_amrnb", 8_000), ("wv", "wavpack", 16_000), ("tta", "tta", 16_000),
    ("mpegts", "aac", 44_100), ("flv", "aac", 44_100), ("avi", "pcm_s16le", 44_100),
    ("ac3", "ac3", 48_000), ("asf", "wmav2", 44_100), ("oga", "libvorbis", 44_100),
)  # fmt: skip
JOINED = [
    "wav",
    "flac",
    "ogg",
    "webm",
    "matroska",
    "mp4",
    "ipod",
    "adts",
    "mp3",
    "aiff",
    "caf",
    "w64",
    "wv",
    "tta",
    "flv",
    "voc",
    "amr",
    "mpegts",
]
GAPPED = ("matroska", "webm", "mp4", "mov", "ogg", "flv", "mpegts")
VIDEOS = (("mp4", "aac"), ("mov", "aac"), ("matroska", "aac"), ("avi", "mp2"), ("mpegts", "mp2"))


def recordings(folder: Path) -> Listed:
    """All situations, each with what should come of it and the attempt."""
    yield from _of_every_kind(folder)
    yield from _joined_and_short_headers()
    yield from _tracks_and_gaps()
    yield from _levels_and_channels()
    yield from _refused(folder)


def _of_every_kind(folder: Path) -> Listed:
    kinds = [kind for kind in KINDS if _can(kind)]
    for container, codec, rate in kinds:
        for layout in ("mono", "stereo"):
            if layout == "stereo" and container == "amr":
                continue
            content = encoded([A], container, codec, rate, layout)
            yield _sound(f"{codec} in {container}, {rate} Hz, {layout}", content, A)
    for container, codec in VIDEOS:
        content = encoded([A], container, codec, 44_100, pictures=True)
        yield _sound(f"a video, {codec} in {container}", content, A)
    for kind in (
        ("caf", "pcm_s16le", 16_000),
        ("mp4", "aac", 44_100),
        ("wav", "pcm_s16le", 16_000),
    ):
        situation = f"{kind[0]} through a pipe"
        yield _sound(situation, Pipe(encoded([A], *kind)), A)
    for name in ("声音 голос.wav", "no ending", "wrong ending.txt", " spaces .m4a"):
        path = folder / name
        path.write_bytes(wav(A))
        yield _sound(f"a file called '{name}'", path, A)


def _joined_and_short_headers() -> Listed:
    by_container = {kind[0]: kind for kind in reversed(KINDS) if _can(kind)}
    both = np.concatenate((A, B))
    for container in JOINED:
        kind = by_container[container]
        content = encoded([A], *kind) + encoded([B], *kind)
        yield _sound(
            f"two recordings one after another, {container}", content, both, alike=JOINED_ALIKE
        )
    chain = encoded([A], "ogg", "libopus", 48_000) + encoded([B], "ogg", "flac")
    yield _sound("an Ogg chain that changes its codec", chain, both)
    for declared, what in (
        (0, "no length"), (40_000, "too small a length"), (2**32 - 1, "an unknown length"),
        (2**31 - 1, "a length of 2 GiB"),
    ):  # fmt: skip
        yield _sound(f"a WAV with {what} in its header", wav(A, declared=declared), A)
        twice = wav(A, declared=declared) * 2
        yield _sound(f"two WAVs in one file, {what} in each", twice, np.concatenate((A, A)))
    notes = b"LIST" + struct.pack("<I", 30_000) + bytes(30_000)
    yield _sound("a WAV with notes after its sound", wav(A, after=notes), A)
    yield _sound("a WAV with an ID3 tag after its sound", wav(A, after=b"ID3\4" + bytes(9_000)), A)


def _tracks_and_gaps() -> Listed:
    by_container = {kind[0]: kind for kind in reversed(KINDS) if _can(kind)}
    for kind in (("matroska", "flac", 16_000), ("mp4", "aac", 44_100)):
        for tracks, default, heard, what in (
            ((A, B), 1, B, "the second is the default"),
            ((A, B), 0, A, "the first is the default"),
            ((A, B), None, A, "none is marked"),
            ((SILENCE, B), None, B, "the first is silent"),
            ((SILENCE, B), 0, B, "the first is silent and the default"),
            ((None, B), None, B, "the first is empty"),
        ):
            content = encoded(tracks, *kind, default=default)
            yield _sound(f"two tracks in {kind[0]}: {what}", content, heard)
    for container in GAPPED:
        kind = by_container[container]
        for late_s, gap_s, what in (
            (0, 6, "a pause"), (30, 0, "a late beginning"), (5, 10, "both"),
        ):  # fmt: skip
            content = encoded([A], *kind, late_s=late_s, gap_s=gap_s)
            yield _sound(f"{container} with {what}", content, A, alike=-1)


def _levels_and_channels() -> Listed:
    loud = A / np.abs(A).max()
    for db in (-20, 0, 6, 12, 18):
        content = float_wav(loud * 10 ** (db / 20))
        yield _sound(f"floats that reach {db:+} dB of full scale", content, A)
    yield _sound("sound with an offset", wav(np.clip(A + 3000, -32768, 32767)), A, alike=0.5)
    for n_channels in (2, 3, 6, 8, 16):
        content = wav(np.repeat(A[:, None], n_channels, axis=1))
        yield _sound(f"{n_channels} equal channels", content, A)
    yield _sound("a voice on the left, nothing on the right", wav(np.stack((A, 0 * A), 1)), A)
    both = wav(np.stack((A, -A), 1))
    yield _refusal("two channels that cancel", both, "two channels that cancel each other out")


def _refused(folder: Path) -> Listed:
    rng = np.random.default_rng(0)
    noise = np.round(rng.normal(0, 3000, 5 * RATE_HZ)).astype(np.int16)
    whole = encoded([A], "flac", "flac")
    for situation, content, words in (
        ("digital silence", wav(SILENCE), "silence: no sound came in"),
        ("a microphone that is off, with its hiss", wav(noise // 1500), "silence: no sound came"),
        ("white noise", wav(noise), "noise or a hum, and no speech"),
        ("half a second", wav(A[:8000]), "a recording of 0.5 s"),
        ("a very quiet voice", wav((A / 100).astype(np.int16)), "very quiet sound"),
        ("an empty file", b"", "an empty file"),
        ("a text", b"Dear diary,\n" * 300, "not decodable"),
        ("a web page", b"<!DOCTYPE html><html>" * 50, "not decodable"),
        ("a zip file", b"PK\3\4" + rng.bytes(5000), ""),
        ("a WAV cut in half", wav(A)[: len(wav(A)) // 2], "breaks off"),
        ("a FLAC cut in half", whole[: len(whole) // 2], "breaks off"),
        (
            "an MP4 whose end is missing",
            encoded([A], "mp4", "aac", 44_100)[:20_000],
            "not decodable",
        ),
        ("a video without sound", encoded([], "matroska", "aac", pictures=True), "without sound"),
        ("floats on the scale of int16", float_wav(A.astype(float)), "floats that reach"),
        ("floats that are no numbers", float_wav(np.full(9000, np.nan)), "NaN"),
        ("a playlist", b"#EXTM3U\n#EXTINF:9,\n/etc/hostname\n", "not decodable"),
    ):
        yield _refusal(situation, content, words)
    yield _refusal("a folder", folder, "a folder")
    yield _refusal("a file that isn't there", folder / "gone.wav", "no such file")


def _sound(
    situation: str,
    source: "bytes | Path | Pipe",
    expected: Int16s,
    *,
    alike: float = ALIKE,
) -> tuple[str, str, Attempt]:
    right = f"{len(expected) / RATE_HZ:.1f} s of it"
    return situation, right, partial(_heard, source, expected, alike)


def _heard(source: "bytes | Path | Pipe", expected: Int16s, alike: float) -> tuple[str, bool]:
    clip = load_clip(io.BytesIO(source) if isinstance(source, bytes) else source)
    off_s = abs(len(clip) - len(expected)) / RATE_HZ
    likeness = _likeness(clip, expected)
    came = f"{len(clip) / RATE_HZ:.2f} s, likeness of the envelopes {likeness:.2f}"
    return came, off_s <= LOST_S and likeness >= alike


def _likeness(clip: Int16s, expected: Int16s) -> float:
    """Largest correlation of both envelopes within 0.2 s: codecs put a little before the sound."""
    first, second = (_envelope(samples) for samples in (clip, expected))
    found = []
    for shift in range(11):
        n = min(len(first) - shift, len(second))
        found.append(float(np.corrcoef(first[shift : shift + n], second[:n])[0, 1]))
    return max(found)


def _envelope(samples: Int16s) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    whole = samples[: len(samples) // BLOCK * BLOCK].reshape(-1, BLOCK).astype(float)
    return np.sqrt((whole**2).mean(axis=1))


def _refusal(situation: str, source: "bytes | Path", words: str) -> tuple[str, str, Attempt]:
    return situation, f"refused: {words or 'in one line'}", partial(_said, source, words)


def _said(source: "bytes | Path", words: str) -> tuple[str, bool]:
    try:
        extract(io.BytesIO(source) if isinstance(source, bytes) else source, FRONT_ENDS["clean"])
    except AudioError as error:
        return str(error), words in str(error) and "\n" not in str(error)
    return "taken", False


def _can(kind: tuple[str, str, int]) -> bool:
    """Whether the libraries here can write such a file; all that they write they read."""
    try:
        encoded([A[:4000]], *kind)
    except (ValueError, OSError):
        return False
    return True
