"""A log-mel spectrogram as a picture."""

import io
from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.arrays import UInt8s

# Nine evenly spaced colours of matplotlib's "magma" (Smith and van der Walt 2015, CC0), which is
# perceptually uniform; what lies between is interpolated in sRGB.
MAGMA = "000004 1d1147 51127c 822681 b63679 e65164 fb8861 fec287 fcfdbf"
ENDS = (0.01, 0.999)  # quantiles of a recording's values: ends of the colours


def spectrogram_png(
    log_mel: npt.NDArray[Any], ends: tuple[float, float] = ENDS
) -> tuple[bytes, float, float]:
    """A spectrogram in colours: one pixel a frame and band, low bands at the bottom.

    Args:
        log_mel: Natural log of mel power, shape (frames, n_mels).
        ends: Shares of its values that are no brighter than the darkest colour, and than the
            brightest.

    Returns:
        A PNG file, and the values of the darkest and the brightest colour.
    """
    from PIL import Image

    values = log_mel.astype(np.float32)
    quiet, loud = (float(q) for q in np.quantile(values, ends))
    scaled = (values - quiet) / max(loud - quiet, 1e-6) * 255
    picture = Image.fromarray(scaled.clip(0, 255).round().astype(np.uint8).T[::-1].copy(), "L")
    picture.putpalette(colours().tobytes())  # from here on its values are places in the palette
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue(), quiet, loud


def colours() -> UInt8s:
    """The colour map: RGB, shape (256, 3), from quiet to loud."""
    anchors = np.array([list(bytes.fromhex(colour)) for colour in MAGMA.split()])  # (9, 3)
    at = np.linspace(0, len(anchors) - 1, 256)
    channels = [np.interp(at, np.arange(len(anchors)), anchors[:, c]) for c in range(3)]
    return np.stack(channels, axis=1).round().astype(np.uint8)
