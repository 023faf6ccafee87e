"""From pictures and videos, as people have them, to aligned faces.

>>> maker = FaceMaker(FaceCrop())
>>> maker.from_picture(Path("somebody.jpg").read_bytes()).pixels.shape
(64, 64, 3)
"""

from voice2face.faces.align import GEOMETRIES
from voice2face.faces.crop import Face, FaceMaker
from voice2face.faces.detect import Detection, Detector, YuNet
from voice2face.faces.pictures import PictureError, read_picture, square_pixels
from voice2face.faces.quality import Quality

__all__ = [
    "GEOMETRIES",
    "Detection",
    "Detector",
    "Face",
    "FaceMaker",
    "PictureError",
    "Quality",
    "YuNet",
    "read_picture",
    "square_pixels",
]
