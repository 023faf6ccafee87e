import os
from pathlib import Path

import av
import numpy as np
import pytest
from made_pictures import encoded, picture

from voice2face.media import medium_inside, medium_named, recordings_in

NOISE = np.random.default_rng(0).normal(0, 3000, (1, 8000)).astype(np.int16)


def recording(path: Path, container: str, codec: str, rate: int = 16_000, video: str = "") -> Path:
    """Half a second of noise, in any container."""
    with av.open(str(path), "w", format=container) as file:
        if video:
            pictures = file.add_stream(video, rate=25)
            pictures.width, pictures.height, pictures.pix_fmt = 64, 64, "yuv420p"
        stream = file.add_stream(codec, rate=rate, layout="mono")
        for _ in range(10 if video else 0):
            grey = np.full((64, 64, 3), 128, np.uint8)
            frame = av.VideoFrame.from_ndarray(grey, format="rgb24")
            file.mux(pictures.encode(frame.reformat(format="yuv420p")))
        frame = av.AudioFrame.from_ndarray(NOISE, format="s16", layout="mono")
        frame.sample_rate = 16_000
        resampler = av.AudioResampler(stream.format, stream.layout, stream.rate)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            file.mux(stream.encode(part))
        if video:
            file.mux(pictures.encode())
        file.mux(stream.encode())
    return path


SOUNDS = [
    ("wav", "pcm_s16le", 16_000),
    ("w64", "pcm_s16le", 16_000),
    ("flac", "flac", 16_000),
    ("ogg", "libopus", 48_000),
    ("mp3", "libmp3lame", 16_000),
    ("mp2", "mp2", 16_000),
    ("adts", "aac", 16_000),
    ("ipod", "aac", 16_000),
    ("aiff", "pcm_s16be", 16_000),
    ("caf", "pcm_s16le", 16_000),
    ("au", "pcm_s16be", 16_000),
    ("amr", "libopencore_amrnb", 8_000),
    ("voc", "pcm_u8", 16_000),
    ("wv", "wavpack", 16_000),
    ("tta", "tta", 16_000),
]
VIDEOS = [
    ("mp4", "aac", 16_000, "mpeg4"),
    ("mov", "pcm_s16le", 16_000, "mpeg4"),
    ("3gp", "aac", 16_000, "mpeg4"),
    ("matroska", "libopus", 48_000, "mpeg4"),
    ("webm", "libopus", 48_000, "libvpx"),
    ("avi", "pcm_s16le", 16_000, "mpeg4"),
    ("mpegts", "aac", 16_000, "mpeg2video"),
    ("vob", "mp2", 44_100, "mpeg2video"),
    ("flv", "aac", 44_100, "flv"),
]


@pytest.mark.parametrize("kind", SOUNDS, ids=lambda kind: kind[0])
def test_sound_is_known_by_its_first_bytes(tmp_path, kind):
    path = recording(tmp_path / "without an ending", *kind)
    assert medium_inside(path) == "sound"


@pytest.mark.parametrize("kind", VIDEOS, ids=lambda kind: kind[0])
def test_video_is_known_by_its_first_bytes(tmp_path, kind):
    path = recording(tmp_path / "x", *kind)
    assert medium_inside(path) == "video"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"])
def test_a_picture_is_known_by_its_first_bytes(tmp_path, kind):
    (tmp_path / "x").write_bytes(encoded(picture(), kind))
    assert medium_inside(tmp_path / "x") == "picture"


def test_all_else_is_nothing(tmp_path):
    for number, content in enumerate(
        (b"", b"text", b"\xff\xfei\x00n\x00", b"%PDF-1.7", b"PK\x03\x04", b"#EXTM3U", bytes(4000))
    ):
        (tmp_path / str(number)).write_bytes(content)
        assert medium_inside(tmp_path / str(number)) is None
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "nothing", "."):
        assert medium_inside(tmp_path / name) is None


def test_endings_of_phones_cameras_and_recorders():
    endings = "3gpp 3ga 3g2 weba mts m2ts vob asf m4r qta spx wave bwf aifc mpga f4v sph snd voc"
    for ending in [*endings.split(), "mp4a"]:
        assert medium_named(f"A.{ending.upper()}") in ("sound", "video"), ending
    assert medium_named("notes.txt") is None and medium_named("") is None
    assert medium_named("a.AVIF") == "picture"


def test_a_folder_is_read_whole_and_what_is_left_out_is_named(tmp_path):
    folder, elsewhere = tmp_path / "mine", tmp_path / "elsewhere"
    for place in (folder / "a", folder / "closed", elsewhere, folder / ".hidden"):
        place.mkdir(parents=True)
    for path in (folder / "b.3gpp", folder / "a" / "c.wav", elsewhere / "d.m4r"):
        path.touch()
    recording(folder / "without ending", "flac", "flac")
    (folder / ".hidden" / "e.wav").touch()
    (folder / "notes.txt").write_text("notes")
    (folder / "linked").symlink_to(elsewhere)
    (folder / "a" / "up").symlink_to(folder)  # a circle
    found = recordings_in(folder)
    assert [path.relative_to(folder).as_posix() for path in found.files] == [
        "b.3gpp", "without ending", "a/c.wav", "linked/d.m4r"
    ]  # fmt: skip
    assert found.others == [folder / "notes.txt"] and not found.unreadable


def test_a_folder_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    """The tests may run as somebody who can read all."""
    (tmp_path / "closed").mkdir()
    listing = os.scandir

    def scandir(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return listing(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert recordings_in(tmp_path).unreadable == [(tmp_path / "closed", "Permission denied")]
