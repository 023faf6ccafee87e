"""Stored faces as PNG files, and the ticks of a spectrogram's axes."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from voice2face.arrays import Float32s, UInt8s
from voice2face.audio.settings import LogMel
from voice2face.faces.drawing import Drawing
from voice2face.faces.layout import Layout

GAP_PX = 1  # between faces, in pixels of the faces; transparent
SHEET_COLUMNS = 4
TICKS_HZ = (250, 500, 1000, 2000, 4000, 7000)
TICKS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10)


def face_sheet(faces: Sequence[UInt8s]) -> tuple[bytes, int, int]:
    """Faces side by side, pixel by pixel as they are stored.

    Args:
        faces: At least one, uint8, each of shape (px, px, 3).

    Returns:
        A PNG file, its width and its height.
    """
    px = len(faces[0])
    columns = min(len(faces), SHEET_COLUMNS)
    n_rows = -(-len(faces) // columns)
    step = px + GAP_PX
    sheet = np.zeros((n_rows * step - GAP_PX, columns * step - GAP_PX, 4), np.uint8)
    for i, pixels in enumerate(faces):
        top, left = i // columns * step, i % columns * step
        sheet[top : top + px, left : left + px, :3] = pixels
        sheet[top : top + px, left : left + px, 3] = 255
    return png(sheet), sheet.shape[1], sheet.shape[0]


def on_own_shape(face: UInt8s, shape: Float32s) -> UInt8s:
    """A normalised face with its points where they were in the picture.

    Args:
        face: On the mean shape, uint8, shape (px, px, 3).
        shape: In sides of the face, shape (468, 2).
    """
    drawn = Drawing(Layout.read(), len(face))(face, shape)
    return np.asarray(np.rint(np.clip(drawn, 0, 255)), np.uint8)


def ticks_hz(settings: LogMel) -> list[tuple[int, float]]:
    """Frequencies to name, and how far up they lie, as a share of the picture's height.

    Band i of n, whose middle is i + 1 steps of mel above the lowest frequency, is drawn from i / n
    to (i + 1) / n.
    """
    low, high, *at = (
        2595 * np.log10(1 + hz / 700) for hz in (settings.low_hz, settings.high_hz, *TICKS_HZ)
    )
    step = (high - low) / (settings.n_mels + 1)
    shares = [((mel - low) / step - 0.5) / settings.n_mels for mel in at]
    return [(hz, float(s)) for hz, s in zip(TICKS_HZ, shares, strict=True) if 0 <= s <= 1]


def ticks_s(seconds: float) -> list[float]:
    """Times to name, from 0; at most six."""
    step = next((step for step in TICKS_S if seconds / step <= 5.5), TICKS_S[-1])
    return [round(step * i, 1) for i in range(int(seconds / step + 1e-9) + 1)]


def png(pixels: UInt8s) -> bytes:
    """Pixels, (height, width, 3 or 4), as a PNG file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", optimize=True)
    return file.getvalue()
