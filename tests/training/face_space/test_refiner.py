import dataclasses
import shutil

import numpy as np
import pytest
import torch
from generators.face_space_samples import arrays, people, speakers

from voice2face.errors import ModelError
from voice2face.files import sha256_of
from voice2face.generators.face_decoder import BACKGROUND, FaceDecoder
from voice2face.generators.face_space import FILE, REFINER, FaceSpace, FaceSpacePart
from voice2face.networks.onnx_network import Network
from voice2face.parts import PartSource, write_arrays
from voice2face.training.face_space.refiner import network, pairs, train
from voice2face.training.face_space.refiner.export import export_refiner

SIDE, DIM = 48, 12
PART = FaceSpacePart(px=32, embedding_dim=DIM, sharpening=0.0)


@pytest.fixture(scope="module")
def small():
    with pytest.MonkeyPatch.context() as patch:
        for module in (network, train):
            patch.setattr(module, "SIDE", SIDE)
        patch.setattr("voice2face.training.face_space.refiner.export.SIDE", SIDE)
        patch.setattr(pairs, "CHEEKS", (28, 32, 15, 33))
        yield patch


@pytest.fixture(scope="module")
def made():
    return arrays()


@pytest.fixture(scope="module")
def learned_from(small, made):
    voices = speakers(8, 3).embedding
    rng = np.random.default_rng(0)
    return pairs.pairs_of(made, PART, people(20, 1, hair=True), people(12, 5), voices, rng)


@pytest.fixture(scope="module")
def exported(small, tmp_path_factory):
    torch.manual_seed(0)
    refiner = network.Refiner()
    torch.nn.init.normal_(refiner.change.weight, std=0.02)
    path = tmp_path_factory.mktemp("refiner") / REFINER
    export_refiner(refiner, path)
    return path


def recipe(**changes):
    few = {"steps": 6, "judged_from": 3, "gradient_every": 2, "bf16": False}
    return train.Recipe(**few | changes)


def test_each_kind_of_pair_has_its_real_face_or_none(learned_from):
    of = learned_from
    assert of.drawn.shape == (20 * 2 + 12 + 8 * 2, SIDE, SIDE, 4)
    assert of.whole.sum() == 40
    assert (of.of[-16:] == -1).all()
    assert (of.near[:20] == 1).all()
    assert (of.near[-16:] == 0).all()
    portrait = of.real[0].astype(float)
    assert portrait[0, 0, 3] == 0
    assert abs(portrait[0, 0, :3] - BACKGROUND).max() < 1
    np.testing.assert_allclose(of.weight[people(20, 1).male].sum(), 0.5)


def test_a_portrait_is_drawn_with_its_own_surroundings(learned_from):
    of = learned_from
    known = of.drawn[:20].astype(float), of.real[:20].astype(float)
    own = np.abs(known[0] - known[1]).mean()
    others = np.abs(known[0] - np.roll(known[1], 1, axis=0)).mean()
    assert own < 0.8 * others


def test_a_refiner_comes_nearer_to_the_portraits(learned_from, made, tmp_path):
    blend = made["blend"].astype(np.float32)
    darker = dataclasses.replace(learned_from, real=learned_from.real // 2)
    told = []
    alone = recipe(steps=16, judged_from=100, coarse=0.0)
    training = train.Training(alone, darker, blend)
    training.run(tmp_path, 4, lambda step, losses: told.append(losses["picture"]))
    assert told[-1] < 0.9 * told[0]


def test_a_training_that_was_stopped_goes_on_as_if_it_had_not_been(learned_from, made, tmp_path):
    blend = made["blend"].astype(np.float32)

    def trained(folder, *stops):
        folder.mkdir()
        for steps in stops:
            training = train.Training(recipe(), learned_from, blend)
            training.run(folder, 3, lambda *_: None, until=steps)
        return training.average.state_dict()

    once, twice = trained(tmp_path / "once", 6), trained(tmp_path / "twice", 3, 6)
    assert all(torch.equal(once[name], twice[name]) for name in once)


def test_a_face_space_draws_what_its_refiner_shows(exported, made, tmp_path):
    shutil.copyfile(exported, tmp_path / REFINER)
    write_arrays(tmp_path / FILE, made)
    files = {name: sha256_of(tmp_path / name) for name in (FILE, REFINER)}
    heard = np.eye(2, DIM, dtype=np.float32)
    refined = PART.open(PartSource(tmp_path, files)).faces(heard)
    plain = FaceSpace(PART, made).faces(heard)
    assert refined.shape == plain.shape
    assert np.abs(refined - plain).mean() > 0.001
    about = FaceSpacePart(files=dict.fromkeys((FILE, REFINER), "0" * 64)).about()
    assert "refined by a network" in about["generator"]


def test_a_refiner_of_another_size_is_refused(exported, made):
    other = {**made, "region": np.ones((64, 64), bool), "blend": np.ones((64, 64), np.float16)}
    with pytest.raises(ModelError, match="picture"):
        FaceDecoder(other, 32, 0.0, Network(exported))
