import contextlib
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from voice2face.faces import pictures
from voice2face.faces.pictures import PictureError, read_picture, square_pixels

from .face_samples import encoded, picture

REFERENCE = np.asarray(picture().resize((64, 64), Image.Resampling.LANCZOS)).astype(int)


def _difference(data: bytes) -> float:
    return float(np.abs(square_pixels(data, 64) - REFERENCE).mean())


def _png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0"))


@pytest.mark.parametrize(
    ("kind", "mode", "tolerance"),
    [
        ("PNG", "RGB", 0),
        ("PNG", "RGBA", 1),
        ("PNG", "P", 12),
        ("JPEG", "RGB", 3),
        ("JPEG", "CMYK", 3),
        ("TIFF", "CMYK", 1),
        ("BMP", "RGB", 0),
        ("WEBP", "RGB", 6),
        ("GIF", "P", 12),
        ("AVIF", "RGB", 6),
    ],
)
def test_kinds_of_pictures(kind: str, mode: str, tolerance: float) -> None:
    assert _difference(encoded(picture(mode=mode), kind)) <= tolerance


def test_grey_becomes_three_equal_channels() -> None:
    for kind in ("PNG", "JPEG", "TIFF", "PPM"):
        pixels = square_pixels(encoded(picture(mode="L"), kind), 64).astype(int)
        assert (pixels == pixels[..., :1]).all()
        grey = np.asarray(picture(mode="L").resize((64, 64), Image.Resampling.LANCZOS)).astype(int)
        assert np.abs(pixels[..., 0] - grey).mean() < 3
    assert set(np.unique(square_pixels(encoded(picture(mode="1")), 64))) > {0, 255}


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM"])
def test_sixteen_bits_are_scaled_not_cut(kind: str) -> None:
    grey = np.asarray(picture(mode="L")).astype(np.uint16)
    deep = Image.fromarray(grey * 257)
    assert deep.mode == "I;16"
    pixels = square_pixels(encoded(deep, kind), 64)
    expected = square_pixels(encoded(picture(mode="L")), 64)
    np.testing.assert_allclose(pixels.astype(int), expected.astype(int), atol=1)


def test_transparent_becomes_white() -> None:
    image = picture(mode="RGBA")
    image.putalpha(Image.new("L", image.size, 0))
    assert (square_pixels(encoded(image), 64) == 255).all()
    palette = Image.new("P", (32, 32), 0)
    palette.putpalette([10, 20, 30, 40, 50, 60])
    assert (square_pixels(encoded(palette, transparency=0), 64) == 255).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turn_noted_by_the_camera(orientation: int) -> None:
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    image = picture()
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = image.transpose(back[orientation]) if orientation in back else image
    for kind in ("JPEG", "PNG", "TIFF", "WEBP"):
        assert _difference(encoded(stored, kind, exif=exif)) < 6, kind


def test_first_frame_of_an_animation() -> None:
    frames = [picture(), picture(1), picture(2)]
    for kind in ("GIF", "WEBP", "PNG"):
        data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)
        assert _difference(data) < 12, kind


def test_centred_square_of_a_wide_and_a_tall_picture() -> None:
    square = picture(size=(90, 90))
    expected = square_pixels(encoded(square), 64)
    for size, offset in (((150, 90), (30, 0)), ((90, 150), (0, 30))):
        canvas = Image.new("RGB", size, "lime")
        canvas.paste(square, offset)
        inside = (slice(3, -3), slice(3, -3))  # the filter sees a little of what lies beyond
        pixels = square_pixels(encoded(canvas), 64).astype(int)
        np.testing.assert_allclose(pixels[inside], expected[inside].astype(int), atol=3)


def test_large_jpeg_is_close_to_its_exact_reduction() -> None:
    image = picture(size=(1500, 1200))
    exact = image.crop((150, 0, 1350, 1200)).resize((64, 64), Image.Resampling.BOX)
    pixels = square_pixels(encoded(image, "JPEG", quality=95), 64)
    assert np.abs(pixels - np.asarray(exact).astype(int)).mean() < 2


