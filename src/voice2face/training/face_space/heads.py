"""Heads that faces get: means of three portraits, without a face, in a studio's light.

A plain mean of three collars shows all three of them, half transparent. So at each pixel those two
that agree best count most, and the three are chosen among portraits that look alike so that there
is little to disagree about.
"""

from io import BytesIO
from itertools import combinations

import numpy as np
from PIL import Image

from voice2face.arrays import Bools, Float32s, Int64s, UInt8s
from voice2face.faces.luma import LUMA
from voice2face.generators.heads import skin_likeness
from voice2face.generators.soft import blur_matrix, blurred
from voice2face.parts import Arrays
from voice2face.training.face_space.people import People
from voice2face.training.face_space.studio import relit, shades

Triple = tuple[int, int, int]

MIXED = 3  # portraits that make a head: one alone would be a picture of somebody
MOST = (0.4, 0.6)  # their mean opacity: an outline is where most of them have theirs
# Side of the pictures by which portraits that look alike are found; how many of those are tried;
# and how much counts, beside where two of three agree best, how well all do.
LIKE_PX, NEAR, ALL = 40, 10, 0.3
# Differences of two portraits from which the third counts, of 255, over how many pixels of a layout
# of 160; and what a full difference in opacity is worth.
DIFFERENT, OVER, OUTLINE = 18.0, 1.5, 80.0
CLEAN = 0.8  # share of portraits whose best triple agrees well enough
ENOUGH = 120  # heads of a gender, those whose portraits agree best
NO_SKIN, BALD = 0.3, 0.01  # most likeness of hair to skin; share of pixels above the eyes
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


def head_arrays(portraits: People, studio: Float32s, blend: Float32s) -> Arrays:
    """The pictures of :mod:`voice2face.generators.heads`, and whom they suit.

    Args:
        portraits: People with hair, and what of each pixel is theirs.
        studio: The pattern of light wanted, shape (side, side, 3).
        blend: How much of each pixel is the drawn face's, shape (side, side).
    """
    assert portraits.person is not None
    as_exposed = np.ones(len(portraits.texture), np.float32)
    lit = relit(portraits.texture, shades(portraits.texture), studio, as_exposed)
    tone = lit[:, blend > BLANK[0]].mean(axis=1, dtype=np.float32)
    person = portraits.person.astype(np.float32) / np.float32(255)
    mixed = clean_triples(lit, person, portraits.male, 1 - blend)
    rows = mixed % len(lit)
    skin = tone[rows].mean(axis=1)
    heads = [_mean(lit, person, numbers) for numbers in mixed]
    stored = [_stored(*one, own, blend) for one, own in zip(heads, skin, strict=True)]
    hair = [_hair(*one, own, blend) for one, own in zip(heads, skin, strict=True)]
    return {
        "head_pictures": np.frombuffer(b"".join(stored), np.uint8),
        "head_ends": np.cumsum([len(one) for one in stored]).astype(np.int64),
        "head_male": portraits.male[rows[:, 0]],
        "head_age": portraits.age[rows].mean(axis=1, dtype=np.float64).astype(np.float32),
        "head_skin": skin,
        "head_hair": np.array(hair, np.float32),
    }


def clean_triples(lit: UInt8s, person: Float32s, male: Bools, around: Float32s) -> Int64s:
    """Portraits that make a head, each three of one gender, shape (heads, 3).

    Of each portrait itself, and two of those that look most like it. Triples whose portraits agree
    best come first; no two portraits are together in two heads, which would look alike. A mirror
    image of portrait ``i`` is numbered ``n + i``.

    Args:
        lit: Portraits, RGB, shape (n, side, side, 3).
        person: How much of each pixel is the person, 0 to 1, shape (n, side, side).
        male: Shape (n,).
        around: How much each pixel counts, 0 to 1, shape (side, side).
    """
    n, seen = len(lit), _small(lit, person, around)
    bright = (seen[..., :3] @ LUMA).mean(axis=(1, 2))
    kept: list[Triple] = []
    for gender in (False, True):
        rows = np.flatnonzero(male == gender)
        found = [_tried(own, rows, seen, bright) for own in rows.tolist()]
        most = np.quantile([min(some)[0] for some in found], CLEAN)
        together: set[tuple[int, ...]] = set()
        heads: list[Triple] = []
        for unlike, numbers in sorted(one for some in found for one in some):
            pairs = set(combinations(sorted(number % n for number in numbers), 2))
            if unlike <= most and not pairs & together:
                together |= pairs
                heads.append(numbers)
        kept += heads[:ENOUGH]
    return np.array(kept, np.int64)


