import os
import struct
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest
from PIL import Image

from voice2face.faces import upright
from voice2face.faces import video as frames
from voice2face.faces.crop import best_few
from voice2face.faces.pictures import PictureError
from voice2face.faces.quality import Quality
from voice2face.faces.video import sample_frames

RATE = 25
VIDEOS = Path(__file__).parents[3] / "shared" / "data" / "video"


def drawn(i: int, n: int, width: int = 64, height: int = 48) -> np.ndarray:
    """Grey that grows with time; upper left quarter red, upper right green."""
    picture = np.full((height, width, 3), round(40 + 160 * i / n), np.uint8)
    picture[: height // 4, : width // 4] = (200, 20, 20)
    picture[: height // 4, -width // 4 :] = (20, 200, 20)
    return picture


def moment(picture: np.ndarray, n: int) -> float:
    """Which of the ``n`` drawn frames it is."""
    middle = picture[picture.shape[0] // 2 :].mean()
    return (middle - 40) / 160 * n


def write(
    path: Path, n: int = 50, codec: str = "mpeg4", gop: int = 12, times=None, **stream_options
) -> Path:
    pix_fmt = stream_options.pop("pix_fmt", "yuv420p")
    size = stream_options.pop("size", (64, 48))
    metadata = stream_options.pop("metadata", None)
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=RATE)
        stream.width, stream.height = size
        stream.pix_fmt = pix_fmt
        stream.bit_rate = 2_000_000
        stream.gop_size = gop
        stream.codec_context.time_base = Fraction(1, 1000 if times else RATE)
        for name, value in stream_options.items():
            setattr(stream, name, value)
        if metadata:
            stream.metadata.update(metadata)
        for i in range(n):
            frame = av.VideoFrame.from_ndarray(drawn(i, n, *size), format="rgb24")
            frame = frame.reformat(format=pix_fmt)
            frame.pts = times[i] if times else i
            frame.time_base = stream.codec_context.time_base
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    """Two seconds of 25 frames."""
    return write(tmp_path_factory.mktemp("clips") / "clip.mp4")


@pytest.mark.parametrize("n", [1, 4, 10])
def test_frames_are_the_middles_of_equal_parts(clip, n):
    taken = list(sample_frames(clip, n))
    wanted = [2 * (i + 0.5) / n for i in range(n)]
    np.testing.assert_allclose([time_s for time_s, _ in taken], wanted, atol=1 / RATE)
    for time_s, picture in taken:
        assert picture.dtype == np.uint8 and picture.shape == (48, 64, 3)
        assert picture.flags.c_contiguous
        assert moment(picture, 50) == pytest.approx(time_s * RATE, abs=1.5)
        assert picture[3, 4, 0] > 150 and picture[3, 60, 1] > 150  # red left, green right


def test_a_clip_with_fewer_frames_gives_each_once(tmp_path):
    taken = list(sample_frames(write(tmp_path / "short.mp4", n=3), 10))
    np.testing.assert_allclose([time_s for time_s, _ in taken], [0, 0.04, 0.08], atol=1e-3)


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mkv", "mpeg4"),
        ("a.avi", "mpeg4"),
        ("a.mpg", "mpeg1video"),
        ("a.ts", "mpeg2video"),
        ("a.m1v", "mpeg1video"),
        ("a.flv", "flv"),
        ("a.mjpeg", "mjpeg"),
    ],
)
def test_containers_with_and_without_times(tmp_path, name, codec):
    options = {"pix_fmt": "yuvj420p"} if codec == "mjpeg" else {}
    taken = list(sample_frames(write(tmp_path / name, codec=codec, **options), 5))
    times = np.array([time_s for time_s, _ in taken])
    np.testing.assert_allclose(times, [0.2, 0.6, 1.0, 1.4, 1.8], atol=0.09)
    moments = [moment(picture, 50) for _, picture in taken]
    np.testing.assert_allclose(moments, times * RATE, atol=4)


@pytest.mark.parametrize("gop", [25, 1000])
def test_a_long_clip_is_sought_through_and_spread(tmp_path, gop, monkeypatch):
    decoded = []
    as_it_is = frames._decoded

    def counted(*args):
        for found in as_it_is(*args):
            decoded.append(found)
            yield found

    monkeypatch.setattr(frames, "_decoded", counted)
    n = 60 * RATE
    taken = list(sample_frames(write(tmp_path / "long.mp4", n=n, gop=gop), 6))
    times = np.array([time_s for time_s, _ in taken])
    np.testing.assert_allclose(times, np.arange(5, 60, 10), atol=5)
    assert (np.diff(times) >= 5).all()
    np.testing.assert_allclose([moment(p, n) for _, p in taken], times * RATE, atol=25)
    # Key frames near the wanted times are taken; where there are none, little is decoded twice.
    assert len(decoded) < (60 if gop == 25 else 1.5 * n)


