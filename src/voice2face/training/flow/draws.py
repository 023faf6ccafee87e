"""A flow that draws people of a face space, of a gender and an age."""

import numpy as np

from voice2face.errors import TrainingError
from voice2face.parts import Arrays
from voice2face.training.face_space.clean import Clean
from voice2face.training.face_space.components import Codes
from voice2face.training.face_space.people import People
from voice2face.training.flow.matching import Faces, FlowTraining, train_flow

LEAST_FACES = 50


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
