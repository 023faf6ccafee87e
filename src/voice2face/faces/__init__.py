"""From pictures and videos, as people have them, to aligned faces.

>>> maker = FaceMaker(FaceCrop())
>>> maker.from_picture(Path("somebody.jpg").read_bytes()).pixels.shape
(64, 64, 3)
"""

from voice2face.faces.align import GEOMETRIES
from voice2face.faces.crop import FaceMaker
from voice2face.faces.detect import YuNet
from voice2face.faces.pictures import PictureError, read_picture

__all__ = ["GEOMETRIES", "FaceMaker", "PictureError", "YuNet", "read_picture"]
