"""A decoded frame of a video as it is to be seen: upright, with square pixels, in true colours."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from voice2face.arrays import Picture
from voice2face.faces.pictures import MAX_PIXELS, check_size

if TYPE_CHECKING:
    from av import VideoFrame, VideoStream


MAX_SIDE = 1920  # a larger frame is shrunk while it is converted
BT709, BT601 = 1, 5  # numbers of libswscale
LIMITED_RANGE, FULL_RANGE = 1, 2  # AVCOL_RANGE_
COLOUR_SPACES = {1: BT709, 4: 4, 5: BT601, 6: BT601, 7: 7, 9: 9, 10: 9}  # AVCOL_SPC_ to SWS_CS_


def stretch_of(stream: VideoStream) -> float:
    """Width of a pixel by its height; 1 where the header says something absurd."""
    ratio = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio
    return float(ratio) if ratio and 0.25 <= ratio <= 4 else 1.0


def upright(frame: VideoFrame, stretch: float) -> Picture:
    """Convert a frame.

    The turn and mirror that a phone noted are applied, and a frame larger than ``MAX_SIDE`` is
    shrunk. Of an interlaced frame every second line counts. HDR is not mapped to the usual range.

    Args:
        frame: As decoded.
        stretch: Width of a pixel by its height.

    Returns:
        RGB, uint8, shape (height, width, 3).

    Raises:
        PictureError: Too large or too small.
    """
    check_size(frame.width, frame.height, MAX_PIXELS)
    width, height = frame.width * max(stretch, 1.0), frame.height / min(stretch, 1.0)
    scale = min(1.0, MAX_SIDE / max(width, height))
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    rgb = _one_field(frame, size) if frame.interlaced_frame else _rgb(frame, size)
    return np.ascontiguousarray(_turned(rgb, _display_matrix(frame)))


def _rgb(frame: VideoFrame, size: tuple[int, int]) -> Picture:
    # Without a note of the colour space, players take the one of HD from 720 lines up.
    unknown = BT709 if frame.height >= 720 else BT601
    space = COLOUR_SPACES.get(int(frame.colorspace), unknown)
    full = int(frame.color_range) == FULL_RANGE or frame.format.name.startswith("yuvj")
    converted = frame.reformat(
        *size,
        format="rgb24",
        src_colorspace=space,
        # RGB has no such thing; but PyAV 13 heeds the source's only where the two differ.
        dst_colorspace=BT601 if space == BT709 else BT709,
        interpolation="AREA" if size[0] < frame.width else "BICUBIC",
        src_color_range=FULL_RANGE if full else LIMITED_RANGE,
        dst_color_range=FULL_RANGE,
    )
    return converted.to_ndarray()  # type: ignore[return-value]


def _one_field(frame: VideoFrame, size: tuple[int, int]) -> Picture:
    """Every second line of an interlaced frame: both together show two moments."""
    from PIL import Image

    lines = _rgb(frame, (frame.width, frame.height))[::2]
    return np.asarray(Image.fromarray(lines).resize(size, Image.Resampling.BICUBIC))


def _display_matrix(frame: VideoFrame) -> tuple[int, int, int, int]:
    """The turn and mirror to be applied: x' = a·x + c·y, y' = b·x + d·y, in 1/65536."""
    data = frame.side_data.get("DISPLAYMATRIX")
    if data is None or len(raw := bytes(cast(Any, data))) < 20:
        return 65536, 0, 0, 65536
    a, b, _, c, d = struct.unpack("=5i", raw[:20])
    return a, b, c, d


def _turned(rgb: Picture, matrix: tuple[int, int, int, int]) -> Picture:
    """Apply the nearest multiple of a quarter turn, and the mirror."""
    a, b, c, d = matrix
    if abs(a) + abs(d) < abs(b) + abs(c):
        rgb = rgb.transpose(1, 0, 2)
        flip_x, flip_y = c < 0, b < 0
    else:
        flip_x, flip_y = a < 0, d < 0
    return rgb[:: -1 if flip_y else 1, :: -1 if flip_x else 1]
