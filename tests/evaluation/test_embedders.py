import numpy as np
import pytest

from voice2face.corpus import Corpus
from voice2face.evaluation.embedders.fitted import Fisherfaces, LinearAttributes
from voice2face.evaluation.metrics.matching import match_one_of_two


def drawn_people(n_people, n_pictures, rng, basis=None):
    """Faces that are a sum of who it is, along few axes, and much stronger light."""
    axes = rng.normal(size=(6, 3 * 8 * 8)) if basis is None else basis
    who = rng.normal(size=(n_people, 4)).repeat(n_pictures, axis=0)
    light = 5 * rng.normal(size=(n_people * n_pictures, 2))
    pixels = np.hstack([who, light]) @ axes + 0.05 * rng.normal(size=(len(who), axes.shape[1]))
    identity = np.array([f"p{i}" for i in range(n_people)]).repeat(n_pictures)
    return pixels.reshape(-1, 3, 8, 8) / 20, identity, who, axes


def test_fisherfaces_see_through_the_light_that_pixels_do_not():
    rng = np.random.default_rng(0)
    faces, identity, _, axes = drawn_people(40, 5, rng)
    embedder = Fisherfaces.fit(faces, identity)
    new, who, _, _ = drawn_people(20, 4, rng, axes)
    first = np.arange(len(new)) % 4 < 2
    by_pixels = new.reshape(len(new), -1)
    accuracy = [
        match_one_of_two(x[first], who[first], x[~first], who[~first]).accuracy
        for x in (by_pixels, embedder.embed(new))
    ]
    assert accuracy[0] < 0.75 < 0.98 < accuracy[1]


def test_linear_attributes_are_read_off_new_people():
    rng = np.random.default_rng(1)
    faces, _, values, axes = drawn_people(40, 5, rng)
    embedder = LinearAttributes.fit(faces, 10 + 3 * values)
    new, _, truth, _ = drawn_people(20, 4, rng, axes)
    for read, true in zip(embedder.embed(new).T, truth.T, strict=True):
        assert np.corrcoef(read, true)[0, 1] > 0.95


def test_fisherfaces_need_people_and_pictures():
    rng = np.random.default_rng(2)
    faces = rng.normal(size=(4, 3, 8, 8))
    with pytest.raises(ValueError, match="two people"):
        Fisherfaces.fit(faces, np.array(["a"] * 4))
    with pytest.raises(ValueError, match="two faces"):
        Fisherfaces.fit(faces, np.array(list("abcd")))


def test_both_take_a_corpus_as_it_is(corpus):
    faces = Corpus.open(corpus).faces("train")
    values = (faces.pixels.transpose(0, 3, 1, 2) - 127.5) / 127.5
    sex = np.array([[float(g == "male")] for g in faces.attributes["gender"]])
    assert np.isfinite(Fisherfaces.fit(values, faces.identity).embed(values)).all()
    assert LinearAttributes.fit(values, sex).embed(values).shape == (len(values), 1)
