"""Heads that drawn people get, from portraits: each without its face, in the light of a studio."""

from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image

from voice2face.generators.soft import blur_matrix, blurred
from voice2face.parts import Arrays
from voice2face.training.face_space.people import People
from voice2face.training.face_space.studio import relit, shades

Floats = npt.NDArray[np.float32]

QUALITY = 88  # of JPEG: about 8 kB a head of 160 pixels
USUAL = 0.85  # share of outlines that are kept, of those nearest to the mean
BLANK = (0.9, 0.99)  # of the blend: beyond, nothing of the portrait's face is shown, nor kept
# A mask's soft border holds some of what was behind the head: it is drawn in, and takes its colour
# from within. Pixels of a layout of 160.
BORDER, WITHIN = (0.5, 0.95), 2.0


def usual_outlines(portraits: People) -> npt.NDArray[np.bool_]:
    """Whose head has the outline of most of the gender, shape (n,): no hats, nothing cut off."""
    assert portraits.person is not None
    kept = np.zeros(len(portraits.person), bool)
    for men in (False, True):
        rows = np.flatnonzero(portraits.male == men)
        share = portraits.person[rows].astype(np.float32) / 255
        far = ((share - share.mean(axis=0)) ** 2).mean(axis=(1, 2))
        kept[rows] = far <= np.quantile(far, USUAL)
    return kept


def head_arrays(portraits: People, studio: Floats, blend: Floats) -> Arrays:
    """The arrays of :mod:`voice2face.generators.heads`.

    Args:
        portraits: People with hair, and what of each pixel is theirs.
        studio: The pattern of light wanted, shape (side, side, 3).
        blend: How much of each pixel is the drawn face's, shape (side, side).
    """
    assert portraits.person is not None
    as_exposed = np.ones(len(portraits.texture), np.float32)
    lit = relit(portraits.texture, shades(portraits.texture), studio, as_exposed)
    skin = lit[:, blend > BLANK[0]].mean(axis=1, dtype=np.float32)
    stored = [
        _stored(face.astype(np.float32), own, person.astype(np.float32) / 255, blend)
        for face, own, person in zip(lit, skin, portraits.person, strict=True)
    ]
    return {
        "head_pictures": np.frombuffer(b"".join(stored), np.uint8),
        "head_ends": np.cumsum([len(one) for one in stored]).astype(np.int64),
        "head_male": portraits.male,
        "head_age": portraits.age.astype(np.float32),
        "head_skin": skin,
    }


def _stored(face: Floats, skin: Floats, person: Floats, blend: Floats) -> bytes:
    """One head as a JPEG file."""
    side = len(face)
    blank = np.clip((blend - BLANK[0]) / (BLANK[1] - BLANK[0]), 0, 1)[..., None]
    colour = face + blank * (skin - face)
    pixel = side / 160
    low, high = BORDER
    soft = blurred(person[..., None], blur_matrix(side, pixel))
    opacity = np.clip((soft - low) / (high - low), 0, 1)
    sure = (opacity > 0.98).astype(np.float32)
    blur = blur_matrix(side, WITHIN * pixel)
    near = blurred(np.concatenate([colour * sure, sure], axis=-1), blur)
    within = near[..., :3] / np.maximum(near[..., 3:], 1e-3)
    colour = np.where(sure > 0, colour, np.where(near[..., 3:] > 1e-3, within, skin))
    both = np.concatenate([colour, np.repeat(255 * opacity, 3, axis=-1)])
    made = BytesIO()
    image = Image.fromarray(np.rint(np.clip(both, 0, 255)).astype(np.uint8))
    image.save(made, "JPEG", quality=QUALITY, subsampling=0, optimize=True)
    return made.getvalue()
