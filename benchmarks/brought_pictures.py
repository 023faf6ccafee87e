"""Pictures as people bring them: painted faces in every format, turn and size."""

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from voice2face.arrays import Picture
from voice2face.faces import GEOMETRIES, FaceMaker, PictureError
from voice2face.faces.settings import FaceCrop
from voice2face.synthetic import CohortSettings, sample_person
from voice2face.synthetic.faces import draw

Attempt = Callable[[], tuple[str, bool]]
Listed = Iterator[tuple[str, str, Attempt]]

PX = 64
SAME = 16.0  # mean difference of two crops of one face, out of 255; of two people 40 and more
NORMAL = GEOMETRIES["released"]
FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "PPM", "AVIF")
MODES = {
    "RGBA": ("PNG", "WEBP", "TIFF"),
    "L": ("PNG", "JPEG", "TIFF", "PPM"),
    "P": ("PNG", "GIF", "BMP"),
    "CMYK": ("JPEG", "TIFF"),
    "I;16": ("PNG", "TIFF"),
}
STORED_AS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def pictures(folder: Path) -> Listed:
    """All situations, each with what should come of it and the attempt."""
    maker = FaceMaker(FaceCrop(px=PX))
    yield from _formats(maker)
    yield from _turned(maker)
    yield from _sizes(maker)
    yield from _refused(maker)


def _formats(maker: FaceMaker) -> Listed:
    for kind in FORMATS:
        yield _face(maker, f"a portrait as {kind}", _stored(_scene(1), kind), 1)
    grey = np.asarray(Image.fromarray(_scene(1)).convert("L"))
    for mode, kinds in MODES.items():
        for kind in kinds:
            image = (
                Image.fromarray(grey.astype(np.uint16) * 257)
                if mode == "I;16"
                else (Image.fromarray(_scene(1)).convert(mode))
            )
            is_grey = mode in ("L", "I;16")
            yield _face(maker, f"{kind}, {mode}", _saved(image, kind), 1, is_grey=is_grey)
    frames = [Image.fromarray(_scene(number)) for number in (1, 2)]
    for kind in ("GIF", "WEBP", "PNG"):
        more = {"save_all": True, "append_images": frames[1:], "duration": 100}
        yield _face(maker, f"an animation, {kind}", _saved(frames[0], kind, **more), 1)
    image = Image.fromarray(_scene(1))
    yield _face(maker, "a progressive JPEG", _saved(image, "JPEG", progressive=True), 1)
    yield _face(maker, "a JPEG of quality 25", _saved(image, "JPEG", quality=25), 1)


def _turned(maker: FaceMaker) -> Listed:
    for orientation, back in STORED_AS.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        stored = Image.fromarray(_scene(1)).transpose(back)
        content = _saved(stored, "JPEG", exif=exif)
        yield _face(maker, f"turned as EXIF says ({orientation})", content, 1)
    for person in range(1, 5):
        for turn in (1, 2, 3):
            turned = np.ascontiguousarray(np.rot90(_scene(person), turn))
            situation = f"person {person}, turned by {90 * turn}° and no note of it"
            yield _face(maker, situation, _stored(turned), person)
    for degrees in (-20, -10, 10, 20):
        tilted = Image.fromarray(_scene(1)).rotate(
            degrees, Image.Resampling.BICUBIC, fillcolor=(128,) * 3
        )
        yield _face(maker, f"a head tilted by {degrees}°", _saved(tilted, "PNG"), 1)


def _sizes(maker: FaceMaker) -> Listed:
    scene = Image.fromarray(_scene(1))
    for width, height in ((4000, 3000), (12_000, 9_000)):
        large = scene.resize((width, height), Image.Resampling.BILINEAR)
        megapixels = round(width * height / 1e6)
        yield _face(maker, f"{megapixels} megapixels", _saved(large, "JPEG", quality=70), 1)
    wide = np.full((300, 1500, 3), 128, np.uint8)
    wide[:, 600:1000] = _scene(1)
    yield _face(maker, "a panorama", _stored(wide), 1)
    two = np.concatenate((_scene(2, px=90), _scene(1)), axis=1)
    yield _face(maker, "two people, the larger one counts", _stored(two), 1)
    face = draw(sample_person(CohortSettings(), 1).seen, np.random.default_rng(1), 220)
    yield _face(maker, "a face and nothing around it", _stored(face), 1)


def _refused(maker: FaceMaker) -> Listed:
    scene = _scene(1)
    whole = _stored(scene)
    image = Image.fromarray(scene)
    for situation, content, reasons in (
        ("no face in it", _stored(np.full((300, 400, 3), 90, np.uint8)), "no face"),
        (
            "noise",
            _stored(np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)),
            "no face",
        ),
        ("a dark picture", _stored((scene * 0.06).astype(np.uint8)), "dark, no face"),
        (
            "out of focus",
            _saved(image.filter(ImageFilter.GaussianBlur(9)), "PNG"),
            "blurred, no face",
        ),
        ("a face of 20 pixels", _saved(image.resize((50, 38)), "PNG"), "small face, no face"),
        ("10 × 10 pixels", _saved(image.resize((10, 10)), "PNG"), "picture too small"),
        ("cut in half", whole[: len(whole) // 2], "damaged picture"),
        ("an empty file", b"", "not a picture"),
        ("a text", b"no picture at all", "not a picture"),
        ("a recording", b"RIFF\0\0\0\0WAVEfmt " + bytes(99), "not a picture"),
        ("PostScript", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
        ("a PDF", b"%PDF-1.7\n" + bytes(500), "not a picture"),
        ("an SVG", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture"),
        ("a PNG that says it has 900 megapixels", _bomb(), "picture too large"),
    ):
        yield situation, f"left out: {reasons}", partial(_left_out, maker, content, reasons)


def _face(
    maker: FaceMaker, situation: str, content: bytes, person: int, *, is_grey: bool = False
) -> tuple[str, str, Attempt]:
    return situation, "that face, upright", partial(_seen, maker, content, person, is_grey)


def _seen(maker: FaceMaker, content: bytes, person: int, is_grey: bool) -> tuple[str, bool]:
    try:
        made = maker.from_picture(content)
    except PictureError as error:
        return f"left out: {error.reason}: {error.detail}", False
    expected = maker.from_picture(_stored(_scene(person))).pixels.astype(int)
    found = made.pixels.astype(int)
    if is_grey:
        expected, found = (pixels.mean(axis=2) for pixels in (expected, found))
    # Mirrored pictures (EXIF 2, 4, 5, 7) are turned back; a face is nearly its own mirror.
    off = float(np.abs(found - expected).mean())
    return f"a face, {off:.1f} of 255 off", off < SAME


def _left_out(maker: FaceMaker, content: bytes, reasons: str) -> tuple[str, bool]:
    try:
        maker.from_picture(content)
    except PictureError as error:
        return f"left out: {error.reason}: {error.detail}", error.reason in reasons.split(", ")
    return "taken", False


def _scene(person: int, px: int = 160) -> Picture:
    """A portrait: a painted face on grey."""
    scene = np.full((300, 400, 3), 128, np.uint8)
    seen = sample_person(CohortSettings(), person).seen
    scene[60 : 60 + px, 120 : 120 + px] = draw(seen, np.random.default_rng(person), px)
    return scene


def _stored(pixels: Picture, kind: str = "PNG") -> bytes:
    return _saved(Image.fromarray(pixels), kind)


def _saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _bomb() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0"))
