"""How the light of drawn faces becomes that of photographs (:mod:`voice2face.generators.light`)."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.arrays import Float32s, Float64s, Floats, UInt8s
from voice2face.generators.face_decoder import Looks
from voice2face.generators.face_space import DECADE, FaceSpace, FaceSpacePart
from voice2face.generators.light import Coarse, Light
from voice2face.parts import Arrays
from voice2face.training.face_space.people import People

N_PATTERNS = 12
N_DRAWN = 600  # people drawn to see how their light is
# Drawn faces that are normalised again, as photographs are, come out a little brighter
# (``benchmarks.frechet_steps``), and are compared so.
NORMALISED_AGAIN = 0.98
TRIES = 3  # until the brightness that comes out is that of photographs
TINY = 1e-6  # drawn faces that are all alike have no spread
LEAST = 0.05  # of the drawn light's mean variance: a pattern that no draw has is not enlarged


def fit_light(seen: UInt8s, weight: Floats, drawn: UInt8s | Floats, inside: Float32s) -> Arrays:
    """The arrays of :mod:`voice2face.generators.light`.

    Args:
        seen: Real faces as photographed, on the mean shape, RGB, shape (n, side, side, 3).
        weight: How much each counts; they sum to one, shape (n,).
        drawn: Drawn faces on the mean shape, RGB, shape (m, side, side, 3).
        inside: How much of each pixel is the face's, shape (side, side, 1).
    """
    coarse = Coarse(inside)
    (_, real), (_, made) = (_measured(coarse, faces) for faces in (seen, drawn))
    centred = (real - weight @ real) * np.sqrt(weight)[:, None]
    patterns = np.linalg.svd(centred, full_matrices=False)[2][:N_PATTERNS]
    real, made = real @ patterns.T, made @ patterns.T
    wanted = np.cov(real.T, aweights=weight)
    own = np.cov(made.T)
    own += LEAST * max(np.trace(own) / len(own), TINY) * np.eye(len(own))
    root = _root(own)
    back = np.linalg.inv(root)
    arrays = {
        "light_patterns": patterns.astype(np.float32),
        "light_drawn": made.mean(axis=0).astype(np.float32),
        "light_seen": (weight @ real).astype(np.float32),
        "light_map": (back @ _root(root @ wanted @ root) @ back).astype(np.float32),
    }
    return arrays | _exposure(arrays, (seen, weight), drawn, inside)


def _exposure(
    arrays: Arrays, photographs: tuple[UInt8s, Floats], drawn: UInt8s | Floats, inside: Float32s
) -> Arrays:
    """The exposure by which drawn faces are as bright, and differ as much, as photographs.

    Shading and the bounds on brightness change both; so what comes out is looked at, and what is
    asked for is changed by as much as it is off.
    """
    coarse, (seen, weight) = Coarse(inside), photographs
    own = _measured(coarse, drawn)[0]
    real = np.exp(_measured(coarse, seen)[0])
    mean = NORMALISED_AGAIN * (weight @ real)
    spread = NORMALISED_AGAIN * np.sqrt(weight @ (real - weight @ real) ** 2)
    asked = np.array([np.log(mean), spread / mean])
    as_drawn = own.mean(), own.std()
    for _ in range(TRIES):
        light = Light(arrays | _asked(as_drawn, asked), inside)
        lit = (light(np.asarray(one, np.float32)) for one in drawn)
        found = np.exp(_measured(coarse, lit)[0])
        asked[0] += np.log(mean / found.mean())
        asked[1] *= spread / max(found.std(), TINY)
    return _asked(as_drawn, asked)


def _asked(drawn: tuple[float, float], wanted: Float64s) -> Arrays:
    """The array of an exposure: mean and spread as drawn, and those asked for."""
    return {"light_exposure": np.array([drawn, wanted], np.float32)}


def _measured(coarse: Coarse, faces: Iterable[npt.NDArray[Any]]) -> tuple[Float64s, Float64s]:
    """Brightness and shading of faces, shapes (n,) and (n, numbers)."""
    both = [coarse.of(np.asarray(one, np.float32)) for one in faces]
    bright, shading = zip(*both, strict=True)
    return np.array(bright, np.float64), np.array(shading, np.float64)


def _root(covariance: Float64s) -> Float64s:
    """The symmetric root of a covariance."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T)


def drawn_people(arrays: Arrays, part: FaceSpacePart, people: People) -> Looks:
    """People drawn about usual ones of the genders and ages of some of ``people``.

    Args:
        arrays: The face space.
        part: How people are drawn.
        people: Those that it was fitted on.
    """
    rng = np.random.default_rng(0)
    some = rng.choice(len(people.age), N_DRAWN, p=people.weight)
    men, age = people.male[some], people.age[some].astype(np.float32)
    middle, man = arrays["gender_code"].mean(axis=0), men.astype(np.int64)
    codes = middle + part.gender_emphasis * (arrays["gender_code"][man] - middle)
    decades = (age - arrays["gender_age"][man])[:, None] / DECADE
    codes = codes + decades * arrays["age_code"][man]
    return FaceSpace(part, arrays).drawn(Looks(np.asarray(codes, np.float32), men, age), rng)