def test_frames_of_uneven_length_are_spread_by_time(tmp_path):
    times = [*range(0, 1000, 40), *range(1000, 5000, 400)]  # ms
    clip = write(tmp_path / "uneven.mkv", n=len(times), times=times)
    found = [time_s for time_s, _ in sample_frames(clip, 4)]
    np.testing.assert_allclose(found, [0.6, 1.8, 3.0, 4.2], atol=0.41)


def test_never_more_than_were_asked_for(clip, monkeypatch):
    monkeypatch.setattr(frames, "_rate", lambda stream: 0.1)  # a header that is wrong
    assert len(list(sample_frames(clip, 4))) == 4


def test_a_clip_that_starts_late_counts_from_its_first_frame(tmp_path):
    times = [10_000 + 40 * i for i in range(50)]
    clip = write(tmp_path / "late.mkv", times=times)
    np.testing.assert_allclose(
        [time_s for time_s, _ in sample_frames(clip, 2)], [0.5, 1.5], atol=0.05
    )


@pytest.mark.parametrize("name", ["cut.mp4", "cut.mkv", "cut.avi", "cut.mpg"])
def test_of_a_file_that_breaks_off_the_part_that_is_there_counts(tmp_path, name):
    codec = "mpeg1video" if name.endswith("mpg") else "mpeg4"
    options = {"container_options": {"movflags": "faststart"}}
    whole = write(tmp_path / f"whole-{name}", n=100, codec=codec)
    data = whole.read_bytes()
    if name.endswith("mp4"):
        data = _with_index_first(whole, tmp_path / "fast.mp4", options)
    (tmp_path / name).write_bytes(data[: len(data) * 6 // 10])
    taken = list(sample_frames(tmp_path / name, 6))
    assert 5 <= len(taken) <= 6
    assert 0.8 < taken[-1][0] < 3.0


def _with_index_first(path: Path, target: Path, options) -> bytes:
    with av.open(str(path)) as given, av.open(str(target), "w", **options) as out:
        (source,) = given.streams.video
        stream = (
            out.add_stream_from_template(source)
            if hasattr(out, "add_stream_from_template")
            else out.add_stream(template=source)
        )
        for packet in given.demux(source):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    return target.read_bytes()


def test_damage_in_the_middle_costs_some_frames(clip, tmp_path):
    data = bytearray(clip.read_bytes())
    start = len(data) // 3
    data[start : start + 400] = os.urandom(400)
    (tmp_path / "damaged.mp4").write_bytes(data)
    taken = list(sample_frames(tmp_path / "damaged.mp4", 10))
    assert len(taken) >= 5


def turned_by(matrix: tuple[int, ...]) -> tuple[int, int, int, int]:
    a, b, c, d = (65536 * value for value in matrix)
    return a, b, c, d


@pytest.mark.parametrize(
    ("matrix", "red"),
    [
        ((1, 0, 0, 1), "upper left"),
        ((0, 1, -1, 0), "upper right"),  # a quarter turn clockwise
        ((-1, 0, 0, -1), "lower right"),
        ((0, -1, 1, 0), "lower left"),
        ((-1, 0, 0, 1), "upper right"),  # mirrored
        ((0, 1, 1, 0), "upper left"),
    ],
)
def test_the_turn_that_a_phone_noted_is_applied(clip, tmp_path, matrix, red):
    # Into the track's header: the matrix of the file, 9 numbers, the first of them 1.0.
    data = bytearray(clip.read_bytes())
    unity = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30)
    at = data.index(unity, data.index(b"tkhd"))
    a, b, c, d = turned_by(matrix)
    data[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    (tmp_path / "turned.mp4").write_bytes(data)
    ((_, picture),) = sample_frames(tmp_path / "turned.mp4", 1)
    assert picture.shape == ((64, 48, 3) if matrix[0] == 0 else (48, 64, 3))
    y = 3 if "upper" in red else -3
    x = 3 if "left" in red else -3
    assert picture[y, x, 0] > 150 > 80 > picture[y, x, 2]


@pytest.mark.parametrize(
    ("ratio", "shape"), [(Fraction(2), (48, 128)), (Fraction(1, 2), (96, 64)), (None, (48, 64))]
)
def test_pixels_become_square(tmp_path, ratio, shape):
    options = {"sample_aspect_ratio": ratio} if ratio else {}
    clip = tmp_path / "wide.mkv"
    with av.open(str(clip), "w") as out:
        stream = out.add_stream("mpeg4", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for name, value in options.items():
            setattr(stream.codec_context, name, value)
        for i in range(5):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(drawn(i, 5), format="rgb24")))
        out.mux(stream.encode(None))
    ((_, picture),) = sample_frames(clip, 1)
    assert picture.shape[:2] == shape


def test_a_large_frame_is_shrunk(tmp_path, monkeypatch):
    monkeypatch.setattr(upright, "MAX_SIDE", 32)
    ((_, picture),) = sample_frames(write(tmp_path / "large.mp4", n=5), 1)
    assert picture.shape == (24, 32, 3)
    assert picture[1, 2, 0] > 150


def test_a_frame_that_is_too_large_is_refused(clip, monkeypatch):
    for module in (frames, upright):
        monkeypatch.setattr(module, "MAX_PIXELS", 64 * 47)
    with pytest.raises(PictureError) as caught:
        list(sample_frames(clip, 1))
    assert caught.value.reason in ("picture too large", "damaged video")
    assert f"at most {64 * 47}" in caught.value.detail


@pytest.mark.parametrize("space", [1, 5])
@pytest.mark.parametrize("full", [False, True])
def test_colours_are_those_that_were_filmed(space, full):
    """Red, by the definitions of BT.709 and BT.601 (ITU-R)."""
    kr, kb = {1: (0.2126, 0.0722), 5: (0.299, 0.114)}[space]
    red, green, blue = 0.8, 0.4, 0.3
    y = kr * red + (1 - kr - kb) * green + kb * blue
    u, v = (blue - y) / (2 - 2 * kb), (red - y) / (2 - 2 * kr)
    levels = (255 * y, 128 + 255 * u, 128 + 255 * v)
    if not full:
        levels = (16 + 219 * y, 128 + 224 * u, 128 + 224 * v)
    planes = np.empty((96, 64), np.uint8)
    planes[:64] = round(levels[0])
    planes[64:80], planes[80:] = round(levels[1]), round(levels[2])
    frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
    frame.colorspace, frame.color_range = space, 2 if full else 1
    picture = upright.upright(frame, 1.0)
    np.testing.assert_allclose(picture[32, 32], [204, 102, 76.5], atol=4)


def test_of_interlaced_frames_one_moment_is_taken():
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[::2] = 255  # the first field
    frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
    still = SimpleNamespace(
        width=64,
        height=64,
        interlaced_frame=True,
        colorspace=2,
        color_range=0,
        format=frame.format,
        side_data={},
        reformat=lambda *size, **_: frame.reformat(*size, format="rgb24"),
    )
    taken = upright.upright(still, 1.0)
    assert taken.shape == (64, 64, 3) and (taken == 255).all()


@pytest.mark.parametrize("pix_fmt", ["yuv422p", "yuv444p10le", "gray", "bgr0"])
def test_unusual_pixel_formats(tmp_path, pix_fmt):
    clip = write(tmp_path / "odd.mkv", n=5, codec="ffv1", pix_fmt=pix_fmt)
    ((_, picture),) = sample_frames(clip, 1)
    assert picture.shape == (48, 64, 3)
    assert moment(picture, 5) == pytest.approx(2, abs=0.3)


def sound(path: Path) -> Path:
    with av.open(str(path), "w") as out:
        stream = out.add_stream("pcm_s16le" if path.suffix == ".wav" else "aac", rate=16_000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 16_000), np.int16), "s16", "mono")
        frame.sample_rate, frame.pts = 16_000, 0
        for one in av.AudioResampler(stream.format, "mono", 16_000).resample(frame):
            out.mux(stream.encode(one))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("name", ["sound.wav", "sound.m4a"])
