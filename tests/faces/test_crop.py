import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageFilter

from voice2face.faces import GEOMETRIES, FaceMaker, PictureError, YuNet, read_picture
from voice2face.faces.crop import Face
from voice2face.faces.detect import Detection
from voice2face.faces.layout import Layout
from voice2face.faces.normalise import BACKGROUND
from voice2face.faces.settings import FaceCrop, FaceFilters
from voice2face.faces.video import n_tracks

from .face_samples import GEOMETRY, encoded, painted, portrait

EYES = 0.296


@pytest.fixture
def maker(yunet: YuNet) -> FaceMaker:
    return FaceMaker(FaceCrop(), yunet)


class Painter:
    """A detector that knows where the face was painted."""

    def __init__(self, px: int = 160, at: tuple[int, int] = (120, 60)) -> None:
        points = (px * GEOMETRY + at).astype(np.float32)
        self.face = Detection((at[0], at[1], px, px), points, 0.9)

    def __call__(self, picture: np.ndarray) -> list[Detection]:
        return [self.face]


def _difference(pixels: np.ndarray, face: np.ndarray) -> float:
    small = np.asarray(Image.fromarray(face).resize(pixels.shape[:2], Image.Resampling.BOX))
    return float(np.abs(pixels.astype(int) - small).mean())


@pytest.mark.parametrize("px", [64, 128])
def test_the_crop_of_a_known_face_is_that_face(px: int) -> None:
    pytest.importorskip("cv2")
    maker = FaceMaker(FaceCrop(px=px), Painter())
    face = maker.from_picture(encoded(Image.fromarray(portrait(0))))
    assert face.pixels.shape == (px, px, 3)
    assert _difference(face.pixels, painted(0)) < 3
    quality = face.quality
    assert quality.score == 0.9
    assert quality.n_faces == 1
    assert quality.eyes_px == pytest.approx(EYES * 160, rel=0.01)
    assert abs(quality.yaw_deg) < 2
    assert quality.outside == 0
    assert quality.removed is None
    assert quality.time_s is None


def test_quality_does_not_depend_on_the_size_of_the_crop() -> None:
    pytest.importorskip("cv2")
    data = encoded(Image.fromarray(portrait(0)))
    small, large = (FaceMaker(FaceCrop(px=px), Painter()).from_picture(data) for px in (64, 128))
    assert small.quality == large.quality


def _exif_turned(image: Image.Image) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(image.transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif, quality=95)


def _animated(image: Image.Image) -> bytes:
    other = Image.new("RGB", image.size, "lime")
    return encoded(image, "WEBP", save_all=True, append_images=[other], duration=90, lossless=True)


def _deep(image: Image.Image) -> bytes:
    return encoded(Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257))


@pytest.mark.parametrize(
    ("make", "grey"),
    [
        (encoded, False),
        (_exif_turned, False),
        (_animated, False),
        (_deep, True),
        (lambda image: encoded(image.convert("L"), "JPEG", quality=95), True),
        (lambda image: encoded(image.convert("CMYK"), "JPEG", quality=95), False),
        (lambda image: encoded(image.convert("RGBA"), "PNG"), False),
        (lambda image: encoded(image.resize((3200, 2400)), "JPEG"), False),
    ],
)
def test_a_face_in_any_kind_of_picture_is_found_upright(maker: FaceMaker, make, grey) -> None:
    face = maker.from_picture(make(Image.fromarray(portrait(3))))
    expected = painted(3)
    if grey:
        expected = np.asarray(Image.fromarray(expected).convert("L").convert("RGB"))
    assert _difference(face.pixels, expected) < 0.6 * _difference(face.pixels, expected[::-1])
    found = YuNetOn.points(maker, face)
    assert np.hypot(*(found - GEOMETRY).T).mean() < 0.05


class YuNetOn:
    """Where the detector sees the points of a face that it helped to align."""

    @staticmethod
    def points(maker: FaceMaker, face: Face) -> np.ndarray:
        large = Image.fromarray(face.pixels).resize((192, 192), Image.Resampling.BICUBIC)
        return maker._detector(np.asarray(large))[0].points / 192


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda image: encoded(image, "JPEG")[:3000], "damaged picture"),
        (lambda image: b"a text file", "not a picture"),
        (lambda image: encoded(Image.new("L", (9000, 9000))), "picture too large"),
        (lambda image: encoded(image.resize((20, 15))), "picture too small"),
        (lambda image: encoded(Image.new("RGB", image.size)), "no face"),
        (lambda image: encoded(image.resize((100, 75))), "face too small"),
        (lambda image: encoded(image.filter(ImageFilter.GaussianBlur(6))), "blurred"),
        (lambda image: encoded(image.point(lambda value: value * 0.15)), "dark"),
        (lambda image: encoded(image.crop((0, 130, 400, 300))), "cut off"),
    ],
)
def test_pictures_that_give_no_face(make, reason: str) -> None:
    pytest.importorskip("cv2")
    image = Image.fromarray(portrait(0))

    def detector(picture: np.ndarray) -> list[Detection]:
        if not picture.any():
            return []
        if picture.shape[0] == 75:
            return [Painter(40, (30, 15)).face]
        return [Painter(160, (120, 60 - 130 * (picture.shape[0] == 170))).face]

    with pytest.raises(PictureError) as caught:
        FaceMaker(FaceCrop(), detector).from_picture(make(image))
    assert caught.value.reason == reason