JPEG = encoded(picture(), "JPEG")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (_png_header(30_000, 30_000), "picture too large"),
        (_png_header(9_000, 9_000), "picture too large"),
        (_png_header(10, 64), "picture too small"),
        (_png_header(64, 64), "damaged picture"),
        (JPEG[: len(JPEG) // 2], "damaged picture"),
        (JPEG[:30], "damaged picture"),
        (encoded(picture(), "PNG")[:200], "damaged picture"),
        (b"", "not a picture"),
        (b"no picture at all", "not a picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n", "not a picture"),
        (encoded(picture(mode="L").convert("F"), "TIFF"), "unusual picture"),
    ],
)
def test_pictures_that_cannot_be_used(data: bytes, reason: str) -> None:
    for read in (lambda: square_pixels(data, 64), lambda: read_picture(data)):
        with pytest.raises(PictureError) as caught:
            read()
        assert caught.value.reason == reason


def test_random_damage_is_a_picture_or_a_picture_error() -> None:
    rng = np.random.default_rng(0)
    for kind in ("PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP", "PPM"):
        whole = np.frombuffer(encoded(picture(), kind), np.uint8)
        for _ in range(60):
            data = whole.copy()
            data[rng.integers(0, len(data), 8)] = rng.integers(0, 256, 8)
            with contextlib.suppress(PictureError):
                assert square_pixels(data.tobytes(), 32).shape == (32, 32, 3)
            with contextlib.suppress(PictureError):
                assert read_picture(data.tobytes(), 64).shape[2] == 3


def test_a_picture_of_a_telephone_with_more_pixels_than_others_may_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As one of 108 megapixels against the real limits."""
    image = picture(size=(300, 200))
    monkeypatch.setattr(pictures, "MAX_PIXELS", 20_000)
    monkeypatch.setattr(pictures, "WHOLE_SIDE", 80)
    for side in (None, 100):
        pixels = read_picture(encoded(image, "JPEG"), side)
        assert (pixels.shape[1], pixels.shape[0]) in ((150, 100), (100, 67), (75, 50))
    assert square_pixels(encoded(image, "JPEG"), 32).shape == (32, 32, 3)
    for data in (encoded(image, "PNG"), encoded(image, "JPEG", progressive=True)):
        with pytest.raises(PictureError, match="300×200 pixels; at most 20000"):
            read_picture(data)


def test_a_huge_file_is_not_even_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_BYTES", 100)
    with pytest.raises(PictureError, match="at most 100 wanted") as caught:
        read_picture(encoded(picture()))
    assert caught.value.reason == "picture too large"


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L", "CMYK", "I;16"])
def test_the_whole_picture_is_read(mode: str) -> None:
    wide = picture(size=(90, 50))
    if mode == "I;16":
        stored = Image.fromarray(np.asarray(wide.convert("L")).astype(np.uint16) * 257)
    else:
        stored = wide.convert(mode)
    pixels = read_picture(encoded(stored, "TIFF"))
    grey = mode in ("L", "I;16")
    seen = wide.convert("L") if grey else stored if mode == "P" else wide
    expected = np.asarray(seen.convert("RGB"))
    assert pixels.shape == (50, 90, 3)
    assert pixels.dtype == np.uint8
    assert np.abs(pixels.astype(int) - expected).mean() < 2


def test_the_whole_picture_is_turned_and_on_white() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: the stored top is the right side
    upright = picture(size=(50, 90))
    data = encoded(upright.transpose(Image.Transpose.ROTATE_90), exif=exif)
    np.testing.assert_array_equal(read_picture(data), np.asarray(upright))
    clear = picture(mode="RGBA")
    clear.putalpha(0)
    assert (read_picture(encoded(clear)) == 255).all()


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("size", [(1500, 1200), (700, 1999), (2000, 300)])
def test_a_large_picture_is_reduced_but_not_below_what_is_asked(
    kind: str, size: tuple[int, int]
) -> None:
    image = picture(size=size)
    pixels = read_picture(encoded(image, kind), 300)
    height, width = pixels.shape[:2]
    assert 300 <= max(height, width) < 600
    assert width / height == pytest.approx(size[0] / size[1], rel=0.02)
    exact = image.resize((width, height), Image.Resampling.BOX)
    assert np.abs(pixels - np.asarray(exact).astype(int)).mean() < 3
    assert read_picture(encoded(image, kind), max(size)).shape == (size[1], size[0], 3)
