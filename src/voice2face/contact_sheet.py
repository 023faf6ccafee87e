"""One labelled picture of many faces."""

import math
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from voice2face.errors import one_line
from voice2face.files import atomic_write

FACE_PX, GAP_PX, LABEL_PX, MARGIN_PX, HEAD_PX = 192, 16, 26, 24, 58
MAX_COLUMNS = 6
INK, FAINT, PAPER = (28, 28, 30), (110, 110, 115), (255, 255, 255)
NOTE = "Made from voices: guesses that share what a voice tells, not likenesses."


def write_sheet(path: Path, faces: Sequence[tuple[Image.Image, str]], title: str) -> Path:
    """Write faces with their names under them.

    Args:
        path: A PNG file.
        faces: Pictures and their labels.
        title: Name of the model.

    Returns:
        ``path``.

    Raises:
        OutputError: It could not be written.
    """
    with atomic_write(path) as temporary:
        contact_sheet(faces, title).save(temporary, format="PNG")
    return path


def contact_sheet(faces: Sequence[tuple[Image.Image, str]], title: str) -> Image.Image:
    """Faces in rows, each enlarged, its label below; the title and what this is on top."""
    columns = min(MAX_COLUMNS, max(3, math.ceil(math.sqrt(len(faces)))))
    rows = math.ceil(len(faces) / columns)
    width = 2 * MARGIN_PX + columns * FACE_PX + (columns - 1) * GAP_PX
    height = 2 * MARGIN_PX + HEAD_PX + rows * (FACE_PX + LABEL_PX + GAP_PX) - GAP_PX
    sheet = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(sheet)
    large, small = ImageFont.load_default(20), ImageFont.load_default(14)
    draw.text((MARGIN_PX, MARGIN_PX - 4), one_line(title), INK, large)
    draw.text((MARGIN_PX, MARGIN_PX + 24), NOTE, FAINT, small)
    for i, (face, label) in enumerate(faces):
        left = MARGIN_PX + i % columns * (FACE_PX + GAP_PX)
        top = MARGIN_PX + HEAD_PX + i // columns * (FACE_PX + LABEL_PX + GAP_PX)
        sheet.paste(face.resize((FACE_PX, FACE_PX), Image.Resampling.BICUBIC), (left, top))
        text = _fitted(one_line(label), small)
        draw.text((left, top + FACE_PX + 6), text, INK, small)
    return sheet


def _fitted(label: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """The label, shortened in its middle if it is wider than a face."""
    keep = len(label)
    text = label
    while font.getlength(text) > FACE_PX and keep > 2:
        keep -= 1
        text = f"{label[: keep - keep // 2]}…{label[len(label) - keep // 2 :]}"
    return text
