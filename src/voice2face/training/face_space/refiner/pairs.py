"""What a refiner learns from: faces as the closed form draws them, beside the real ones.

Three kinds: portraits with all that surrounds the face; faces without hair, where only the face
is known; and faces of nobody, of which only a critic judges.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voice2face.generators.face_decoder import (
    BACKGROUND,
    FaceDecoder,
    Looks,
    surrounding_features,
)
from voice2face.generators.face_space import FaceSpace, FaceSpacePart
from voice2face.generators.rows import times
from voice2face.parts import Arrays
from voice2face.training.face_space.components import Codes, Components
from voice2face.training.face_space.people import People

Floats = npt.NDArray[np.float32]
Pictures = npt.NDArray[np.uint8]

VARIANTS = 2  # of each portrait: as it is, and nearer to the mean
NEARER = (0.2, 0.9)  # share of the way from the mean to the person
CHEEKS = (90, 105, 52, 108)  # pixels: top, bottom, left, right
OPAQUE = (0.35, 0.85)  # shares of a mask that become 0 and 1: behind its border is the background


@dataclass(frozen=True, eq=False)
class Pairs:
    """Faces as drawn and as they were.

    Attributes:
        drawn: RGB and opacity, shape (n, side, side, 4).
        real: Likewise; which one belongs to a drawn face says ``of``.
        of: Row of ``real`` for each drawn face, -1 where there is none, shape (n,).
        near: How much of the person is in the drawn face, 0 to 1, shape (n,).
        whole: Whether what surrounds the face is known too, shape (n,).
        male: Shape (n,).
        photographs: Rows of ``real`` that a critic may take for the truth.
        weight: How often it is shown each; they sum to one.
    """

    drawn: Pictures
    real: Pictures
    of: npt.NDArray[np.int64]
    near: Floats
    whole: npt.NDArray[np.bool_]
    male: npt.NDArray[np.bool_]
    photographs: npt.NDArray[np.int64]
    weight: npt.NDArray[np.float64]


def pairs_of(
    arrays: Arrays,
    part: FaceSpacePart,
    portraits: People,
    faces: People,
    voices: Floats,
    rng: np.random.Generator,
) -> Pairs:
    """Draw the faces.

    Args:
        arrays: A face space.
        part: How its faces are drawn.
        portraits: People with hair.
        faces: People without.
        voices: Embeddings, for faces as they will be asked for: a mean and a draw of each.
        rng: Source of chance.
    """
    space, decoder = FaceSpace(part, arrays), FaceDecoder(arrays, part.px, 0.0)
    of_portraits, of_faces = (_looks(arrays, people) for people in (portraits, faces))
    drawn, near = [_laid(decoder, of_portraits)], [np.ones(len(portraits.male), np.float32)]
    for _ in range(VARIANTS - 1):
        near.append(rng.uniform(*NEARER, len(portraits.male)).astype(np.float32))
        drawn.append(_laid(decoder, _nearer(arrays, of_portraits, near[-1])))
    hair = np.array([rng.choice(arrays["hair"][arrays["hair_male"] == men]) for men in faces.male])
    near.append(rng.uniform(NEARER[0], 1.0, len(faces.male)).astype(np.float32))
    chance = Looks(of_faces.codes, of_faces.male, of_faces.age, hair)
    drawn.append(_laid(decoder, _nearer(arrays, chance, near[-1])))
    asked = [space.looks(voices), space.looks(voices, rng)]
    drawn += [_laid(decoder, looks) for looks in asked]
    n, m, v = len(portraits.male), len(faces.male), len(voices)
    of = np.concatenate([np.tile(np.arange(n), VARIANTS), n + np.arange(m), np.full(2 * v, -1)])
    male = [portraits.male] * VARIANTS + [faces.male] + [looks.male for looks in asked]
    return Pairs(
        np.concatenate(drawn),
        np.concatenate([_photograph(portraits), _opaque(faces.texture)]),
        of.astype(np.int64),
        np.concatenate([*near, np.zeros(2 * v, np.float32)]),
        np.arange(len(of)) < VARIANTS * n,
        np.concatenate(male),
        np.arange(n),
        _evened(portraits),
    )


def _evened(portraits: People) -> npt.NDArray[np.float64]:
    """Women as often as men, and each quarter of the lightness of skin as often as another."""
    top, bottom, left, right = CHEEKS
    cheeks = portraits.texture[:, top:bottom, left:right].mean(axis=(1, 2, 3), dtype=np.float64)
    span = np.linspace(cheeks.min(), cheeks.max() + 1e-6, 5)
    quarter = np.digitize(cheeks, span) * 2 + portraits.male
    weight = np.array([1 / np.sqrt((quarter == one).sum()) for one in quarter])
    for men in (False, True):
        weight[portraits.male == men] /= 2 * weight[portraits.male == men].sum()
    return weight


def _looks(arrays: Arrays, people: People) -> Looks:
    """The people in the face space; their own hair where it is known."""
    basis = arrays["texture_basis"].astype(np.float32) * arrays["texture_scale"][:, None]
    codes = Codes(
        arrays["region"],
        Components(arrays["texture_mean"], basis),
        Components(arrays["shape_mean"].ravel(), arrays["shape_basis"]),
    ).of(people.texture, people.shape)
    age, n_hair = people.age.astype(np.float32), arrays["hair"].shape[1]
    hair = np.zeros((len(codes), n_hair), np.float32)
    if people.person is not None:
        for men in (0, 1):
            of_it = people.male == men
            step = arrays["around_step"][men][:, None]
            rows = arrays["around"][men].astype(np.float32) * step
            none = np.zeros((int(of_it.sum()), 0), np.float32)
            known = surrounding_features(codes[of_it][:, : len(basis)], age[of_it], none)
            left = _premultiplied(people.texture[of_it], people.person[of_it])
            left -= arrays["around_mean"][men] + times(known, rows[:-n_hair])
            chance = rows[-n_hair:]
            hair[of_it] = times(left, chance.T.copy()) / (chance**2).sum(axis=1)
    return Looks(codes, people.male, age, hair)


def _nearer(arrays: Arrays, looks: Looks, share: Floats) -> Looks:
    """People on the way from the mean of their gender to themselves."""
    middle = arrays["gender_code"][looks.male.astype(np.int64)]
    codes = middle + share[:, None] * (looks.codes - middle)
    return Looks(codes.astype(np.float32), looks.male, looks.age, share[:, None] * looks.hair)


def _laid(decoder: FaceDecoder, looks: Looks) -> Pictures:
    laid = [decoder.laid(looks, row) for row in range(len(looks.codes))]
    return np.array([np.clip(np.rint(one), 0, 255) for one in laid], np.uint8)


def _premultiplied(texture: Pictures, person: Pictures) -> Floats:
    opacity = person[..., None].astype(np.float32) / np.float32(255)
    both = np.concatenate([texture * opacity, 255 * opacity], axis=-1)
    return np.asarray(both.reshape(len(both), -1), np.float32)


def _photograph(people: People) -> Pictures:
    """Portraits before the plain background."""
    assert people.person is not None
    share = (people.person.astype(np.float32) / 255 - OPAQUE[0]) / (OPAQUE[1] - OPAQUE[0])
    share = np.clip(share, 0, 1)[..., None]
    shown = BACKGROUND + share * (people.texture - np.float32(BACKGROUND))
    return np.array(np.rint(np.concatenate([shown, 255 * share], axis=-1)), np.uint8)


def _opaque(texture: Pictures) -> Pictures:
    return np.concatenate([texture, np.full((*texture.shape[:3], 1), 255, np.uint8)], axis=-1)