def _small(lit: UInt8s, person: Float32s, around: Float32s) -> Float32s:
    """Colour and opacity around faces and their mirror images, few pixels, (2 n, px, px, 4)."""
    n, side = person.shape[:2]
    pixel = max(1, side // LIKE_PX)
    across = side // pixel
    seen = np.empty((2 * n, across, across, 4), np.float32)
    for row in range(n):
        whole = np.concatenate(
            [lit[row] * person[row][..., None], 255 * person[row][..., None]], -1
        )
        whole = (whole * around[..., None])[: across * pixel, : across * pixel]
        seen[row] = whole.reshape(across, pixel, across, pixel, 4).mean(axis=(1, 3))
    seen[n:] = seen[:n, :, ::-1]
    return seen


def _tried(own: int, rows: Int64s, seen: Float32s, bright: Float32s) -> list[tuple[float, Triple]]:
    """How much a portrait and each two of ``rows`` near it differ, and their numbers."""
    n = len(seen) // 2
    others = rows[rows != own]
    both = np.stack([others, others + n])
    far = ((seen[both] - seen[own]) ** 2).mean(axis=(2, 3, 4))
    near = np.argsort(far.min(axis=0))[:NEAR]
    tried = both[far.argmin(axis=0), np.arange(len(others))][near]
    from_own = np.abs(seen[tried] - seen[own]).mean(axis=-1)
    found = []
    for i, j in combinations(range(len(tried)), MIXED - 1):
        numbers = int(own), int(tried[i]), int(tried[j])
        between = np.abs(seen[numbers[1]] - seen[numbers[2]]).mean(axis=-1)
        each = np.stack([from_own[i], from_own[j], between])
        unlike = (1 - ALL) * each.min(axis=0).mean() + ALL * each.mean()
        found.append((float(unlike / np.sqrt(bright[list(numbers)].mean())), numbers))
    return found


def _mean(lit: UInt8s, person: Float32s, numbers: Int64s) -> tuple[Float32s, Float32s]:
    """Colour and opacity of a mean of three, shapes (side, side, 3) and (side, side)."""
    n = len(person)
    ways = [(i % n, 1 if i < n else -1) for i in numbers]
    shares = np.array([person[i][:, ::way] for i, way in ways])
    colours = np.array([lit[i][:, ::way] for i, way in ways], np.float32)
    counted = _agreed(shares, colours) * shares
    total = counted.sum(axis=0)[..., None]
    colour = (counted[..., None] * colours).sum(axis=0) / np.maximum(total, 1e-3)
    opacity = np.clip((shares.mean(axis=0) - MOST[0]) / (MOST[1] - MOST[0]), 0, 1)
    return np.where(total > 0.05, colour, colours.mean(axis=0)), opacity


def _agreed(shares: Float32s, colours: Float32s) -> Float32s:
    """How much each of three counts at each pixel, shape (3, side, side): none more than half.

    A pair counts the more the better its two agree, and both of it alike.
    """
    blur = blur_matrix(shares.shape[1], OVER * shares.shape[1] / 160)
    pairs = list(combinations(range(MIXED), 2))
    apart = np.empty_like(shares)
    for row, (i, j) in enumerate(pairs):
        colour = np.abs(colours[i] - colours[j]).mean(axis=-1) * np.minimum(shares[i], shares[j])
        differs = colour + np.float32(OUTLINE) * np.abs(shares[i] - shares[j])
        apart[row] = blurred((differs**2)[..., None], blur)[..., 0]
    pair = np.exp((apart.min(axis=0) - apart) / np.float32(2 * DIFFERENT**2))
    pair /= 2 * pair.sum(axis=0)
    counted = np.zeros_like(shares)
    for (i, j), share in zip(pairs, pair, strict=True):
        counted[i] += share
        counted[j] += share
    return counted


def _hair(face: Float32s, person: Float32s, skin: Float32s, blend: Float32s) -> float:
    """Brightness of what is not skin above the eyes, 0 to 255; 0 if there is next to nothing."""
    unlike = (skin_likeness(face, skin)[..., 0] < NO_SKIN) * person * (1 - blend)
    above = unlike[: len(face) // 2]
    if above.sum() < BALD * above.size:
        return 0.0
    return float((above * (face[: len(above)] @ LUMA)).sum() / above.sum())


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
