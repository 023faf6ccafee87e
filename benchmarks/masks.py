"""Hair and background removed from real faces: what goes, what stays, what the border leaves.

Target: at places that were labelled by hand, at least 95 % of skin and beards stay, at least 90 %
of hair and background go; of faces that reach over their picture's border none keeps 3 % of what
the border mirrors.
"""

from pathlib import Path

import numpy as np

from benchmarks.harness import Result, figure
from benchmarks.inputs import Inputs
from benchmarks.mask_labels import LABELS, PLACES
from benchmarks.prepare_runs import real
from voice2face.arrays import Bools, Float32s
from voice2face.assets import pretrained
from voice2face.faces.align import GEOMETRIES, align, inside_picture, widened
from voice2face.faces.crop import CONTEXT_PX
from voice2face.faces.detect import YuNet
from voice2face.faces.masks import CONTEXT, Masks
from voice2face.faces.pictures import PictureError, read_picture

NAMES = {"s": "skin", "e": "beard", "h": "hair", "b": "background", "m": "mirror"}
STAYS = "se"
TARGETS = {"s": 0.95, "e": 0.95, "h": 0.9, "b": 0.9, "m": 1.0}
MOST_MIRRORED = 0.03
GEOMETRY = widened(GEOMETRIES["released"], CONTEXT)
BORDER = round(CONTEXT_PX * (1 - 1 / CONTEXT) / 2)


def measure(_: Inputs) -> Result:
    """Mask labelled faces, and all of VoxCeleb's that reach over the border."""
    folder = real()
    detector = YuNet(pretrained.find("yunet"), 0.6)
    masks = Masks(("hair", "background"))
    right: dict[str, list[bool]] = {letter: [] for letter in NAMES}
    for name, letters in LABELS.items():
        kept, _ = _masked(folder / name, detector, masks)
        for letter, (x, y) in zip(letters, PLACES, strict=True):
            if letter in right:
                stays = kept[int(y * len(kept)), int(x * len(kept))] >= 0.5
                right[letter].append(bool(stays == (letter in STAYS)))
    figures = [
        figure(f"{NAMES[letter]}, share right of {len(found)} places", [float(np.mean(found))],
               at_least=TARGETS[letter])
        for letter, found in right.items()
    ]  # fmt: skip
    over, refused = [], 0
    for path in sorted((folder / "pairs" / "voxceleb" / "face").glob("*.jpg")):
        try:
            kept, inside = _masked(path, detector, masks)
        except PictureError:
            refused += 1
            continue
        if not inside.all():
            over.append(float((kept * ~inside).mean()))
    n_kept = sum(share > MOST_MIRRORED for share in over)
    figures += [
        figure("faces over the border", [len(over)]),
        figure("of them keep 3 % of its mirror", [n_kept], at_most=0),
        figure("faces whose masks are refused", [refused]),
    ]
    about = {"labelled faces": len(LABELS), "largest mirrored share": round(max(over), 4)}
    return Result("prepare --remove hair,background", tuple(figures), about)


def _masked(path: Path, detector: YuNet, masks: Masks) -> tuple[Float32s, Bools]:
    """How much of each pixel of the crop stays, and which pixels show the picture."""
    picture = read_picture(path.read_bytes(), 1024)
    points = detector(picture)[0].points
    context, _ = align(picture, points, GEOMETRY, CONTEXT_PX)
    inside = inside_picture((picture.shape[1], picture.shape[0]), points, GEOMETRY, CONTEXT_PX)
    middle = (slice(BORDER, -BORDER), slice(BORDER, -BORDER))
    return masks(context, inside)[middle], inside[middle]
