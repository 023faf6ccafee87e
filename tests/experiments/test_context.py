"""What is at hand is made once."""

from dataclasses import replace

import numpy as np
import pytest

from voice2face.evaluation.embedders.face_set import FaceSet
from voice2face.experiments import context as module


class Counting:
    """An embedder that says how many faces it was given."""

    def __init__(self, embedder):
        self.name, self.dim, self.embedder, self.given = "counting", embedder.dim, embedder, 0

    def embed(self, faces):
        self.given += len(faces)
        return self.embedder.embed(faces)


@pytest.fixture
def counting(study):
    """The study, with an embedder that counts."""
    embedder = Counting(study.embedders["eigenfaces"])
    return replace(study, embedders={"counting": embedder}, _vectors={}), embedder


def test_equal_faces_are_embedded_once_and_give_what_they_would(counting):
    context, embedder = counting
    faces = context.faces("test").pixels
    twice = np.concatenate([faces, faces[::-1], faces[:1]])
    found = context.embed("counting", twice)
    alone = embedder.embedder.embed(FaceSet.of_crops(twice, context.geometry))
    np.testing.assert_allclose(found, alone, atol=1e-4)
    n_different = len(np.unique(faces.reshape(len(faces), -1), axis=0))
    assert embedder.given == n_different
    context.embed("counting", context.faces("test").pixels)
    assert embedder.given == n_different
    assert context.embed("counting", faces[:0]).shape == (0, embedder.dim)


def test_no_more_vectors_are_kept_than_there_is_room_for(counting, monkeypatch):
    context, embedder = counting
    monkeypatch.setattr(module, "MOST_KNOWN", 3)
    faces = context.faces("test").pixels[:5]
    first, again = (context.embed("counting", faces) for _ in range(2))
    assert np.array_equal(first, again) and embedder.given == 10


def test_what_a_generator_gave_uncut_is_not_kept(study):
    speech, system = study.unseen().only([0, 1]), study.models["bn"][0]
    raw = study.made(system, speech, raw=True)
    kept = study.made(system, speech)
    assert raw.raw is not None and kept.raw is None
    assert np.array_equal(raw.pixels, kept.pixels)
