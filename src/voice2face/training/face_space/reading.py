"""How a network reads drawn faces, and what to draw so that it reads what a voice tells.

A face drawn from the best guess of its code is read as a smooth, average face rather than as the
person: readings of drawn faces are no mean of readings of people. So faces of the space are drawn
and read by a network, the reading is taken for linear in the code, and the code of a voice's face
is moved, as little as its spread allows, to where its reading is the one that the voice tells.
"""

from collections.abc import Callable

import numpy as np

from voice2face.arrays import Float32s, Float64s, UInt8s
from voice2face.evaluation.metrics.cosine import unit
from voice2face.faces.mesh import five_points
from voice2face.generators.face_decoder import FaceDecoder, Looks
from voice2face.generators.face_space import FaceSpace, FaceSpacePart
from voice2face.parts import Arrays
from voice2face.training.face_space.hearing import ridge

Read = Callable[[UInt8s, Float64s], Float32s]

N_DRAWN = 1300  # faces, women and men in turn
PX = 128
MIXED = (0.3, 0.9)  # shares of the spread in which they are drawn
AGES = (22.0, 75.0)  # years
FOR_READING = 0.08  # ridge, for each face drawn
FOR_VOICE = 10.0  # ridge, for each person heard
AGE_MIDDLE, AGE_SPREAD = 48.0, 12.0  # years; so that the ridge takes them as it takes codes
# What is aimed at, in what a voice tells; and how exactly, in the squared reading of a spread.
FURTHER, NOISE = 2.0, 0.02
AT_ONCE = 50


def fit_answer(
    arrays: Arrays,
    part: FaceSpacePart,
    heard: Float32s,
    reading: Float32s,
    read: Read,
    seed: int = 0,
) -> Arrays:
    """Added to the codes of voices so that their faces are read as what the voices tell.

    Args:
        arrays: A face space.
        part: How its faces are drawn: emphasis.
        heard: Voice embeddings of people, shape (n, dim).
        reading: What the network reads in their faces, shape (n, m).
        read: Embeddings, by that network, of pictures, RGB, uint8, (n, px, px, 3), whose eyes,
            nose and corners of the mouth lie at these pixels, (n, 5, 2); shape (n, m).
        seed: Seed of the faces drawn.

    Returns:
        ``answer``, shape (dim, K), and ``answer_gender``, shape (2, K): added are the standardised
        embedding times the first and the row of the gender of the second.
    """
    slope, of_gender, of_age = _readings(arrays, read, seed)
    x = (heard.astype(np.float64) - arrays["voice_mean"]) / arrays["voice_scale"]
    read_of_people = unit(reading).astype(np.float64)
    told, offset = ridge(x, read_of_people, FOR_VOICE)
    offset = offset - read_of_people.mean(axis=0)
    base, base_gender = _plain(arrays, part)
    gain = slope @ np.linalg.inv(slope.T @ slope + NOISE * np.eye(slope.shape[1]))  # (K, m)
    years = part.age_emphasis * 10 / AGE_SPREAD * arrays["age"][:-1, None] @ of_age[None]
    answer = (FURTHER * told - years - base @ slope) @ gain.T
    by_itself = np.array((-1.0, 1.0))[:, None] * of_gender  # head and all
    by_gender = (FURTHER * offset - by_itself - base_gender @ slope) @ gain.T
    # Readings count from their mean over the people: so must what is added.
    men = x @ arrays["gender"][:-1] + arrays["gender"][-1] > 0
    by_gender -= (x @ answer).mean(axis=0) + by_gender[men.astype(np.int64)].mean(axis=0)
    return {
        "answer": answer.astype(np.float32),
        "answer_gender": by_gender.astype(np.float32),
    }


def _readings(arrays: Arrays, read: Read, seed: int) -> tuple[Float64s, Float64s, Float64s]:
    """How a reading changes with the code (K, m), with gender (m,) and with age (m,)."""
    rng = np.random.default_rng(seed)
    men = np.arange(N_DRAWN) % 2 == 1
    age = rng.uniform(*AGES, N_DRAWN).astype(np.float32)
    space = FaceSpace(FaceSpacePart(embedding_dim=len(arrays["voice_mean"])), arrays)
    middle = arrays["gender_code"].mean(axis=0)
    codes = np.empty((N_DRAWN, len(middle)), np.float32)
    for row, man in enumerate(men.astype(np.int64)):
        rest = space.rest(bool(man), rng)
        decades = (age[row] - arrays["gender_age"][man]) / 10
        toward = rng.uniform(0.2, 1.0) * (arrays["gender_code"][man] - middle)
        codes[row] = middle + toward + decades * arrays["age_code"][man]
        codes[row] += rng.uniform(*MIXED) * rest
    decoder = FaceDecoder(arrays, PX, sharpening=0.5)
    looks = space.headed(Looks(codes, men, age), np.zeros((N_DRAWN, space.n_heads), np.float32))
    found = []
    for start in range(0, N_DRAWN, AT_ONCE):
        rows = slice(start, start + AT_ONCE)
        faces = decoder(looks.some(rows))
        points = np.array([five_points(shape) for shape in decoder.shapes(codes[rows])])
        found.append(read(np.rint(faces).astype(np.uint8), PX * points))
    about = np.column_stack([np.where(men, 1.0, -1.0), (age - AGE_MIDDLE) / AGE_SPREAD])
    readings = unit(np.concatenate(found)).astype(np.float64)
    weights, _ = ridge(np.column_stack([codes - middle, about]), readings, FOR_READING)
    return weights[:-2], weights[-2], weights[-1]


def _plain(arrays: Arrays, part: FaceSpacePart) -> tuple[Float64s, Float64s]:
    """Codes without an answer, linear in the embedding: (dim, K), and of each gender: (2, K)."""
    n_texture = len(arrays["texture_basis"])
    base = arrays["deviation"].astype(np.float64)
    base[:, :n_texture] *= part.liveliness
    base[:, n_texture:] *= part.shape_emphasis
    slope = arrays["age_code"].mean(axis=0)
    base += part.age_emphasis * arrays["age"][:-1, None] @ slope[None]
    middle = arrays["gender_code"].mean(axis=0)
    return base, part.gender_emphasis * (arrays["gender_code"] - middle)
