"""Which head suits whom: the age at which it is seen, and which voices keep to it.

A head changes the age that is seen in a face by a few years, and not by the age of the people whose
portraits it is made of: they have another face. So heads are drawn around one face and looked at.
"""

from collections.abc import Callable
from io import BytesIO

import numpy as np
from PIL import Image

from voice2face.arrays import Float32s, Float64s, Floats, Texts, UInt8s
from voice2face.faces.mesh import five_points
from voice2face.generators.face_decoder import FaceDecoder, Looks
from voice2face.generators.face_space import FaceSpace, FaceSpacePart
from voice2face.parts import Arrays
from voice2face.training.face_space.fit import Speakers

Judge = Callable[[UInt8s, Float64s], Float64s]

PX = 256
AT_ONCE = 50
PLACES = 3  # directions of voices and of heads' looks
WITHIN = 1.0  # added to what differs within a person, in its mean over the directions
LIKELY = 0.7  # how far from a voice's place a head may lie, in spreads
SMALL_PX = 20  # of the pictures by which heads look alike


def head_ages(arrays: Arrays, part: FaceSpacePart, heard: Float32s, judge: Judge) -> Arrays:
    """Ages that heads suit, ``head_age``.

    Heads of a gender are put in the order of the ages seen with them around the same face, and
    spread as the ages that voices tell.

    Args:
        arrays: A face space with heads.
        part: How its faces are drawn.
        heard: Voice embeddings, shape (n, dim).
        judge: Ages, in years, seen in pictures, RGB, uint8, (n, px, px, 3), whose eyes, nose and
            corners of the mouth lie at these pixels, (n, 5, 2); shape (n,).
    """
    seen, male = _seen(arrays, part, judge), arrays["head_male"]
    told = FaceSpace(part, arrays).told(heard)
    ages = np.empty(len(seen))
    for gender in (False, True):
        own, years = seen[male == gender], told.age[(told.male > 0) == gender]
        ages[male == gender] = years.mean() + years.std() * _standard(own)
    return {"head_age": ages.astype(np.float32)}


def head_places(arrays: Arrays, voices: Speakers, heard: Float32s) -> Arrays:
    """Which head a voice keeps to, ``head_by``: no finding, but recordings of one person agree.

    The directions are those in which voices of one gender differ most for how recordings of one
    person do (Fisher 1936). Heads lie along them as they differ in looks, so that those of voices
    that are near each other look alike.

    Args:
        arrays: A face space, and pictures of heads.
        voices: Several recordings each of many people, whose gender is known.
        heard: Voice embeddings as the space hears them, shape (n, dim).
    """
    mean, scale = arrays["voice_mean"], arrays["voice_scale"]
    own, usual = (np.asarray((x - mean) / scale, np.float64) for x in (voices.embedding, heard))
    men = usual @ arrays["gender"][:-1] + arrays["gender"][-1] > 0
    between = usual[men].mean(axis=0) - usual[~men].mean(axis=0)
    between /= np.linalg.norm(between)
    own, usual = (x - np.outer(x @ between, between) for x in (own, usual))
    directions = _steady(own, voices.person, voices.male)
    directions /= (usual @ directions).std(axis=0)
    looks, male = _looks(arrays), arrays["head_male"]
    at = np.zeros((len(male), PLACES))
    for gender in (False, True):
        some = looks[male == gender] - looks[male == gender].mean(axis=0)
        main = np.linalg.svd(some, full_matrices=False)[0][:, :PLACES]
        at[male == gender, : main.shape[1]] = main / np.maximum(main.std(axis=0), 1e-9)
    at *= np.sqrt(PLACES) / np.maximum(np.linalg.norm(at, axis=1, keepdims=True), 1e-9)
    directions -= np.outer(between, between @ directions)
    by = np.sqrt(len(mean)) / LIKELY**2 * directions @ at.T
    return {"head_by": by.astype(np.float16)}


def _seen(arrays: Arrays, part: FaceSpacePart, judge: Judge) -> Float64s:
    """Age seen with each head around the mean face of its gender, shape (heads,)."""
    male = arrays["head_male"]
    codes = arrays["gender_code"][male.astype(np.int64)].astype(np.float32)
    age = arrays["gender_age"][male.astype(np.int64)].astype(np.float32)
    looks = Looks(codes, male, age, heads=np.arange(len(male)))
    decoder = FaceDecoder(arrays, PX, part.sharpening)
    found = []
    for start in range(0, len(male), AT_ONCE):
        some = looks.some(slice(start, start + AT_ONCE))
        points = np.array([five_points(shape) for shape in decoder.shapes(some.codes)])
        found.append(judge(np.rint(decoder(some)).astype(np.uint8), PX * points))
    return np.concatenate(found)


def _steady(voices: Float64s, person: Texts, male: Floats) -> Float64s:
    """Directions that tell people of one gender apart best, shape (dim, PLACES)."""
    names, who = np.unique(person, return_inverse=True)
    own = np.array([voices[who == number].mean(axis=0) for number in range(len(names))])
    gender = np.array([male[who == number][0] > 0.5 for number in range(len(names))])
    left = voices - own[who]
    within = left.T @ left / max(1, len(voices) - len(names))
    for men in (False, True):
        own[gender == men] -= own[gender == men].mean(axis=0)
    within += (WITHIN * np.trace(within) / len(within) + 1e-9) * np.eye(len(within))
    back = np.linalg.inv(np.linalg.cholesky(within))
    values = np.linalg.eigh(back @ np.cov(own.T) @ back.T)
    return np.asarray(back.T @ values.eigenvectors[:, ::-1][:, :PLACES])


def _looks(arrays: Arrays) -> Float64s:
    """Heads, small: colour and opacity, shape (heads, numbers)."""
    found = []
    for start, end in zip(np.append(0, arrays["head_ends"]), arrays["head_ends"], strict=False):
        with Image.open(BytesIO(arrays["head_pictures"][start:end].tobytes())) as image:
            small = image.resize((SMALL_PX, 2 * SMALL_PX), Image.Resampling.BOX)
            both = np.asarray(small, np.float64)
        opacity = both[SMALL_PX:, :, 1:2]
        found.append(np.concatenate([both[:SMALL_PX] * opacity / 255, opacity], axis=-1).ravel())
    return np.array(found)


def _standard(values: Floats) -> Float64s:
    return np.asarray((values - values.mean()) / max(float(values.std()), 1e-9), np.float64)
