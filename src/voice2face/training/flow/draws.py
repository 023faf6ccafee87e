"""A flow that draws people of a face space, of a gender and an age."""

import numpy as np
from msgspec.structs import replace

from voice2face.arrays import Bools, Floats
from voice2face.errors import TrainingError
from voice2face.generators.face_decoder import Looks
from voice2face.generators.face_space import DECADE, FaceSpace, FaceSpacePart
from voice2face.parts import Arrays
from voice2face.training.face_space.clean import Clean
from voice2face.training.face_space.components import Codes
from voice2face.training.face_space.people import People
from voice2face.training.flow.matching import Faces, FlowTraining, train_flow

LEAST_FACES = 50
N_DRAWN = 600  # people drawn to see how they are
MOST_SPREAD = 1.5  # by which a draw's distance from the mean is enlarged


def fit_draws(
    arrays: Arrays,
    people: People,
    *,
    clean: Clean | None = None,
    training: FlowTraining | None = None,
    seed: int = 0,
) -> Arrays:
    """What a face space draws people by, in place of mixtures of people.

    Args:
        arrays: The face space.
        people: Those that it was fitted on; each is shown as often as their weight says.
        clean: Whose faces are left out; as usual if not given.
        training: Of the flow; as usual if not given.
        seed: Of the training.

    Returns:
        The arrays of :mod:`voice2face.generators.velocity`; known are gender, -1 for women and 1
        for men, and age in years.

    Raises:
        TrainingError: Too few faces are clean.
    """
    codes = Codes.read(arrays)
    own = codes.of(people.texture, people.shape)
    kept = (clean or Clean())(people.texture, people.shape, own)
    if kept.sum() < LEAST_FACES:
        found = f"{kept.sum()} of {len(kept)} in even light with open eyes"
        raise TrainingError("faces to draw from", found, f"at least {LEAST_FACES}", "add faces")
    faces = Faces(
        codes=own[kept],
        known=np.column_stack([np.where(people.male, 1.0, -1.0), people.age])[kept],
        weight=people.weight[kept],
        matters=np.sqrt(codes.spread),
    )
    return train_flow(faces, training or FlowTraining(), seed, "people to draw")


def drawn_people(
    arrays: Arrays, part: FaceSpacePart, people: People, seed: int = 0
) -> tuple[Looks, Looks]:
    """Usual people of the genders and ages of some of ``people``, and who is drawn about them.

    Args:
        arrays: The face space, with its flow.
        part: How people are drawn.
        people: Those that it was fitted on.
        seed: Of who is drawn.
    """
    rng = np.random.default_rng(seed)
    some = rng.choice(len(people.age), N_DRAWN, p=people.weight)
    men, age = people.male[some], people.age[some].astype(np.float32)
    middle, man = arrays["gender_code"].mean(axis=0), men.astype(np.int64)
    codes = middle + part.gender_emphasis * (arrays["gender_code"][man] - middle)
    codes = codes + _decades(arrays, men, age) * arrays["age_code"][man]
    usual = Looks(np.asarray(codes, np.float32), men, age)
    return usual, FaceSpace(part, arrays).drawn(usual, rng)


def fit_spread(arrays: Arrays, part: FaceSpacePart, people: People) -> Arrays:
    """Factors that make drawn people differ as much as people: a flow draws them too much alike."""
    usual, drawn = drawn_people(arrays, replace(part, drawn_gender=0.0), people)
    codes, men = Codes.read(arrays).of(people.texture, people.shape), people.male
    mean = arrays["gender_code"][men.astype(np.int64)]
    mean = mean + _decades(arrays, men, people.age) * arrays["age_code"][men.astype(np.int64)]
    own = np.sqrt(people.weight @ (codes - mean) ** 2)
    made = (drawn.codes - usual.codes).std(axis=0)
    return {"flow_spread": np.clip(own / made, 1, MOST_SPREAD).astype(np.float32)}


def _decades(arrays: Arrays, men: Bools, age: Floats) -> Floats:
    """From the mean age of the gender, shape (n, 1)."""
    return np.asarray((age - arrays["gender_age"][men.astype(np.int64)])[:, None] / DECADE)
