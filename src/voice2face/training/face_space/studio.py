"""Faces that a space can consist of, in the light of a studio.

Principal components mix what they are fitted to. A shadow or a frame that one face in twenty has
is then a little in every face that is drawn.
"""

from dataclasses import replace

import numpy as np

from voice2face.arrays import Bools, Float16s, Float32s, Floats, Texts, UInt8s
from voice2face.faces.evenness import coarse_light
from voice2face.faces.layout import Layout
from voice2face.faces.spectacles import read_weights, spectacles
from voice2face.training.face_space.clean import Clean
from voice2face.training.face_space.people import People

MOST_SPECTACLES = 0.06  # by eye: of FairFace's faces beyond it most wear some
# Share of a face's own pattern of light that stays; more at the lower end, where beards are.
KEPT, KEPT_BELOW = 0.35, 0.7
EXPOSURE = 0.5  # share of the distance to the group's mean that is taken back
BELOW = (0.62, 0.72)  # shares of the side between which one blends into the other


def shades(texture: UInt8s) -> Float16s:
    """Patterns of light on faces: logarithms of coarse colour, less their mean in the face.

    Args:
        texture: RGB, in the layout of normalised faces, shape (n, side, side, 3).

    Returns:
        Shape (n, side, side, 3).
    """
    inside = Layout.read().inside(texture.shape[1])
    found = np.empty(texture.shape, np.float16)
    for row, face in enumerate(texture.astype(np.float32)):
        light = [coarse_light(np.ascontiguousarray(face[..., c]), inside) for c in range(3)]
        found[row] = np.stack([one - one[inside > 0.5].mean() for one in light], axis=-1)
    return found


def presentable(people: People) -> Bools:
    """Whose face a space can consist of, shape (n,): in even light, open eyes, no spectacles."""
    weights = read_weights()
    worn = np.array([spectacles(one.astype(np.float32), weights) for one in people.texture])
    codes = np.zeros((len(worn), 1))  # how usual they are is not known yet
    clean = Clean(usual=1.0)(people.texture, people.shape, codes)
    return np.asarray(clean & (worn <= MOST_SPECTACLES))


def chosen(people: People, of_them: Bools) -> People:
    """Some of the people; their weights sum to one again."""
    weight = people.weight[of_them] / people.weight[of_them].sum()
    rows = {name: getattr(people, name)[of_them] for name in ("texture", "shape", "male", "age")}
    person = None if people.person is None else people.person[of_them]
    return replace(people, **rows, weight=weight, person=person)


def evened_exposure(texture: UInt8s, group: Texts) -> Float32s:
    """Factors that bring faces half-way to the mean brightness of their group, shape (n,).

    How light a face is within a group of people is as much the camera's doing as the skin's.

    Args:
        texture: RGB, in the layout of normalised faces, shape (n, side, side, 3).
        group: Of each, shape (n,).
    """
    face = Layout.read().inside(texture.shape[1]) > 0.5
    bright = np.log(np.maximum(texture[:, face].mean(axis=(1, 2), dtype=np.float32), 1.0))
    middle = np.array([bright[group == one].mean() for one in group])
    return np.asarray(np.exp(EXPOSURE * (middle - bright)), np.float32)


def relit(
    texture: UInt8s,
    shade: Float16s,
    studio: Float32s,
    gain: Floats,
) -> UInt8s:
    """Faces in the light of a studio; what colour their skin is as a whole stays, but for ``gain``.

    Args:
        texture: RGB, in the layout of normalised faces, shape (n, side, side, 3).
        shade: Their patterns of light, shape (n, side, side, 3).
        studio: The pattern wanted, shape (side, side, 3).
        gain: Factor on each, for its exposure, shape (n,).
    """
    side = texture.shape[1]
    inside = Layout.read().inside(side)
    height = (np.arange(side, dtype=np.float32) + np.float32(0.5)) / np.float32(side)
    below = np.clip((height - BELOW[0]) / (BELOW[1] - BELOW[0]), 0, 1)[:, None, None]
    kept = KEPT + (KEPT_BELOW - KEPT) * below
    usual = shade.mean(axis=0, dtype=np.float32)
    lit = np.empty_like(texture)
    for row, (face, own) in enumerate(zip(texture, shade, strict=True)):
        change = studio - usual + (kept - 1) * (own.astype(np.float32) - usual)
        bright = gain[row] * face * np.exp(change * inside[..., None])
        lit[row] = np.clip(np.rint(bright), 0, 255)
    return lit
