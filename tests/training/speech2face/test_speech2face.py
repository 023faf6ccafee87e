"""Speech2Face's route: its loss, its head, its decoder, and a model of it."""

import dataclasses

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from msgspec.structs import replace

from voice2face.errors import CorpusError, TrainingError
from voice2face.evaluation.embedders.fitted import open_embedder
from voice2face.faces.layout import Layout
from voice2face.generators.speech2face import Speech2Face
from voice2face.training.closed_form import VoicesAndFaces
from voice2face.training.speech2face.features import Features, fit_decoder
from voice2face.training.speech2face.fit import Speech2FaceFit, left_open
from voice2face.training.speech2face.head import HeadRecipe, Loss, Pairs, train_head

PEOPLE, DIM, FEATURE, PX = 60, 12, 8, 16
QUICK = HeadRecipe(hidden=32, dropout=0.1, iterations=200, learning_rate=3e-3, weight_decay=1e-3)


@pytest.fixture(scope="module")
def pairs():
    """Two recordings each of people whose features are a linear function of their voices."""
    rng = np.random.default_rng(0)
    voices = rng.normal(size=(PEOPLE, DIM)).astype(np.float32)
    features = voices @ rng.normal(size=(DIM, FEATURE)).astype(np.float32)
    features = (features - features.mean(axis=0)) / np.linalg.norm(features, axis=1).mean()
    owner = np.repeat(np.arange(PEOPLE), 2)
    noisy = voices[owner] + 0.1 * rng.normal(size=(2 * PEOPLE, DIM)).astype(np.float32)
    return Pairs(noisy, owner, features)


@pytest.fixture(scope="module")
def decode():
    return np.random.default_rng(1).normal(size=(FEATURE, 5)).astype(np.float32)


def test_the_terms_of_the_loss_are_those_of_the_paper(pairs, decode):
    loss = Loss(decode, pairs.features, sharpness=3.0)
    heard, seen = torch.randn(4, FEATURE, generator=torch.manual_seed(0)), torch.ones(4, FEATURE)
    first, direction, distilled = (float(term) for term in loss.terms(heard, seen))
    usual = np.abs(pairs.features @ decode).mean()
    wanted = np.abs((seen - heard).numpy() @ decode).mean() / usual
    assert first == pytest.approx(wanted, rel=1e-4)
    assert direction == pytest.approx(2 - 2 * float(F.cosine_similarity(heard, seen).mean()), 1e-4)
    people = F.normalize(torch.from_numpy(pairs.features), dim=1)
    a, b = (torch.softmax(3 * F.normalize(v, dim=1) @ people.T / 2, dim=1) for v in (seen, heard))
    assert distilled == pytest.approx(float(-(a * b.log()).sum(dim=1).mean()), rel=1e-4)


def test_the_terms_pull_alike_once_they_are_balanced(pairs, decode):
    loss = Loss(decode, pairs.features, sharpness=16.0)
    heard = torch.randn(9, FEATURE, generator=torch.manual_seed(0))
    seen = torch.from_numpy(pairs.features[:9])
    loss.balance(heard, seen)
    heard.requires_grad_()
    pulls = [
        weight * float(torch.autograd.grad(term, heard, retain_graph=True)[0].norm())
        for weight, term in zip(loss.weights, loss.terms(heard, seen), strict=True)
    ]
    np.testing.assert_allclose(pulls, pulls[0], rtol=1e-3)


def test_a_head_tells_the_features_of_people_held_out_and_is_the_same_each_time(pairs, decode):
    trained = train_head(pairs, decode, QUICK, seed=3)
    assert trained.cosine > 0.9 and trained.left < 0.3
    again = train_head(pairs, decode, QUICK, seed=3)
    for name, array in trained.head.arrays().items():
        np.testing.assert_array_equal(array, again.head.arrays()[name])


def test_the_loss_improves_on_the_regression_where_voices_tell_more_than_lines():
    rng = np.random.default_rng(0)
    voices = rng.normal(size=(300, 6)).astype(np.float32)
    features = np.maximum(voices @ rng.normal(size=(6, 16)), 0) @ rng.normal(size=(16, FEATURE))
    features = ((features - features.mean(axis=0)) / 10).astype(np.float32)
    recipe = replace(QUICK, hidden=64, dropout=0.0, learning_rate=1e-2)
    trained = train_head(
        Pairs(voices, np.arange(300), features), np.eye(FEATURE, dtype=np.float32), recipe, seed=0
    )
    assert trained.regression < 0.9 < 0.97 < trained.cosine and trained.iterations > 0


