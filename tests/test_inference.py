from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from models import small_model

from voice2face import inference
from voice2face.errors import ModelError
from voice2face.inference import Model
from voice2face.model_folder import GENERATOR


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return small_model(tmp_path_factory.mktemp("models") / "small")


def test_threads_that_share_a_model_read_each_part_once(folder, monkeypatch):
    opened = []
    really_open = inference._open_session

    def count(path, threads):
        opened.append(path.name)
        return really_open(path, threads)

    monkeypatch.setattr(inference, "_open_session", count)
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
        ([1.0], "of type list"),
    ],
)
def test_an_output_that_is_not_what_it_should_be(output, found, folder, monkeypatch):
    class Session:
        def run(self, outputs, inputs):
            return [output]

    monkeypatch.setattr(inference, "_open_session", lambda path, threads: Session())
    with pytest.raises(ModelError, match=found):
        Model(folder).embed(np.zeros((100, 64), np.float32))


def test_features_of_any_precision(folder):
    model = Model(folder)
    features = np.random.default_rng(0).normal(size=(100, 64)).astype(np.float32)
    assert np.array_equal(model.embed(features.astype(np.float64)), model.embed(features))


def test_a_network_of_other_shapes_says_one_line(folder, capfd):
    model = Model(folder)
    with pytest.raises(ModelError, match=GENERATOR):
        model.faces(np.zeros((1, 63), np.float32))
    assert capfd.readouterr() == ("", "")
