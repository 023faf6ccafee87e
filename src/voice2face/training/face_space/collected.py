"""From a corpus to what a face space is fitted to: people whose faces teach, speakers who teach."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from voice2face.arrays import Float64s, Int64s, Texts
from voice2face.errors import TrainingError
from voice2face.evaluation.embedders.face_set import FaceSet
from voice2face.training.everyone import Everyone
from voice2face.training.face_space.attributes import on_own_shapes, said_age, said_male
from voice2face.training.face_space.fit import Speakers
from voice2face.training.face_space.people import People

# Ages in years and probabilities of male, by a network: ``AgeGender.judge``.
Judge = Callable[[FaceSet], tuple[Float64s, Float64s]]

JUDGED_PX = 160
NOBODY = -1


@dataclass(frozen=True, eq=False)
class Collected:
    """Faces and voices that a face space is fitted to.

    Attributes:
        people: Whose faces teach.
        speakers: Who teach what voices tell; those whose gender is on record apart.
        faces: The faces as they were in their pictures.
        owners: Who is seen in each of them.
    """

    people: People
    speakers: list[Speakers]
    faces: FaceSet
    owners: Texts


def collected(everyone: Everyone, judge: Judge) -> Collected:
    """All faces, and all voices whose speaker's face, gender or age is known.

    Gender and age are what the sources say of a face or a voice. Where they say nothing, those of
    a face are what a network sees in it, and those of a voice what is known of its speaker's faces.

    Args:
        everyone: The voices and faces of a corpus.
        judge: The network.

    Raises:
        CorpusError: There are no women, or no men.
        TrainingError: Faces that are not normalised.
    """
    if everyone.shapes is None:
        wanted, remedy = "faces on one mean shape", "prepare it with --align normalised"
        raise TrainingError("corpus", "faces without their shapes", wanted, remedy)
    there = ~np.isnan(everyone.shapes[:, 0, 0])
    texture, shape = everyone.pixels[there], everyone.shapes[there]
    owners = everyone.seen[there]
    faces = on_own_shapes(texture, shape, JUDGED_PX)
    shown = {name: cells[there] for name, cells in everyone.shown.items()}
    age, male = said_age(shown, len(owners)), said_male(shown, len(owners))
    if np.isnan(age).any() or np.isnan(male).any():
        seen_age, seen_male = judge(faces)
        age = np.where(np.isnan(age), seen_age, age)
        male = np.where(np.isnan(male), seen_male > 0.5, male)
    weight = np.full(len(owners), 1 / max(1, len(owners)))
    people = People(texture, shape, male > 0.5, age, weight)
    return Collected(people, _speakers(everyone, people, owners), faces, owners)


def _speakers(everyone: Everyone, people: People, owners: Texts) -> list[Speakers]:
    names, number = np.unique(owners, return_inverse=True)
    mean = _means(people, number, len(names))
    place = {name: row for row, name in enumerate(names.tolist())}
    face = np.array([place.get(name, NOBODY) for name in everyone.speakers.tolist()], np.int64)
    n = len(face)
    said, age = said_male(everyone.said, n), said_age(everyone.said, n)
    male = np.where(np.isnan(said), _of(mean.male.astype(np.float64), face), said)
    age = np.where(np.isnan(age), _of(mean.age, face), age)
    known = (face != NOBODY) | ~np.isnan(male) | ~np.isnan(age)
    found = []
    for on_record in (True, False):
        rows = known & (np.isnan(said) != on_record)
        heard = everyone.embeddings[rows], everyone.speakers[rows], male[rows], age[rows]
        if rows.any():
            found.append(Speakers(*heard, mean.texture, mean.shape, on_record, face[rows]))
    return found


def _means(people: People, number: Int64s, n: int) -> People:
    """One face of each person: on one mean shape, faces of a person have a mean."""
    count = np.bincount(number, minlength=n)
    if (count == 1).all():
        order = np.argsort(number)
        faces = people.texture[order], people.shape[order]
        return People(*faces, people.male[order], people.age[order], people.weight[order])
    texture = np.empty((n, *people.texture.shape[1:]), np.uint8)
    shape = np.empty((n, *people.shape.shape[1:]), np.float32)
    for person in range(n):
        of_it = number == person
        texture[person] = np.rint(people.texture[of_it].mean(axis=0))
        shape[person] = people.shape[of_it].mean(axis=0)
    male = np.bincount(number, people.male, n) / count > 0.5
    age = np.bincount(number, people.age, n) / count
    return People(texture, shape, male, age, count / count.sum())


def _of(values: Float64s, face: Int64s) -> Float64s:
    """A figure of people, for each voice; NaN where there is no face of its speaker."""
    return np.where(face == NOBODY, np.nan, np.append(values, np.nan)[face])
