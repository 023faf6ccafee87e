"""One labelled picture of many faces."""

import functools
import math
import unicodedata
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from voice2face.errors import one_line

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

GAP_PX, LABEL_PX, LINE_PX, MARGIN_PX, HEAD_PX = 16, 22, 18, 24, 54
# Side of a face by the number of columns: few are large, as the note above them needs the width.
FACE_PX = {1: 512, 2: 256, 3: 192, 4: 192, 5: 192, 6: 192}
SMALL_PX = 128
INK, FAINT, PAPER = (28, 28, 30), (110, 110, 115), (255, 255, 255)
NOTE = "Made from voices: guesses that share what a voice tells, not likenesses."
# Pillow's own font has the letters of English. For a name that has others, the first of these that
# the system has and that knows them all.
SYSTEM_FONTS = (
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "NotoSansCJK-Regular.ttc",
    "wqy-microhei.ttc",
    "Arial Unicode.ttf",
    "arial.ttf",
    "msyh.ttc",
    "malgun.ttf",
)
NO_LETTER = "\U0010ffff"  # no font has it: drawn as the box that stands for what is missing


def contact_sheet(
    faces: Sequence[tuple[Image.Image, str]], title: str, columns: int | None = None
) -> Image.Image:
    """Faces in rows, each enlarged, its label below; the title and what this is on top.

    Args:
        faces: Pictures and their labels; each line of a label is one of its own.
        title: Name of the model.
        columns: Faces in a row; as many as make a sheet of good shape if not given.
    """
    if columns is None:
        columns = min(len(faces), max(3, math.ceil(math.sqrt(len(faces)))))
        columns = 2 if len(faces) == 4 else columns
    n_lines = max(len(label.splitlines()) for _, label in faces)
    rows = math.ceil(len(faces) / columns)
    px = FACE_PX.get(columns, SMALL_PX)
    row_px = px + LABEL_PX + (n_lines - 1) * LINE_PX + GAP_PX
    width = 2 * MARGIN_PX + columns * (px + GAP_PX) - GAP_PX
    sheet = Image.new("RGB", (width, 2 * MARGIN_PX + HEAD_PX + rows * row_px - GAP_PX), PAPER)
    draw = ImageDraw.Draw(sheet)
    inside = width - 2 * MARGIN_PX
    write_line(draw, (MARGIN_PX, MARGIN_PX - 6), title, 20, width=inside)
    write_line(draw, (MARGIN_PX, MARGIN_PX + 22), NOTE, 14, FAINT, width=inside)
    for i, (face, label) in enumerate(faces):
        left = MARGIN_PX + i % columns * (px + GAP_PX)
        top = MARGIN_PX + HEAD_PX + i // columns * row_px
        sheet.paste(face.resize((px, px), Image.Resampling.BICUBIC), (left, top))
        for number, line in enumerate(label.splitlines()):
            size, ink = (12, FAINT) if number else (14, INK)
            at = left, top + px + 5 + number * LINE_PX
            write_line(draw, at, line, size, ink, width=px)
    return sheet


def write_line(
    draw: ImageDraw.ImageDraw,
    at: tuple[int, int],
    text: str,
    size: int,
    ink: tuple[int, int, int] = INK,
    *,
    width: int,
) -> None:
    """One line of text, at most a given number of pixels wide, in a font that has its letters.

    Args:
        draw: What is drawn on.
        at: Left upper corner, in pixels.
        text: Shortened in its middle where it is too wide.
        size: Size of its letters, in pixels.
        ink: Colour.
        width: In pixels.
    """
    text, font = _legible(one_line(text), size)
    draw.text(at, _fitted(text, font, width), ink, font)


def _legible(text: str, size: int) -> tuple[str, Font]:
    """The text and a font that has all its letters; what no font has becomes '?'."""
    text = unicodedata.normalize("NFC", text).encode("utf-8", "replace").decode()
    own = ImageFont.load_default(size)
    fonts = [own] if text.isascii() else [own, *_system_fonts(size)]
    for font in fonts:
        if all(_has(font, letter) for letter in text):
            return text, font
    font = max(fonts, key=lambda font: sum(_has(font, letter) for letter in text))
    return "".join(letter if _has(font, letter) else "?" for letter in text), font


@functools.lru_cache
def _system_fonts(size: int) -> tuple[Font, ...]:
    fonts = []
    for name in SYSTEM_FONTS:
        try:
            fonts.append(ImageFont.truetype(name, size))
        except OSError:  # the system lacks this one
            continue
    return tuple(fonts)


def _has(font: Font, letter: str) -> bool:
    return letter == " " or _shape(font, letter) != _shape(font, NO_LETTER)


def _shape(font: Font, letter: str) -> bytes:
    return bytes(font.getmask(letter))


def _fitted(text: str, font: Font, width: int) -> str:
    """The text, shortened in its middle if it is wider than that."""
    keep, shown = len(text), text
    while font.getlength(shown) > width and keep > 2:
        keep -= 1
        shown = f"{text[: keep - keep // 2]}...{text[len(text) - keep // 2 :]}"
    return shown
