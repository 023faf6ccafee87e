"""From any picture file to RGB pixels, whatever the file tries."""

import contextlib
import io
import warnings
from collections.abc import Iterator

import numpy as np
from PIL import Image, UnidentifiedImageError

from voice2face.arrays import UInt8s

MAX_BYTES = 128 * 2**20
MAX_PIXELS = 64_000_000  # read from the header, before anything is decoded
# A baseline JPEG, as telephones write it with 108 or 200 megapixels, is decoded at a fraction of
# its size. (A progressive one is held whole in memory by the decoder.)
MAX_JPEG_PIXELS = 220_000_000
WHOLE_SIDE = 4096  # what is left of such a picture where no smaller size is asked for
MIN_SIDE = 16
# Only formats that Pillow decodes itself: EPS, for one, would start another program.
FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")

_EXIF_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class PictureError(Exception):
    """A picture that cannot be used: the reason (one of few) and the detail."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


def read_picture(data: bytes, largest_side: int | None = None) -> UInt8s:
    """The whole picture, upright.

    Of an animation the first frame counts. Transparent parts become white, 16 bits become the
    upper 8, and the turn that a camera noted (EXIF) is applied. Colour profiles are not.

    Args:
        data: The content of the file.
        largest_side: If given, a picture whose larger side is at least twice that is reduced by a
            whole number; what is left has still at least this many pixels there. Of a JPEG only
            so much is decoded. If not, a JPEG of more than ``MAX_PIXELS`` is reduced so.

    Returns:
        RGB, uint8, shape (height, width, 3).

    Raises:
        PictureError: Not a picture of a known format, damaged, too large or too small.
    """
    with _opened(data) as image:
        return np.array(_whole(image, largest_side))


def square_pixels(data: bytes, px: int) -> UInt8s:
    """The centred square of a picture, as a face that is taken to be aligned already.

    Args:
        data: The content of the file; read as :func:`read_picture` reads it.
        px: Side of the result in pixels.

    Returns:
        RGB, uint8, shape (px, px, 3).

    Raises:
        PictureError: As of :func:`read_picture`.
    """
    with _opened(data) as image:
        return np.array(_square(image, px))


@contextlib.contextmanager
def _opened(data: bytes) -> Iterator[Image.Image]:
    """The picture, its size checked and nothing decoded; what goes wrong becomes a PictureError."""
    if len(data) > MAX_BYTES:
        raise PictureError("picture too large", f"{len(data)} bytes; at most {MAX_BYTES} wanted")
    try:
        with warnings.catch_warnings():
            # Sizes are checked here, against a lower limit than Pillow's own warning.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                at_a_fraction = image.format == "JPEG" and not image.info.get("progressive")
                check_size(*image.size, MAX_JPEG_PIXELS if at_a_fraction else MAX_PIXELS)
                yield image
    except PictureError:
        raise
    except Image.DecompressionBombError as error:
        raise PictureError("picture too large", str(error)) from error
    except UnidentifiedImageError as error:
        raise PictureError("not a picture", f"none of {', '.join(FORMATS)}") from error
    except Exception as error:  # a hostile file makes Pillow raise almost anything
        raise PictureError("damaged picture", f"{type(error).__name__}: {error}") from error


def check_size(width: int, height: int, most: int) -> None:
    """Refuse a picture of too many pixels, or too few.

    Raises:
        PictureError: It is one.
    """
    if width * height > most:
        raise PictureError("picture too large", f"{width}×{height} pixels; at most {most} wanted")
    if min(width, height) < MIN_SIDE:
        raise PictureError(
            "picture too small", f"{width}×{height} pixels; {MIN_SIDE} a side wanted"
        )


def _whole(image: Image.Image, largest_side: int | None) -> Image.Image:
    if largest_side is None and image.width * image.height > MAX_PIXELS:
        largest_side = WHOLE_SIDE
    if largest_side is not None and max(image.size) >= 2 * largest_side:
        share = largest_side / max(image.size)
        image.draft(image.mode, (int(share * image.width) or 1, int(share * image.height) or 1))
    image, turn = _loaded(image)
    if largest_side is not None and (factor := max(image.size) // largest_side) > 1:
        image = image.reduce(factor)
    return _upright_rgb(image, turn)


def _square(image: Image.Image, px: int) -> Image.Image:
    image.draft(image.mode, (2 * px, 2 * px))  # a large JPEG is decoded at a fraction of its size
    image, turn = _loaded(image)
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    image = image.resize(
        (px, px), Image.Resampling.LANCZOS, (left, top, left + side, top + side), reducing_gap=3.0
    )
    return _upright_rgb(image, turn)


def _loaded(image: Image.Image) -> tuple[Image.Image, Image.Transpose | None]:
    """The picture, in a mode that can be resized, and the turn that its camera noted."""
    image.load()
    turn = _TURNS.get(_orientation(image))
    return _resizable(image), turn


def _upright_rgb(image: Image.Image, turn: Image.Transpose | None) -> Image.Image:
    rgb = _on_white(image) if image.mode in ("RGBA", "LA") else image.convert("RGB")
    return rgb if turn is None else rgb.transpose(turn)


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_EXIF_ORIENTATION, 1))
    except Exception:  # damaged notes of the camera say nothing about the pixels
        return 1


def _resizable(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format in ("PNG", "PPM")):
        samples = np.asarray(image)  # 0 to 65535
        return Image.fromarray((samples >> 8).clip(0, 255).astype(np.uint8))
    if image.mode in ("I", "F"):
        raise PictureError("unusual picture", f"mode {image.mode}; 8 or 16 bits a sample wanted")
    if image.mode in ("P", "PA", "RGBa", "La") or "transparency" in image.info:
        return image.convert("RGBA")
    return image.convert("L") if image.mode == "1" else image


def _on_white(image: Image.Image) -> Image.Image:
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
