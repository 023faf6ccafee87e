"""Stored faces and spectrograms as PNG files."""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from voice2face.faces.drawing import Drawing
from voice2face.faces.layout import Layout
from voice2face.settings import LogMel

GAP_PX = 1  # between faces, in pixels of the faces; transparent
SHEET_COLUMNS = 4
# Nine evenly spaced colours of matplotlib's "magma" (Smith and van der Walt 2015, CC0), which is
# perceptually uniform; what lies between is interpolated in sRGB.
MAGMA = "000004 1d1147 51127c 822681 b63679 e65164 fb8861 fec287 fcfdbf"
LOUD_SHARE, QUIET_SHARE = 0.999, 0.01  # of a clip's values: the ends of the colours
TICKS_HZ = (250, 500, 1000, 2000, 4000, 7000)
TICKS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10)


def face_sheet(faces: Sequence[npt.NDArray[np.uint8]]) -> tuple[bytes, int, int]:
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
    return _png(Image.fromarray(sheet)), sheet.shape[1], sheet.shape[0]


def on_own_shape(
    face: npt.NDArray[np.uint8], shape: npt.NDArray[np.float32]
) -> npt.NDArray[np.uint8]:
    """A normalised face with its points where they were in the picture.

    Args:
        face: On the mean shape, uint8, shape (px, px, 3).
        shape: In sides of the face, shape (468, 2).
    """
    drawn = Drawing(Layout.read(), len(face))(face, shape)
    return np.asarray(np.rint(np.clip(drawn, 0, 255)), np.uint8)


def colours() -> npt.NDArray[np.uint8]:
    """The colour map: RGB, shape (256, 3), from quiet to loud."""
    anchors = np.array([list(bytes.fromhex(colour)) for colour in MAGMA.split()])  # (9, 3)
    at = np.linspace(0, len(anchors) - 1, 256)
    channels = [np.interp(at, np.arange(len(anchors)), anchors[:, c]) for c in range(3)]
    return np.stack(channels, axis=1).round().astype(np.uint8)


def spectrogram(log_mel: npt.NDArray[Any]) -> tuple[bytes, float, float]:
    """A spectrogram in colours: one pixel a frame and band, low bands at the bottom.

    Args:
        log_mel: Natural log of mel power, shape (frames, n_mels).

    Returns:
        A PNG file, and the values of the darkest and the brightest colour.
    """
    values = log_mel.astype(np.float32)
    quiet, loud = (float(q) for q in np.quantile(values, (QUIET_SHARE, LOUD_SHARE)))
    scaled = (values - quiet) / max(loud - quiet, 1e-6) * 255
    picture = Image.fromarray(scaled.clip(0, 255).round().astype(np.uint8).T[::-1].copy(), "L")
    picture.putpalette(colours().tobytes())
    return _png(picture), quiet, loud


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


def png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """One face as a PNG file, pixel by pixel."""
    return _png(Image.fromarray(pixels))


def _png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()