def test_sound_alone_has_no_pictures(tmp_path, name):
    with pytest.raises(PictureError) as caught:
        list(sample_frames(sound(tmp_path / name), 3))
    assert caught.value.reason == "no pictures in the video"


def test_cover_art_is_no_video(tmp_path):
    """An .mp3 with a picture in its tags, as music shops sell it."""
    with av.open(str(tmp_path / "plain.mp3"), "w") as out:
        stream = out.add_stream("mp3", rate=16_000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 16_000), np.int16), "s16p", "mono")
        frame.sample_rate, frame.pts = 16_000, 0
        for one in av.AudioResampler("s16p", "mono", 16_000).resample(frame):
            out.mux(stream.encode(one))
        out.mux(stream.encode(None))
    Image.fromarray(drawn(1, 2)).save(tmp_path / "cover.jpg")
    picture = b"\0image/jpeg\0\3\0" + (tmp_path / "cover.jpg").read_bytes()
    tag = b"APIC" + struct.pack(">IH", len(picture), 0) + picture
    size = bytes((len(tag) >> shift) & 0x7F for shift in (21, 14, 7, 0))
    song = tmp_path / "song.mp3"
    song.write_bytes(b"ID3\3\0\0" + size + tag + (tmp_path / "plain.mp3").read_bytes())
    with av.open(str(song)) as container:
        assert container.streams.video  # FFmpeg makes a stream of it
    with pytest.raises(PictureError) as caught:
        list(sample_frames(song, 3))
    assert caught.value.reason == "no pictures in the video"


