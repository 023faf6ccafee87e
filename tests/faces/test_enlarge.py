import numpy as np
from PIL import Image

from voice2face.faces.enlarge import enlarged, enlargement_label


def test_an_enlarged_face_shrinks_back_to_itself():
    at = np.linspace(0, 3, 32)
    waves = 127 + 100 * np.sin(at[:, None] + 2 * at)
    picture = np.repeat(waves[..., None], 3, axis=-1).astype(np.uint8)
    large = enlarged(picture, 128)
    assert large.shape == (128, 128, 3) and large.dtype == np.uint8
    back = np.asarray(Image.fromarray(large).resize((32, 32), Image.Resampling.BOX))
    assert np.abs(back.astype(int) - picture)[2:-2, 2:-2].max() <= 2


def test_nothing_is_made_smaller():
    picture = np.zeros((64, 64, 3), np.uint8)
    assert enlarged(picture, 32) is picture and enlarged(picture, 64) is picture


def test_an_enlargement_is_called_one():
    assert enlargement_label(128, 512) == "128 pixels, enlarged to 512"
    assert enlargement_label(256, 256) == ""