def test_a_side_view_is_refused() -> None:
    pytest.importorskip("cv2")
    turned = Painter()
    turned.face.points[2, 0] += 0.5 * EYES * 160
    filters = FaceFilters(max_yaw_deg=30)
    with pytest.raises(PictureError, match="degrees of yaw; at most 30") as caught:
        FaceMaker(FaceCrop(filters=filters), turned).from_picture(
            encoded(Image.fromarray(portrait(0)))
        )
    assert caught.value.reason == "not frontal"


def test_points_that_say_nothing_are_no_face() -> None:
    nothing = Painter()
    nothing.face.points[:] = 5
    with pytest.raises(PictureError) as caught:
        FaceMaker(FaceCrop(), nothing).from_picture(encoded(Image.fromarray(portrait(0))))
    assert caught.value.reason == "no face"


def test_an_aligned_picture_is_only_read(maker: FaceMaker) -> None:
    face = FaceMaker(FaceCrop(px=80)).from_aligned(encoded(Image.fromarray(painted(0, 80))))
    np.testing.assert_array_equal(face.pixels, painted(0, 80))
    assert face.quality.score is None
    assert face.quality.removed is None


class LeftHalf:
    """Masks that keep the left half of the context."""

    def __init__(self, remove: tuple[str, ...]) -> None:
        assert remove == ("hair",)

    def __call__(self, crop: np.ndarray, inside: np.ndarray | None) -> np.ndarray:
        assert crop.shape == (256, 256, 3)
        keep = np.ones((256, 256), np.float32)
        keep[:, 128:] = 0
        return keep


@pytest.mark.parametrize("aligned", [False, True])
def test_what_is_removed_becomes_grey(monkeypatch: pytest.MonkeyPatch, aligned: bool) -> None:
    pytest.importorskip("cv2")
    monkeypatch.setattr("voice2face.faces.crop.Masks", LeftHalf)
    plain, masked = (FaceMaker(FaceCrop(remove=remove), Painter()) for remove in ((), ("hair",)))
    if aligned:
        data = encoded(Image.fromarray(painted(0)))
        before, after = plain.from_aligned(data), masked.from_aligned(data)
    else:
        data = encoded(Image.fromarray(portrait(0)))
        before, after = plain.from_picture(data), masked.from_picture(data)
    assert (after.pixels[:, 33:] == 128).all()
    np.testing.assert_array_equal(after.pixels[:, :31], before.pixels[:, :31])
    assert after.quality.removed == pytest.approx(0.5, abs=0.01)


def _no_masks(remove: tuple[str, ...]) -> None:
    raise AssertionError("no masks were wanted")


def _video(*frames: np.ndarray):
    def sample_frames(path: Path, n: int, track: int) -> Iterator[tuple[float, np.ndarray]]:
        yield from ((float(i), frame) for i, frame in enumerate(frames))

    return sample_frames