@pytest.mark.parametrize(
    "content",
    [b"", b"just text, named as a video\n" * 100, os.urandom(5000), b"\0" * 5000],
)
def test_what_is_no_video_is_said_to_be_none(tmp_path, content):
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    with pytest.raises(PictureError) as caught:
        list(sample_frames(path, 3))
    assert caught.value.reason in ("not a video", "damaged video", "no pictures in the video")


def test_text_and_pictures_are_not_filmed(tmp_path):
    (tmp_path / "a.txt").write_text("FFmpeg would draw this\n" * 100)
    Image.fromarray(drawn(0, 1)).save(tmp_path / "a.png")
    for name in ("a.txt", "a.png"):
        with pytest.raises(PictureError) as caught:
            list(sample_frames(tmp_path / name, 3))
        assert caught.value.reason == "not a video"


def test_a_playlist_opens_no_other_file(clip, tmp_path):
    (tmp_path / "list.m3u8").write_text(
        f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile://{clip}\n#EXT-X-ENDLIST\n"
    )
    (tmp_path / "list.ffconcat").write_text(f"ffconcat version 1.0\nfile {clip}\n")
    for name in ("list.m3u8", "list.ffconcat"):
        with pytest.raises(PictureError) as caught:
            list(sample_frames(tmp_path / name, 3))
        assert caught.value.reason == "not a video"


def test_a_folder_or_a_pipe_is_no_video(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")
    for path in (tmp_path, tmp_path / "pipe.mp4"):
        with pytest.raises(PictureError, match="no regular file"):
            list(sample_frames(path, 3))


def face(time_s: float | None, **quality) -> SimpleNamespace:
    return SimpleNamespace(quality=Quality(time_s=time_s, **quality))


def test_the_best_of_each_part_is_taken_in_order():
    faces = [face(t / 10, score=0.9, yaw_deg=20.0) for t in range(20)]
    good = [face(0.35, score=0.9, yaw_deg=0.0), face(1.55, score=0.9, yaw_deg=2.0)]
    chosen = best_few([*reversed(faces), *good], 2)
    assert chosen == good


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        ({"score": 0.7}, {"score": 0.9}),
        ({"yaw_deg": -25.0}, {"yaw_deg": 3.0}),
        ({"eyes_px": 20.0}, {"eyes_px": 55.0}),
        ({"sharpness": 0.1}, {"sharpness": 0.4}),
        ({"outside": 0.2}, {"outside": 0.0}),
    ],
)
def test_what_makes_a_face_better(worse, better):
    faces = [face(0.0, **worse), face(0.1, **better)]
    assert best_few(faces, 1) == faces[1:]
    assert best_few(faces[::-1], 1) == faces[1:]


def test_empty_parts_are_filled_from_the_others():
    faces = [face(0.0, score=0.9), face(0.1, score=0.8), face(0.2, score=0.7), face(9.0, score=0.6)]
    assert best_few(faces, 3) == [faces[0], faces[1], faces[3]]
    assert best_few(faces, 10) == faces
    assert best_few([], 3) == []
    same = [face(None), face(None)]
    assert best_few(same, 5) == same


@pytest.mark.skipif(not VIDEOS.is_dir(), reason="no clips beside the checkout")
def test_real_clips_give_frames_of_their_size():
    for path in sorted(VIDEOS.iterdir()):
        taken = list(sample_frames(path, 8))
        assert len(taken) == 8
        assert all(picture.std() > 20 for _, picture in taken)
