"""Heads that faces get: means of a few portraits, without a face, in a studio's light."""

from io import BytesIO

import numpy as np
from PIL import Image

from voice2face.arrays import Bools, Float32s, Int64s, UInt8s
from voice2face.generators.soft import blur_matrix, blurred
from voice2face.parts import Arrays
from voice2face.training.face_space.people import People
from voice2face.training.face_space.studio import relit, shades

MIXED = 3  # portraits that make a head: one alone would be a picture of somebody
MOST = (0.4, 0.6)  # their mean opacity: an outline is where most of them have theirs
LIKE_PX = 20  # of the pictures by which portraits that look alike are found
QUALITY = 88  # of JPEG: about 8 kB a head of 160 pixels
USUAL = 0.85  # share of outlines that are kept, of those nearest to the mean
BLANK = (0.9, 0.99)  # of the blend: beyond, nothing of the portrait's face is shown, nor kept
# A mask's soft border holds some of what was behind the head: it is drawn in, and takes its colour
# from within. Pixels of a layout of 160.
BORDER, WITHIN = (0.5, 0.95), 2.0


def usual_outlines(portraits: People) -> Bools:
    """Whose head has the outline of most of the gender, shape (n,): no hats, nothing cut off."""
    assert portraits.person is not None
    kept = np.zeros(len(portraits.person), bool)
    for men in (False, True):
        rows = np.flatnonzero(portraits.male == men)
        share = portraits.person[rows].astype(np.float32) / 255
        far = ((share - share.mean(axis=0)) ** 2).mean(axis=(1, 2))
        kept[rows] = far <= np.quantile(far, USUAL)
    return kept


def head_arrays(portraits: People, studio: Float32s, blend: Float32s, dim: int) -> Arrays:
    """The arrays of :mod:`voice2face.generators.heads`.

    Args:
        portraits: People with hair, and what of each pixel is theirs.
        studio: The pattern of light wanted, shape (side, side, 3).
        blend: How much of each pixel is the drawn face's, shape (side, side).
        dim: Length of a voice's embedding.
    """
    assert portraits.person is not None
    as_exposed = np.ones(len(portraits.texture), np.float32)
    lit = relit(portraits.texture, shades(portraits.texture), studio, as_exposed)
    tone = lit[:, blend > BLANK[0]].mean(axis=1, dtype=np.float32)
    person = portraits.person.astype(np.float32) / np.float32(255)
    mixed = _alike(lit, person, portraits.male, 1 - blend)
    rows = [numbers % len(lit) for numbers in mixed]
    skin = np.array([tone[own].mean(axis=0) for own in rows], np.float32)
    stored = [
        _stored(*_mean(lit, person, numbers), own, blend)
        for numbers, own in zip(mixed, skin, strict=True)
    ]
    return {
        "head_pictures": np.frombuffer(b"".join(stored), np.uint8),
        "head_ends": np.cumsum([len(one) for one in stored]).astype(np.int64),
        "head_male": portraits.male,
        "head_age": np.array([portraits.age[own].mean() for own in rows], np.float32),
        "head_skin": skin,
        # Which head a voice gets is no finding but keeps: it goes by directions of its embedding.
        "head_by": np.random.default_rng(0).standard_normal((dim, len(skin))).astype(np.float16),
    }


def _alike(lit: UInt8s, person: Float32s, male: Bools, around: Float32s) -> list[Int64s]:
    """Of each portrait itself and the others of its gender whose heads look most like it.

    A mirror image of portrait ``i`` is numbered ``n + i``.
    """
    n, side = person.shape[:2]
    pixel = max(1, side // LIKE_PX)
    across = side // pixel
    seen = np.concatenate([lit * person[..., None], 255 * person[..., None]], axis=-1)
    seen = (seen * around[..., None])[:, : across * pixel, : across * pixel]
    small = seen.reshape(n, across, pixel, across, pixel, 4).mean(axis=(2, 4))
    both = np.concatenate([small, small[:, :, ::-1]]).reshape(2 * n, -1)
    far = ((both**2).sum(axis=1) - 2 * both[:n] @ both.T).astype(np.float64)
    far = far.reshape(n, 2, n)
    mirrored, far = far.argmin(axis=1), far.min(axis=1)
    far[male[:, None] != male] = np.inf
    own = np.arange(n)
    far[own, own], mirrored[own, own] = -np.inf, 0
    nearest = np.argsort(far, axis=1)[:, :MIXED]
    return [(rows + n * mirrored[i, rows])[far[i, rows] < np.inf] for i, rows in enumerate(nearest)]


def _mean(lit: UInt8s, person: Float32s, numbers: Int64s) -> tuple[Float32s, Float32s]:
    """Colour and opacity of a mean of portraits, shapes (side, side, 3) and (side, side)."""
    n = len(person)
    ways = [(i % n, 1 if i < n else -1) for i in numbers]
    shares = np.array([person[i][:, ::way] for i, way in ways])
    colours = np.array([lit[i][:, ::way] for i, way in ways], np.float32)
    total = shares.sum(axis=0)[..., None]
    colour = (shares[..., None] * colours).sum(axis=0) / np.maximum(total, 1e-3)
    opacity = np.clip((shares.mean(axis=0) - MOST[0]) / (MOST[1] - MOST[0]), 0, 1)
    return np.where(total > 0.05, colour, colours.mean(axis=0)), opacity


def _stored(face: Float32s, person: Float32s, skin: Float32s, blend: Float32s) -> bytes:
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
