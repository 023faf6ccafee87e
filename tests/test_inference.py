import hashlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from models import small_model

import voice2face
from voice2face.errors import ModelError
from voice2face.generators.deconvolutional import FILE as GENERATOR
from voice2face.networks.variants import recipe
from voice2face.onnx_files import Network
from voice2face.release.inference import Model, number_of
from voice2face.release.reconstruction import to_picture


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return small_model(tmp_path_factory.mktemp("models") / "small")


def test_threads_that_share_a_model_read_each_part_once(folder, monkeypatch):
    opened = []
    really_open = Network.__init__

    def count(self, path, threads=1):
        opened.append(path.name)
        really_open(self, path, threads)

    monkeypatch.setattr(Network, "__init__", count)
    model = Model(folder, threads=1)
    embeddings = np.zeros((1, 64), np.float32)
    with ThreadPoolExecutor(8) as pool:
        reading = [pool.submit(model.read) for _ in range(4)]
        faces = list(pool.map(lambda _: model.faces(embeddings), range(4)))
    assert all(done.exception() is None for done in reading)
    assert sorted(opened) == sorted({*opened})
    assert len(opened) == 2
    assert all(np.array_equal(face, faces[0]) for face in faces)


def test_a_part_that_was_mended_is_read_at_the_next_try(folder):
    model = Model(folder)
    path = folder / GENERATOR
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + b"?")
    with pytest.raises(ModelError, match="checksum"):
        model.read()
    path.write_bytes(whole)
    model.read()


@pytest.mark.parametrize(
    ("output", "found"),
    [
        (np.zeros((1, 64)), "float64"),
        (np.zeros((1, 63), np.float32), r"shape \(1, 63\)"),
        (np.full((1, 64), np.nan, np.float32), "NaN"),
        (np.full((1, 64), np.inf, np.float32), "infinite"),
        ([1.0], "not an array of numbers"),
    ],
)
def test_an_output_that_is_not_what_it_should_be(output, found, folder, monkeypatch):
    class Session:
        def run(self, *_):
            return [output]

    encoder = Model(folder).voice_encoder
    monkeypatch.setattr(encoder._network, "_session", Session())
    with pytest.raises(ModelError, match=found):
        encoder.encoded(np.zeros((100, 64), np.float32))


def test_features_of_any_precision(folder):
    encoder = Model(folder).voice_encoder
    features = np.random.default_rng(0).normal(size=(100, 64)).astype(np.float32)
    assert np.array_equal(encoder.encoded(features.astype(np.float64)), encoder.encoded(features))


def test_a_network_of_other_shapes_says_one_line(folder, capfd):
    model = Model(folder)
    with pytest.raises(ModelError, match=GENERATOR):
        model.faces(np.zeros((1, 63), np.float32))
    assert capfd.readouterr() == ("", "")


def test_draws_have_the_noise_of_the_training(folder):
    """``training.steps.embed`` on the same noise gives the same neighbours."""
    import torch
    from torch import nn

    from voice2face.training.gan.steps import embed

    model = Model(folder)
    rng = np.random.default_rng(1)
    heard = rng.normal(size=64).astype(np.float32)
    heard /= np.linalg.norm(heard)
    noise = np.random.default_rng(5).standard_normal((9, 64), np.float32)
    given = torch.from_numpy(np.tile(heard, (9, 1)))
    settings = model.config.generator.embedding
    expected = embed(nn.Identity(), given, settings.noise * torch.from_numpy(noise), settings)
    moved = model.generator.neighbours(given.numpy(), np.random.default_rng(5))
    np.testing.assert_allclose(moved, expected, atol=1e-6)
    assert moved.dtype == np.float32
    faces = model.draws(heard, 9, seed=5)
    rng = np.random.default_rng((5, number_of(heard)))
    np.testing.assert_array_equal(faces, model.faces(given.numpy(), rng))
    assert number_of(heard) != number_of(-heard) and number_of(heard) == number_of(heard * 1.001)
    np.testing.assert_allclose(model.draws(heard, 3, seed=5), faces[:3], atol=1e-6)
    assert not np.allclose(model.draws(heard, 9, seed=6), faces)
    # 64 dimensions of 0.05 each: about 0.4 away, at a cosine of about 0.93
    assert 0.88 < (moved @ heard).mean() < 0.96


def test_without_noise_in_the_training_there_are_no_neighbours(tmp_path):
    model = Model(small_model(tmp_path / "paper", recipe(preset="paper", width=0.06)))
    heard = np.random.default_rng(1).normal(size=64).astype(np.float32)
    faces = model.draws(heard, 4)
    np.testing.assert_array_equal(faces, model.faces(np.tile(heard, (4, 1))))


def test_the_hash_of_a_model_is_that_of_its_configuration(folder):
    assert Model(folder).sha256 == hashlib.sha256((folder / "config.yaml").read_bytes()).hexdigest()


def test_the_package_lists_what_it_offers_and_nothing_else(folder):
    for name in voice2face.__all__:
        assert name in dir(voice2face) and getattr(voice2face, name)
    with pytest.raises(AttributeError, match="laod"):
        voice2face.laod  # noqa: B018
    assert repr(voice2face.load(folder)) == f"Model('small', '{folder}')"
    with pytest.raises(voice2face.Voice2FaceError):
        voice2face.load(folder / "nothing")


def test_one_embedding_becomes_the_same_bytes_alone_and_among_others():
    model = voice2face.load()
    dim = model.voice_encoder.dim
    embeddings = np.random.default_rng(2).normal(size=(10, dim)).astype(np.float32)
    together = model.faces(embeddings)
    for embedding, face in zip(embeddings, together, strict=True):
        np.testing.assert_array_equal(to_picture(model.faces(embedding[None])[0]), to_picture(face))


def test_a_picture_saved_in_python_says_what_made_it_and_replaces_nobodys(tmp_path):
    from voice2face.errors import OutputError
    from voice2face.release.provenance import read_provenance
    from voice2face.synthetic import CohortSettings, sample_person, synthesise

    person = sample_person(CohortSettings(n_identities=2), 0).heard
    voice = synthesise(person, np.random.default_rng(0), 3.0)
    made = voice2face.load().reconstruct(voice, 16_000)
    assert len(repr(made)) < 500
    path = made.save(tmp_path / "me.png", px=300)
    about = read_provenance(path)
    assert (about.model, about.variation) == ("face-space", "enlarged from 256 pixels")
    made.save(path)
    assert read_provenance(path).variation == ""
    theirs = tmp_path / "theirs.png"
    theirs.write_bytes(b"a portrait")
    with pytest.raises(OutputError, match="theirs"):
        made.save(theirs)
    assert theirs.read_bytes() == b"a portrait"
