"""SF2F: its networks, its training, and a model of it."""

import dataclasses

import msgspec
import numpy as np
import pytest
import torch

from voice2face.errors import CorpusError, ModelError, TrainingError
from voice2face.parts import PartSource
from voice2face.release.inference import Model
from voice2face.release.model_folder import CARD
from voice2face.training.closed_form import VoicesAndFaces, train_closed_form
from voice2face.training.frozen import open_frozen
from voice2face.training.sf2f.batches import Sampler, Sf2fRecipe, Windows
from voice2face.training.sf2f.fit import Sf2fFit
from voice2face.training.sf2f.network import CoarseToFine, FineFace, halved
from voice2face.training.sf2f.start import halved_pixels, mean_face, mean_faces, regression
from voice2face.training.sf2f.train import Sf2fTraining, train

PX, FRAME_DIM, PEOPLE = 32, 6, 12
TINY = Sf2fRecipe(
    embedding_dim=8, hidden=4, channels=8, iterations=60, batch_size=8, windows=3,
    recogniser=msgspec.structs.replace(Sf2fRecipe().recogniser, iterations=3, batch_size=8),
)  # fmt: skip


@pytest.fixture(scope="module")
def data():
    """People whose brightness is the first number of their windows."""
    rng = np.random.default_rng(0)
    bright = np.linspace(-1, 1, PEOPLE)
    frames = []
    for person in np.repeat(np.arange(PEOPLE), 2):
        windows = rng.normal(size=(4, FRAME_DIM))
        windows[:, 0] = bright[person] + 0.05 * windows[:, 0]
        frames.append(windows.astype(np.float32))
    noise = rng.normal(0, 5, (PEOPLE, PX, PX, 3))
    pixels = np.clip(128 + 80 * bright[:, None, None, None] + noise, 0, 255).astype(np.uint8)
    owner = np.repeat(np.arange(PEOPLE), 2)
    pooled = np.array([one.mean(axis=0) for one in frames], np.float32)
    names = [f"p{n:02d}" for n in range(PEOPLE)]
    return VoicesAndFaces(
        pooled, owner, pixels, np.arange(PEOPLE), names, "released", lambda: frames
    )


