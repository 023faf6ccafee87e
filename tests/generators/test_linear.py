import numpy as np
import pytest
from models import small_networks

import voice2face.release.model_folder as model_folder
from voice2face.audio.settings import FRONT_ENDS
from voice2face.audio.speech import Speech
from voice2face.errors import ModelError
from voice2face.generators.linear import FILE
from voice2face.networks.variants import recipe
from voice2face.release.inference import Model
from voice2face.release.network_parts import convolutional_part
from voice2face.release.writing import write_release
from voice2face.training.closed_form import VoicesAndFaces
from voice2face.training.linear.fit import LinearFit

PX, DIM = 16, 64


@pytest.fixture(scope="module")
def told():
    """People whose faces are a linear function of their voices, but for one component."""
    rng = np.random.default_rng(0)
    n_people, each = 40, 3
    voices = rng.normal(size=(n_people, DIM)).astype(np.float32)
    patterns = rng.normal(size=(4, PX * PX * 3))
    heard = voices[:, :3] @ patterns[:3] + rng.normal(size=(n_people, 1)) * patterns[3]
    faces = np.clip(128 + 12 * heard, 0, 255).reshape(n_people, PX, PX, 3).astype(np.uint8)
    owner = np.repeat(np.arange(n_people), each)
    noisy = voices[owner] + 0.01 * rng.normal(size=(len(owner), DIM)).astype(np.float32)
    labels = [f"p{n:02d}" for n in range(n_people)]
    data = VoicesAndFaces(noisy, owner, faces, np.arange(n_people), labels)
    return data, voices, faces


@pytest.fixture(scope="module")
def model(told, tmp_path_factory):
    encoder, _ = small_networks(recipe(width=0.06))
    parts = (convolutional_part(encoder, "clean", FRONT_ENDS["clean"]), LinearFit()(told[0], 0))
    return Model(write_release(tmp_path_factory.mktemp("models") / "linear", "linear", parts))


def as_pixels(faces):
    return ((faces + 1) * 127.5).transpose(0, 2, 3, 1)


def test_the_mean_is_what_the_voice_tells(model, told):
    _, voices, faces = told
    made = as_pixels(model.faces(voices))
    assert made.shape == faces.shape
    error = (made - faces).std() / faces.std()
    assert error < 0.75  # three of four patterns are told: half of the variance is not
    alone = np.concatenate([model.faces(voice[None]) for voice in voices])
    np.testing.assert_array_equal(model.faces(voices), alone)
    np.testing.assert_array_less(np.abs(model.faces(100 * voices)), 1.0001)


def test_draws_spread_as_what_is_left_over(model, told):
    _, voices, faces = told
    mean = as_pixels(model.faces(voices))
    drawn = as_pixels(model.faces(voices, np.random.default_rng(1)))
    left_over, spread = (faces - mean).std(), (drawn - mean).std()
    assert spread == pytest.approx(left_over, rel=0.15)
    again = as_pixels(model.faces(voices, np.random.default_rng(1)))
    np.testing.assert_array_equal(drawn, again)
    one = model.draws(voices[0], 5, seed=3)
    np.testing.assert_allclose(model.draws(voices[0], 2, seed=3), one[:2], atol=1e-6)


def test_a_voice_becomes_a_face_through_the_linear_model(model):
    rng = np.random.default_rng(0)
    t = np.arange(48_000) / 16_000
    wave = sum(np.sin(2 * np.pi * 120 * k * t) / k for k in range(1, 20)) * (1 + np.sin(9 * t))
    sound = Speech((4000 * wave + 50 * rng.normal(size=len(t))).astype(np.int16))
    embedding = model.voice_encoder.pooled(model.voice_encoder.frames(sound))
    assert model.faces(embedding[None]).shape == (1, 3, PX, PX)


@pytest.mark.parametrize(
    ("harm", "found"),
    [
        (lambda data: {}, "no centre, weights"),
        (lambda data: data | {"mean": data["mean"][:-1]}, "mean is float32"),
        (lambda data: data | {"centre": np.full(DIM, np.nan, np.float32)}, "centre"),
        (lambda data: data | {"weights": data["weights"].astype(np.float64)}, "float64"),
    ],
)
def test_a_file_that_is_no_such_map_is_refused(model, harm, found, tmp_path):
    import shutil

    import yaml

    from voice2face.files import sha256_of

    copy = tmp_path / "copy"
    shutil.copytree(model.folder, copy)
    with np.load(copy / FILE) as file:
        data = dict(file)
    with (copy / FILE).open("wb") as stream:
        np.savez(stream, **harm(data))
    config = yaml.safe_load((copy / model_folder.CONFIG).read_text())
    config["parts"][1]["files"][FILE] = sha256_of(copy / FILE)
    (copy / model_folder.CONFIG).write_text(yaml.safe_dump(config))
    with pytest.raises(ModelError, match=found):
        Model(copy).read()