def test_faces_of_a_video(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("cv2")
    blank, good = np.zeros((300, 400, 3), np.uint8), portrait(0)
    frames = _video(blank, good, blank, portrait(1), good)
    monkeypatch.setattr("voice2face.faces.video.sample_frames", frames)
    monkeypatch.setattr("voice2face.faces.crop.Masks", _no_masks)
    maker = FaceMaker(FaceCrop(), Painter())  # sees a face in the blank frames, which are dark
    faces = maker.from_video(Path("clip.mp4"))
    assert [face.quality.time_s for face in faces] == [1, 3, 4]
    assert _difference(faces[1].pixels, painted(1)) < 3
    two = FaceMaker(FaceCrop(faces_per_video=2), Painter()).from_video(Path("clip.mp4"))
    assert len(two) == 2


def test_a_video_without_a_face_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("cv2")
    blank = np.zeros((300, 400, 3), np.uint8)
    monkeypatch.setattr("voice2face.faces.video.sample_frames", _video(blank, blank))
    with pytest.raises(PictureError, match="2 of 2 frames, the first: 0 brightness") as caught:
        FaceMaker(FaceCrop(), Painter()).from_video(Path("clip.mp4"))
    assert caught.value.reason == "dark"
    monkeypatch.setattr("voice2face.faces.video.sample_frames", _video())
    with pytest.raises(PictureError) as caught:
        FaceMaker(FaceCrop(), Painter()).from_video(Path("clip.mp4"))
    assert caught.value.reason == "no pictures in the video"


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_a_turned_picture_gives_an_upright_face(maker: FaceMaker, turn: int) -> None:
    """Without a note of the camera: from the picture alone."""
    scene = portrait(2)
    expected = maker.from_picture(encoded(Image.fromarray(scene)))
    made = maker.from_picture(encoded(Image.fromarray(np.rot90(scene, turn))))
    assert np.abs(made.pixels.astype(int) - expected.pixels).mean() < 8
    assert made.quality.yaw_deg == pytest.approx(expected.quality.yaw_deg, abs=6)


@pytest.mark.parametrize("default", [None, 0, 1])
def test_the_camera_is_looked_at_and_not_the_shared_screen(
    maker: FaceMaker, tmp_path: Path, default: int | None
) -> None:
    """Whichever is the default: a track without a face is passed over."""
    path = tmp_path / "meeting.mkv"
    screen = np.full((300, 400, 3), 235, np.uint8)
    with av.open(str(path), "w") as file:
        streams = [file.add_stream("mpeg4", rate=10) for _ in range(2)]
        for number, stream in enumerate(streams):
            stream.width, stream.height, stream.pix_fmt = 400, 300, "yuv420p"
            stream.bit_rate = 4_000_000
            if default is not None:
                stream.disposition = av.stream.Disposition(1 if number == default else 0)
        for stream, shown in zip(streams, (screen, portrait(1)), strict=True):
            for _ in range(20):
                frame = av.VideoFrame.from_ndarray(shown, format="rgb24")
                file.mux(stream.encode(frame.reformat(format="yuv420p")))
            file.mux(stream.encode(None))
    assert n_tracks(path) == 2
    faces = maker.from_video(path)
    assert faces and _difference(faces[0].pixels, painted(1)) < 20


def test_a_masked_face_shows_nothing_of_what_its_border_mirrors(yunet: YuNet) -> None:
    scene = portrait(1, at=(120, 0))[24:]  # the picture ends within the forehead
    data = encoded(Image.fromarray(scene))
    plain = FaceMaker(FaceCrop(), yunet).from_picture(data)
    assert plain.quality.outside > 0.05
    masked = FaceMaker(FaceCrop(remove=("hair",)), yunet).from_picture(data)
    n_rows = int(plain.quality.outside * 64)
    assert (masked.pixels[: n_rows - 1] == 128).all()


def test_yunet_is_found_by_itself() -> None:
    pytest.importorskip("cv2")
    face = FaceMaker(FaceCrop()).from_picture(encoded(Image.fromarray(portrait(0))))
    assert face.pixels.shape == (64, 64, 3)


def test_importing_faces_is_light() -> None:
    code = "import sys, voice2face.faces; print({'cv2', 'av', 'onnxruntime'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_faces_aligned_from_themselves_stay_where_they_are(yunet: YuNet, photographs: Path) -> None:
    files = sorted((photographs / "faces").rglob("*.jpg"))[::6]
    maker = FaceMaker(FaceCrop(px=128), yunet)
    points = []
    for file in files:
        face = maker.from_picture(file.read_bytes())
        points += [found.points / 128 for found in yunet(face.pixels)[:1]]
    assert len(points) == len(files)
    off = np.hypot(*(np.mean(points, axis=0) - GEOMETRIES["released"]).T)
    assert off.mean() < 0.02
    first = read_picture(files[0].read_bytes())
    assert first.shape == (128, 128, 3)


def test_a_normalised_crop_lies_on_the_mean_shape_before_a_plain_background(yunet: YuNet) -> None:
    crop = FaceCrop(px=64, geometry="normalised", remove=("hair",))
    np.testing.assert_allclose(GEOMETRIES["normalised"], Layout.read().five, atol=1e-3)
    normalising = FaceMaker(crop, yunet)
    large = {"px": 200, "at": (90, 40)}
    face = normalising.from_picture(encoded(Image.fromarray(portrait(0, **large))))
    assert face.pixels.shape == (64, 64, 3)
    assert (face.pixels[0] == BACKGROUND).all()
    with pytest.raises(PictureError) as refused:
        normalising.from_picture(encoded(Image.fromarray(portrait(1, **large))))
    assert refused.value.reason == "burnt"


def test_a_close_crop_is_the_middle_of_a_normalised_face(yunet: YuNet) -> None:
    picture = encoded(Image.fromarray(portrait(0, px=200, at=(90, 40))))
    whole, close = (
        FaceMaker(FaceCrop(px=px, geometry=geometry, remove=("hair",)), yunet).from_picture(picture)
        for px, geometry in ((104, "normalised"), (64, "normalised-close"))
    )
    np.testing.assert_array_equal(close.pixels, whole.pixels[26:90, 20:84])
    assert close.shape is None  # whose points would lie in another square
    at = GEOMETRIES["normalised-close"] * 64 + (20, 26)
    np.testing.assert_allclose(at, GEOMETRIES["normalised"] * 104)
    shares = [(one.pixels != BACKGROUND).any(axis=-1).mean() for one in (whole, close)]
    assert shares[0] < 0.4 < 0.6 < shares[1]
    with pytest.raises(ValueError, match="multiple of 8"):
        FaceCrop(px=60, geometry="normalised-close")