def test_a_generator_starts_at_the_mean_face_of_both_sizes(data):
    mean = mean_face(data)
    np.testing.assert_allclose(
        (mean.numpy() + 1) * 127.5, data.pixels.mean(axis=0).transpose(2, 0, 1), atol=1e-3
    )
    coarse, fine = CoarseToFine(mean, 8, 8).eval()(torch.randn(3, 8))
    assert coarse.shape == (3, 3, PX // 2, PX // 2)
    assert torch.allclose(fine, mean.expand(3, -1, -1, -1), atol=1e-6)
    assert torch.allclose(coarse[:1], halved(mean[None]), atol=1e-6)


def test_halved_pictures_are_means_of_four_pixels(data):
    small = halved_pixels(data.pixels)
    assert small.shape == (PEOPLE, PX // 2, PX // 2, 3)
    wanted = data.pixels[0, :2, :2].astype(float).mean(axis=(0, 1))
    np.testing.assert_allclose(small[0, 0, 0], wanted, atol=0.51)


def test_batches_hold_the_faces_of_those_who_speak(data):
    windows = Windows.of(data.frames)
    draw = Sampler(data, windows, TINY, np.random.default_rng(0))
    lengths = set()
    for _ in range(12):
        batch = draw()
        lengths.add(batch.windows.shape[1])
        heard = batch.windows[:, :, 0].mean(dim=1)
        seen = batch.fine.mean(dim=(1, 2, 3))
        assert np.corrcoef(heard, seen)[0, 1] > 0.95
        np.testing.assert_allclose(halved(batch.fine), batch.coarse)
    assert lengths == {1, 2, 3}


@pytest.mark.parametrize("critics", [0.0, 0.05])
def test_a_training_learns_what_windows_tell_and_is_the_same_each_time(data, critics):
    recipe = msgspec.structs.replace(TINY, discriminator=critics, classifier=critics)
    windows = Windows.of(data.frames)
    trained = train(data, windows, recipe, seed=1)
    head = trained.head.as_head(windows.centre, windows.scale)

    def faces_of(training):
        heard = np.array([head(one) for one in data.frames])
        with torch.inference_mode():
            return FineFace(training.generator)(torch.from_numpy(heard)).numpy()

    made = faces_of(trained).mean(axis=(1, 2, 3))
    true = data.pixels.mean(axis=(1, 2, 3))[data.voice_labels]
    # Of what is told along one line alone, an embedding of length one keeps hardly more than the
    # sign, whose correlation with a brightness of equal steps is 0.87.
    assert np.corrcoef(made, true)[0, 1] > 0.85
    if not critics:
        again = train(data, windows, recipe, seed=1)
        np.testing.assert_array_equal(faces_of(again), faces_of(trained))


def test_coarse_faces_come_first_and_critics_with_the_fine_ones(data):
    windows = Windows.of(data.frames)
    torch.manual_seed(0)
    training = Sf2fTraining(data, windows, TINY, 0)
    draw = Sampler(data, windows, TINY, np.random.default_rng(0))

    def state():
        networks = {"generator": training.generator, "critics": training._critics}
        return {
            f"{name}.{key}": value.clone()
            for name, network in networks.items()
            for key, value in network.state_dict().items()
        }

    def changed_by(fine):
        before = state()
        training.step(draw(), fine=fine)
        return {key for key, value in state().items() if not torch.equal(value, before[key])}

    first = changed_by(False)
    assert any("to_coarse" in key for key in first)
    assert not any("fine" in key or "critics" in key for key in first)
    later = changed_by(True)
    assert any("to_fine" in key for key in later) and any("critics" in key for key in later)
    heard = torch.randn(2, 8)
    training.generator.eval()
    torch.testing.assert_close(training.generator.coarse(heard), training.generator(heard)[0])


def test_a_loss_that_is_not_finite_ends_the_training(data):
    recipe = msgspec.structs.replace(TINY, learning_rate=1e30)
    with pytest.raises(TrainingError, match="not finite at iteration"):
        train(data, Windows.of(data.frames), recipe, seed=0)


def test_what_would_fail_at_the_end_is_refused_at_once(data):
    ge2e = open_frozen("ge2e")
    fit = Sf2fFit(training=TINY)
    whole = dataclasses.replace(data, encoder=ge2e)
    with pytest.raises(TrainingError, match="no voice encoder"):
        fit(data, 0)
    with pytest.raises(TrainingError, match="faces of 16 pixels; 32, 64"):
        fit(dataclasses.replace(whole, pixels=data.pixels[:, ::2, ::2]), 0)
    with pytest.raises(TrainingError, match="9; 10 people"):
        fit(dataclasses.replace(whole, labels=data.labels[:9]), 0)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    from voice2face.corpus.prepare import prepare
    from voice2face.faces.settings import FaceCrop
    from voice2face.synthetic import CohortSettings, write_cohort

    folder = tmp_path_factory.mktemp("sf2f")
    settings = CohortSettings(
        n_identities=12, seed=2, clips_per_identity=1, faces_per_identity=1, face_px=PX
    )
    write_cohort(folder / "people", settings)
    prepare([folder / "people"], folder / "corpus", face_crop=FaceCrop(px=PX), split="hash:100/0/0")
    recipe = msgspec.structs.replace(TINY, iterations=3)
    fit = Sf2fFit(training=recipe)
    return Model(train_closed_form(folder / "corpus", folder / "run", fit, voice_encoder="ge2e"))


def test_a_model_hears_with_attention_and_draws(model):
    part = model.config.voice_encoder
    assert part.kind == "adapted" and model.config.generator.kind == "sf2f"
    heard = np.random.default_rng(0).normal(size=(3, 8)).astype(np.float32)
    faces = model.faces(heard)
    assert faces.shape == (3, 3, PX, PX) and np.abs(faces).max() <= 1
    np.testing.assert_array_equal(faces[1:2], model.faces(heard[1:2]))
    drawn = model.faces(heard, np.random.default_rng(1))
    assert np.abs(drawn - faces).max() > 0
    np.testing.assert_array_equal(drawn, model.faces(heard, np.random.default_rng(1)))
    with pytest.raises((ModelError, CorpusError)):
        model.faces(heard[:, :5])


def test_the_card_says_how_it_was_trained_and_what_the_paper_does(model):
    card = (model.folder / CARD).read_text()
    for words in ("Bai et al. 2022", "It differs from the paper", "SF2F, from 16 to 32 pixels"):
        assert words in card


def test_another_network_in_its_place_is_refused(model):
    part = msgspec.structs.replace(model.config.generator, embedding_dim=5)
    with pytest.raises(ModelError, match="embedding"):
        part.open(PartSource(model.folder, part.files))


def test_the_head_starts_at_what_a_regression_tells(data):
    windows = Windows.of(data.frames)
    weights = regression(windows.recordings, data.voice_labels, mean_faces(data), 8, seed=0)
    heard = np.array([one.mean(axis=0) for one in windows.recordings]) @ weights
    bright = np.linspace(-1, 1, PEOPLE)[data.voice_labels]
    assert abs(np.corrcoef(heard[:, 0], bright)[0, 1]) > 0.95
    assert np.abs(heard[:, 1:]).mean() < 0.2 * np.abs(heard[:, 0]).mean()
    training = Sf2fTraining(data, windows, TINY, 0)
    np.testing.assert_array_equal(training.head.weight.detach(), weights)
    many = regression(windows.recordings, data.voice_labels, mean_faces(data), 20, seed=0)
    assert not many[:, PEOPLE:].any()