def test_where_they_tell_no_more_it_stays_at_the_regression(pairs, decode):
    trained = train_head(pairs, decode, replace(QUICK, learning_rate=0.3), seed=3)
    assert trained.iterations == 0 and trained.cosine == trained.regression > 0.9


def test_a_head_of_voices_that_tell_nothing_leaves_everything_open(pairs, decode):
    rng = np.random.default_rng(5)
    deaf = Pairs(
        rng.normal(size=pairs.voices.shape).astype(np.float32), pairs.owner, pairs.features
    )
    trained = train_head(deaf, decode, QUICK, seed=3)
    assert trained.cosine < 0.35 and trained.left > 0.85


def test_what_is_left_open_has_the_features_covariance(pairs):
    factor = left_open(pairs.features, 0.25)
    wanted = 0.25 * np.cov(pairs.features.T, bias=True)
    np.testing.assert_allclose(factor.T @ factor, wanted, atol=1e-5)


@pytest.fixture(scope="module")
def faces():
    """Faces that are a linear function of features, one a person."""
    rng = np.random.default_rng(2)
    features = rng.normal(size=(PEOPLE, FEATURE)).astype(np.float32)
    values = 128 + 8 * features @ rng.normal(size=(FEATURE, PX * PX * 3))
    pixels = np.clip(values, 0, 255).reshape(PEOPLE, PX, PX, 3).astype(np.uint8)
    names = [f"p{n:02d}" for n in range(PEOPLE)]
    voices = np.zeros((PEOPLE, DIM), np.float32)
    data = VoicesAndFaces(voices, np.arange(PEOPLE), pixels, np.arange(PEOPLE), names, "released")
    return data, features


def test_the_decoder_gives_back_faces_from_their_features(faces):
    data, features = faces
    made = fit_decoder(data, Features(features, features), seed=0)
    along = features @ made["decode"] + made["decode_offset"]
    values = made["mean"] + along @ made["components"].astype(np.float32)
    true = data.pixels.transpose(0, 3, 1, 2).reshape(PEOPLE, -1) / 127.5 - 1
    assert ((values - true) ** 2).mean() < 0.02 * true.var()


def test_normalised_faces_get_their_shapes_from_the_feature_too(faces):
    data, features = faces
    mean = Layout.read().shape
    wider = 1 + 0.05 * features[:, 0]
    shapes = (0.5 + (mean - 0.5) * np.stack([wider, np.ones(PEOPLE)], axis=-1)[:, None]).astype(
        "f4"
    )
    shapes[3] = np.nan  # nobody knows
    laid = dataclasses.replace(data, geometry="normalised", read_shapes=lambda: shapes)
    made = fit_decoder(laid, Features(features, features), seed=0)
    along = features @ made["shape_decode"] + made["shape_offset"]
    told = (made["shape_mean"] + along @ made["shape_components"]).reshape(-1, len(mean), 2)
    known = np.arange(PEOPLE) != 3
    assert np.abs(told - shapes)[known].max() < 0.01
    seen = Features.of(laid, open_embedder("face_reid_0095"))
    plain = Features.of(
        dataclasses.replace(laid, read_shapes=None), open_embedder("face_reid_0095")
    )
    assert np.abs(seen.faces - plain.faces).mean() > 0.005
    head = {
        "centre": np.zeros(DIM, np.float32), "linear": np.zeros((DIM, FEATURE), np.float32),
    }  # fmt: skip
    generator = Speech2Face(PX, head | made)
    wide, narrow = features[[wider.argmax(), wider.argmin()]]
    both = generator.decoded(np.stack([wide, narrow]))
    flat = Speech2Face(PX, {k: v for k, v in made.items() if "shape" not in k}).decoded(wide[None])
    assert both.shape == (2, 3, PX, PX) and np.abs(both[:1] - flat).mean() > 0.001


def test_features_lie_around_the_mean_of_people_at_a_length_of_one(faces):
    data, _ = faces
    found = Features.of(data, open_embedder("face_reid_0095"))
    np.testing.assert_allclose(found.people.mean(axis=0), 0, atol=1e-4)
    assert np.linalg.norm(found.people, axis=1).mean() == pytest.approx(1, abs=1e-4)


def test_faces_that_lie_as_nobody_knows_are_refused(faces):
    with pytest.raises(TrainingError, match="alignment is not known"):
        Speech2FaceFit()(dataclasses.replace(faces[0], geometry=None), 0)


def test_too_few_people_are_refused(faces):
    few = dataclasses.replace(faces[0], labels=faces[0].labels[:9])
    with pytest.raises(CorpusError, match="9; 10 people"):
        Speech2FaceFit()(few, 0)
