"""A model of Speech2Face's route, from a corpus to a face."""

import numpy as np
import pytest

from voice2face.errors import ModelError
from voice2face.generators.speech2face import Speech2Face
from voice2face.release.inference import Model
from voice2face.release.model_folder import CARD
from voice2face.training.closed_form import train_closed_form
from voice2face.training.speech2face.fit import Speech2FaceFit
from voice2face.training.speech2face.head import HeadRecipe

QUICK = HeadRecipe(hidden=16, iterations=20, look_every=5)


@pytest.fixture(scope="module")
def model(dozen, tmp_path_factory):
    out = tmp_path_factory.mktemp("speech2face")
    fit = Speech2FaceFit(training=QUICK)
    return Model(train_closed_form(dozen, out / "run", fit, voice_encoder="ge2e"))


def voices(n: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(n, 256)).astype(np.float32)


def test_a_voice_has_one_face_and_many_draws(model):
    heard = voices(3)
    faces = model.faces(heard)
    assert faces.shape == (3, 3, 16, 16) and np.abs(faces).max() <= 1
    alone = np.concatenate([model.faces(row[None]) for row in heard])
    np.testing.assert_array_equal(faces, alone)
    same = np.repeat(heard[:1], 8, axis=0)
    drawn = model.faces(same, np.random.default_rng(1))
    assert drawn.std(axis=0).mean() > 0.01
    np.testing.assert_array_equal(drawn, model.faces(same, np.random.default_rng(1)))


def test_the_card_says_how_it_was_trained_and_what_the_paper_does(model):
    card = (model.folder / CARD).read_text()
    for words in (
        "Oh et al. 2019",
        "face_reid_0095",
        "It differs from the paper",
        "people held out",
    ):
        assert words in card
    assert model.config.provenance["iterations"] % QUICK.look_every == 0


def test_features_are_told_and_decoded_apart(model):
    part = model.config.generator
    from voice2face.parts import PartSource

    generator: Speech2Face = part.open(PartSource(model.folder, part.files))
    heard = voices(2)
    features = generator.features(heard)
    assert features.shape == (2, 256)
    np.testing.assert_array_equal(generator.decoded(features), model.faces(heard))
    with pytest.raises(ModelError, match="trained with"):
        generator.features(heard[:, :5])
